"""Several values for one fact become one: the most preferred rule's; two that differ hold the message."""

from adapter.mapping.errors import ExtractionError
from adapter.mapping.gather import Facts, Given
from adapter.mapping.rules import Doubt
from adapter.outcome import Place, Problem


def settled(facts: Facts, required: dict[str, str], place: Place, repeats: Doubt) -> dict[str, object]:
    """Turn the values given for each fact into the fact's one value.

    Raises ExtractionError for values that differ, and for a required fact (fact -> its rule's name) that is not stated,
    at ``place``. Equal repeats are noted, or held where the mapping says so.
    """
    for fact, name in required.items():
        if fact not in facts:
            raise ExtractionError(Problem.FIELD_MISSING, place, f"{name}: required and not stated")
    return {fact: _one(given, repeats) for fact, given in facts.items()}


def _one(given: list[Given], repeats: Doubt) -> object:
    if len(given) == 1:
        return given[0].value
    preferred = min(one.rank for one in given)
    first, *others = [one for one in given if one.rank == preferred]
    for other in others:
        if other.value != first.value:
            rule = f"{other.name}: two different values for one fact"
            raise ExtractionError(Problem.VALUE_CONFLICT, other.origin.place, rule)
        if repeats == "hold":
            raise ExtractionError(Problem.VALUE_CONFLICT, other.origin.place, f"{other.name}: stated twice")
        other.origin.note("equal repeat", other.name)
    for one in given:
        if one.rank != preferred:
            one.origin.note("another value is preferred to", one.name)
    return first.value
