"""What another version of a mapping would change: both read the same messages, and every difference is named."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from adapter.mapping.cases_reading import InputReading, read_input, scores_of
from adapter.mapping.cases_run import alone
from adapter.mapping.cases_words import lesion_words, report_words
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.message_reading import Extraction
from adapter.mapping.site_mapping import SiteMapping
from adapter.outcome import Held, Refused
from adapter.scoring.report import PetReport
from adapter.scoring.result import Policy, Score

NOT_STATED = "-"
"""In place of a fact that one of the two does not read."""

HIDDEN = "(not shown)"
_IDENTIFYING = frozenset({"patient", "accession", "order"})
"""Facts of which only the change is said: what is signed and filed holds no patient's number."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One message to be read by both: what it is called in the answer, and its bytes as they came."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class StateChange:
    """A message that one of the two reads otherwise as a whole: read, held (problem, place and rule), ignored."""

    message: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class FactChange:
    """One fact that the two read differently; ``report`` counts from 1, ``row`` is empty at the report level."""

    message: str
    report: int
    row: str
    fact: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What one of the two makes of a score; all of it is NOT_STATED where it makes none."""

    outcome: str = NOT_STATED
    grade: str = NOT_STATED
    group: str = NOT_STATED
    reasons: tuple[str, ...] = ()

    @classmethod
    def of(cls, score: Score | None) -> "Standing":
        """Turn a score, or none, into what is compared of it."""
        if score is None:
            return cls()
        result = score.result
        return cls(result.outcome.value, result.grade or NOT_STATED, result.group or NOT_STATED, result.reasons)

    @property
    def settles(self) -> tuple[str, str]:
        """What a physician acts on."""
        return self.grade, self.group


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """One score, by its id and the messages that it rests on, that differs between the two."""

    score: str
    messages: tuple[str, ...]
    old: Standing
    new: Standing

    @property
    def is_of_the_grade(self) -> bool:
        """Is the grade or the group another one, or gone, or new?"""
        return self.old.settles != self.new.settles


@dataclass(frozen=True, slots=True)
class Impact:
    """All that another version changes; ``messages_sha256`` is over those of the messages, so that it can be signed."""

    old: SiteMapping
    new: SiteMapping
    messages: int
    messages_sha256: str
    read: tuple[int, int]
    states: tuple[StateChange, ...]
    facts: tuple[FactChange, ...]
    scores: tuple[ScoreChange, ...]
    compared_scores: int

    @property
    def changes_a_grade(self) -> bool:
        """Does a grade or group change, or is a message no longer read that was?"""
        return any(change.is_of_the_grade for change in self.scores) or any(one.old == "read" for one in self.states)


_POLICY = Policy()

Read = Callable[[Replayed, MappingSet], InputReading]
"""Turns a message into what a set of mappings makes of it."""


def plainly(message: Replayed, mappings: MappingSet) -> InputReading:
    """Turn a message's bytes into what it says, by nothing but its own header."""
    return read_input(message.content, mappings)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What both versions are given alike: the site's other mappings, its policy, and how a message is read."""

    beside: tuple[SiteMapping, ...] = ()
    policy: Policy = _POLICY
    read: Read = plainly

    def with_one(self, mapping: SiteMapping) -> MappingSet:
        """Turn a version into the set in which it is active beside the site's others."""
        others = (other for other in self.beside if other.form.id != mapping.form.id)
        return MappingSet((*alone(mapping).mappings, *others))


def impact(
    messages: Sequence[Replayed], old: SiteMapping, new: SiteMapping, conditions: Conditions = Conditions()
) -> Impact:
    """Turn messages, in their order, and two versions of a mapping into what differs between them."""
    readings = [[conditions.read(one, conditions.with_one(side)) for one in messages] for side in (old, new)]
    before, after = (_by_id(scores_of(side, conditions.policy)) for side in readings)
    pairs = list(zip([one.name for one in messages], *readings, strict=True))
    return Impact(
        old,
        new,
        len(messages),
        _digest(messages),
        (_count_read(readings[0]), _count_read(readings[1])),
        tuple(change for name, one, other in pairs for change in _states(name, one, other)),
        tuple(change for name, one, other in pairs for change in fact_changes(name, one, other)),
        tuple(_scores(before, after, [one.name for one in messages])),
        len(before.keys() | after.keys()),
    )


def _digest(messages: Sequence[Replayed]) -> str:
    """In any order the same: what was replayed, not how it was listed."""
    digests = sorted(hashlib.sha256(one.content).hexdigest() for one in messages)
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def _count_read(readings: Sequence[InputReading]) -> int:
    return sum(isinstance(one.reading, Extraction) for one in readings)


def state_of(reading: InputReading) -> str:
    """Turn a reading into a text: read, ignored, or why not."""
    found = reading.reading
    if isinstance(found, Held | Refused):
        kind = "held" if isinstance(found, Held) else "refused"
        return " ".join(filter(None, (f"{kind}: {found.problem.value}", str(found.place), found.rule)))
    return "read" if isinstance(found, Extraction) else "ignored"


def _states(message: str, old: InputReading, new: InputReading) -> Iterator[StateChange]:
    before, after = state_of(old), state_of(new)
    if before != after:
        yield StateChange(message, before, after)


def fact_changes(message: str, old: InputReading, new: InputReading) -> Iterator[FactChange]:
    """Turn two readings of a message into the facts that differ; where one of them has no report, nothing is named.

    Reports are compared in the order in which they stand in the message.
    """
    if not (old.reports and new.reports):
        return
    for number, (one, other) in enumerate(zip_longest(old.reports, new.reports), 1):
        before, after = _lines(one), _lines(other)
        for row in dict.fromkeys((*before, *after)):
            facts, others = before.get(row, {}), after.get(row, {})
            for fact in dict.fromkeys((*facts, *others)):
                said, said_now = facts.get(fact, NOT_STATED), others.get(fact, NOT_STATED)
                if said != said_now:
                    yield FactChange(message, number, row, fact, *_shown(fact, said, said_now))


def _lines(report: PetReport | None) -> dict[str, dict[str, str]]:
    """The report's own facts under the empty row, then those of each row."""
    if report is None:
        return {}
    rows = {row.row: {fact: text for fact, text in lesion_words(row).items() if fact != "row"} for row in report.rows}
    return {"": report_words(report)} | rows


def _shown(fact: str, *texts: str) -> tuple[str, ...]:
    if fact not in _IDENTIFYING:
        return texts
    return tuple(NOT_STATED if text == NOT_STATED else HIDDEN for text in texts)


def _by_id(scores: Sequence[Score]) -> dict[str, Score]:
    return {score.id: score for score in scores}


def _scores(before: dict[str, Score], after: dict[str, Score], names: Sequence[str]) -> Iterator[ScoreChange]:
    for score_id in dict.fromkeys((*before, *after)):
        found = [score for score in (before.get(score_id), after.get(score_id)) if score]
        old, new = Standing.of(before.get(score_id)), Standing.of(after.get(score_id))
        if old != new:
            sequences = sorted({kept.sequence for score in found for kept in score.reports})
            yield ScoreChange(score_id, tuple(names[sequence] for sequence in sequences), old, new)
