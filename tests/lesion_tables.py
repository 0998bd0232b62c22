"""Synthetic lesions, studies and reports for the tests of the clinical core: one word a fact, the rest ordinary."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from adapter.scoring.lesion import (
    SILENT,
    Count,
    Finding,
    Interval,
    Lesion,
    Nature,
    Relation,
    Suv,
    SuvStatistic,
    SuvType,
    Uptake,
)
from adapter.scoring.report import (
    KeptReport,
    PatientIdentity,
    PetReport,
    ReportRow,
    ReportStatus,
    Source,
    Study,
    TracerKind,
)
from adapter.scoring.studies import StudyPair

LIVER, LUNG, BONE, OVARY = "10200004", "39607008", "272673000", "15497006"
LEFT, RIGHT = "7771000", "24028007"
DAY_0 = datetime(2026, 11, 12, 9, 30, tzinfo=UTC)
SSTR, FDG = TracerKind.SSTR, TracerKind.FDG
TRACERS = {SSTR: "68Ga-DOTATATE", FDG: "18F-FDG"}
JANE = PatientIdentity("123456", authority="HOSP", birth_date="19600101")


def suv(low, high=None, **facts):
    """``suv(3)`` is exactly 3, ``suv(4, 9)`` a range; ``type``, ``statistic`` and ``unit_supported`` as in Suv."""
    return Suv(Interval(Decimal(low), Decimal(low if high is None else high)), **facts)


def saw(uptake="positive", value=None, **facts):
    """A finding: the reader's call, and an SUVmax (a number, or a Suv) where there is one."""
    stated = value if value is None or isinstance(value, Suv) else suv(value)
    return Finding(uptake=Uptake(uptake), suv=stated, **facts)


POSITIVE, NEGATIVE, UNKNOWN = saw("positive"), saw("negative"), saw("unknown")


def lesion(name="L1", sstr=UNKNOWN, fdg=UNKNOWN, **facts):
    return Lesion(id=name, sstr=sstr, fdg=fdg, **facts)


def of_pattern(pattern, name="L1", **facts):
    """A lesion that has exactly this pattern."""
    stated = {
        0: {"sstr": NEGATIVE, "fdg": NEGATIVE},
        1: {"sstr": POSITIVE, "fdg": NEGATIVE},
        2: {"sstr": saw(value=20), "fdg": saw(value=3)},
        3: {"sstr": saw(value=8), "fdg": saw(value=8)},
        4: {"sstr": saw(value=6), "fdg": saw(value=12)},
        5: {"sstr": NEGATIVE, "fdg": POSITIVE, "size_mm": Decimal(20)},
    }[pattern]
    return lesion(name, **(stated | facts))


def times(number, pattern, **facts):
    return [of_pattern(pattern, f"p{pattern}-{place}", **facts) for place in range(number)]


def study(kind, day=0, **facts):
    """A final, complete study of a validated tracer, acquired so many days after DAY_0."""
    ordinary = {
        "tracer": TRACERS[kind],
        "acquired": DAY_0 + timedelta(days=day),
        "status": ReportStatus.FINAL,
        "lesions_complete": True,
    }
    return Study(**(ordinary | facts))


def studies(sstr=None, fdg=None, **both):
    """The ordinary pair, a week apart; ``sstr`` and ``fdg`` change one of them, other words change both."""
    return StudyPair(study(SSTR, 0, **(both | (sstr or {}))), study(FDG, 7, **(both | (fdg or {}))))


def row(key="1", finding=POSITIVE, **facts):
    return ReportRow(key, finding, **facts)


def kept(kind, *rows, day=0, accession=None, sequence=0, **facts):
    """A kept report; ``patient``, ``issued`` and ``kind`` are the report's, other facts the study's."""
    of_report = {name: facts.pop(name) for name in ("patient", "issued", "authority", "read_as") if name in facts}
    report = PetReport(
        patient=of_report.get("patient", JANE),
        accession=accession or f"ACC-{kind.value}",
        study=study(kind, day, **facts),
        kind=of_report.get("read_as", kind),
        rows=rows,
        accession_authority=of_report.get("authority", "RIS"),
        issued=of_report.get("issued", DAY_0 + timedelta(days=day, hours=5)),
    )
    return KeptReport(report, Source("m", "MSG", "ab" * 32, DAY_0, "canonical", "1", "cd" * 32), sequence)


__all__ = [
    "BONE",
    "DAY_0",
    "FDG",
    "JANE",
    "LEFT",
    "LIVER",
    "LUNG",
    "NEGATIVE",
    "OVARY",
    "POSITIVE",
    "RIGHT",
    "SILENT",
    "SSTR",
    "UNKNOWN",
    "Count",
    "Nature",
    "Relation",
    "ReportStatus",
    "SuvStatistic",
    "SuvType",
    "kept",
    "lesion",
    "of_pattern",
    "replace",
    "row",
    "saw",
    "studies",
    "study",
    "suv",
    "times",
]  # fmt: skip
