"""What the core answers: a grade or its bounds, what it rests on, and every reason that qualifies it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum

from adapter.scoring.lesion import Lesion
from adapter.scoring.report import KeptReport

ALGORITHM = "netpet"
ALGORITHM_VERSION = "1.0.0"
"""Raised with every change that can alter a result; it travels in each Observation, Device and Provenance."""


class Outcome(Enum):
    """How far the data settle the score."""

    SCORED = "scored"
    GROUP_ONLY = "group-only"
    NOT_SCORABLE = "not-scorable"


@dataclass(frozen=True, slots=True)
class Policy:
    """The site's clinical settings; each travels with the result.

    ``equality_tolerance`` is the relative tolerance of "FDG = SSTR" (0 = exact). Scans at most ``interval_days``
    apart are scored, up to ``interval_limit_days`` with review, beyond not at all (31 and 60: Chan 2017, Chan 2021).
    ``positivity_references`` are the reference tissues above which an SUVmax counts as positive where the reader made
    no call: liver, spleen, blood-pool.
    """

    equality_tolerance: Decimal = Decimal(0)
    interval_days: int = 31
    interval_limit_days: int = 60
    positivity_references: tuple[str, ...] = ("liver", "spleen")


@dataclass(frozen=True, slots=True)
class Result:
    """The score of one lesion table. ``grade`` and ``group`` are None when the data do not settle them.

    ``bounds`` are the lowest and highest possible pattern of the worst lesion (0-5), None when nothing is known or a
    rule forbids a score. ``patterns`` holds each lesion's possible patterns, ``target_lesions`` those that set the
    grade or, where it is open, keep it open. ``lesions_at_grade`` is (at least, at most or open) lesions of the
    grade's own pattern.
    """

    outcome: Outcome
    grade: str | None
    group: str | None
    bounds: tuple[int, int] | None
    patterns: dict[str, tuple[int, ...]]
    target_lesions: tuple[str, ...]
    reasons: tuple[str, ...]
    review_required: bool
    karfis: str | None
    zidan: int | None
    interval_days: int | None
    policy: Policy
    lesions_at_grade: tuple[int, int | None] | None = None
    explanation: str = ""
    algorithm: str = ALGORITHM
    algorithm_version: str = ALGORITHM_VERSION

    @property
    def base_grade(self) -> int | None:
        """Turn ``P2b`` into 2."""
        return int(self.grade[1]) if self.grade else None

    @property
    def suffix(self) -> str | None:
        """Turn ``P2b`` into ``b``; None for a grade without suffix."""
        return self.grade[2:] or None if self.grade else None


@dataclass(frozen=True, slots=True)
class Score:
    """One score with everything it rests on: the current pair of reports, the joined lesions and the result.

    ``id`` is a UUIDv5 of the patient and the two accessions. ``issued`` is the later of the two reports' own times. A
    study that is missing (its partner waited in vain) is None. ``retracted`` says that a parent report no longer
    stands. ``computed`` is the result that a named person set another grade in place of; None where nobody did.
    """

    id: str
    sstr: KeptReport | None
    fdg: KeptReport | None
    lesions: tuple[Lesion, ...]
    result: Result
    issued: datetime
    corrected: bool = False
    retracted: bool = False
    reader_grade: str | None = None
    computed: Result | None = None

    @property
    def reports(self) -> tuple[KeptReport, ...]:
        """The one or two reports it rests on, SSTR first."""
        return tuple(report for report in (self.sstr, self.fdg) if report is not None)

    @property
    def rests_on_prose(self) -> bool:
        """Were lesions read from free text? Then it is never final without a person."""
        return any(kept.report.study.from_prose for kept in self.reports)
