"""No fault: a lease that is short against the time that a delivery takes, and is renewed as it should be."""

from datetime import timedelta

from adapter.app.leases import LeaseKeeper

LEASE, RENEW = timedelta(seconds=0.4), 0.1


def plant(renew: float = RENEW) -> None:
    def last(keeper: LeaseKeeper, _lease: timedelta) -> None:
        keeper.lease, keeper._every = LEASE, renew

    LeaseKeeper.last = last
