"""No fault: a lease that is short against the time that a delivery takes, and is renewed as it should be."""

from datetime import timedelta

from adapter.app import leases, worker

LEASE, RENEW = timedelta(seconds=0.4), 0.1


def plant(renew: float = RENEW) -> None:
    leases.LEASE = worker.LEASE = LEASE
    leases.LeaseKeeper.__init__.__defaults__ = (renew,)
