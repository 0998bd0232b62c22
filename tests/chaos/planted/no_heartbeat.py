"""A lease that is not renewed, so that it runs out under a slow delivery."""

from chaos.planted import short_lease

NEVER = 1e9


def plant() -> None:
    short_lease.plant(NEVER)
