"""Several values for one fact become one: the most preferred rule's; two that differ hold the message."""

from collections.abc import Mapping
from dataclasses import dataclass

from adapter.mapping.errors import ExtractionError
from adapter.mapping.gathered import Facts, Given
from adapter.mapping.origin import Located, Origin, Trace
from adapter.mapping.rules import Doubt
from adapter.mapping.watch import Watch
from adapter.outcome import Problem


@dataclass(frozen=True, slots=True)
class Settler:
    """Turns the values given for facts into one value each; ``repeats`` says whether equal ones are noted or held."""

    repeats: Doubt
    trace: Trace
    watch: Watch | None = None

    def settled(self, facts: Facts, required: Mapping[str, str], owner: Located, number: int = 0) -> dict[str, object]:
        """Turn the values given for each fact into the fact's one value.

        Raises ExtractionError for values that differ, and for a required fact (fact -> its rule's name) that is not
        stated, at the field of the owner.
        """
        if self.watch is not None:
            self.watch.given(facts)
        for fact, name in required.items():
            if fact not in facts:
                rule = f"{name}: required and not stated"
                raise ExtractionError(Problem.FIELD_MISSING, owner.place(number), rule)
        return {fact: given[0][1] if len(given) == 1 else self._one(given) for fact, given in facts.items()}

    def _one(self, given: list[Given]) -> object:
        preferred = min(reader.rank for reader, *_ in given)
        (_, first, *_), *others = [one for one in given if one[0].rank == preferred]
        for reader, value, segment, number in others:
            if value != first:
                rule = f"{reader.name}: two different values for one fact"
                raise ExtractionError(Problem.VALUE_CONFLICT, segment.place(number), rule)
            if self.repeats == "hold":
                rule = f"{reader.name}: stated twice"
                raise ExtractionError(Problem.VALUE_CONFLICT, segment.place(number), rule)
            Origin(segment, number, self.trace).note("equal repeat", reader.name)
        for reader, _, segment, number in given:
            if reader.rank != preferred:
                Origin(segment, number, self.trace).note("another value is preferred to", reader.name)
        return first
