"""Is what came a result of this program? A server that sends every report sends back what was written to it."""

from adapter.fhir.identity import LESION_SYSTEM, SCORE_SYSTEM
from adapter.fhir.resource import Resource
from adapter.fhir.unit import Unit
from adapter.mapping.codes import OUR_SYSTEM, Systems

_OURS = frozenset({SCORE_SYSTEM, LESION_SYSTEM})
_SYSTEMS = Systems()
_SCORE = _SYSTEMS.key("netpet-score", OUR_SYSTEM)


def is_ours(observation: Resource) -> bool:
    """Is the Observation a score or a lesion that this program rendered?"""
    if any(identifier.get("system") in _OURS for identifier in observation.get("identifier", ())):
        return True
    codings = observation.get("code", {}).get("coding", ())
    return any(_SYSTEMS.key(one.get("code", ""), one.get("system", "")) == _SCORE for one in codings)


def is_own_report(unit: Unit) -> bool:
    """Does the report hold nothing but results of this program? One to which a score was added is a report."""
    observations = unit.observations
    return bool(observations) and all(is_ours(entry.resource) for entry in observations)
