"""Where scores go, built from the settings: one destination a plan."""

from adapter.outbound.embedded import EmbeddedDestination
from adapter.outcome import AdapterError
from adapter.publication import Destination
from adapter.settings import Settings
from adapter.store.store import Store


class PlanMissingError(AdapterError):
    """The plan is known by name and not built yet."""


def build_destination(settings: Settings, store: Store) -> Destination:
    """Turn the settings and the store into the destination of the site's plan."""
    plan = settings.destination.plan
    if plan == "embedded":
        return EmbeddedDestination(store)
    raise PlanMissingError(f"destination.plan {plan}: not in this version")
