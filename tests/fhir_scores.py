"""Synthetic scores for the tests of what we send: built by hand, or by the clinical core from two reports."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from adapter.fhir.rendering import Rendering
from adapter.scoring.assessment import assess
from adapter.scoring.lesion import Count, Finding, Interval, Lesion, Nature, Relation, Suv, Uptake
from adapter.scoring.pairing import Pair
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
from adapter.scoring.result import Outcome, Policy, Result, Score

BERLIN = timezone(timedelta(hours=1))
JANE = PatientIdentity("123456", authority="HOSP", authority_oid="1.2.276.0.76.3.1.999", type="MR")
RENDERING = Rendering(software_version="0.1.0")
SCORE_ID = "6f1c4d3e-0b0f-5c8e-9f55-2f6a0a6f7a11"

TRACERS = {TracerKind.SSTR: "68Ga-DOTATATE", TracerKind.FDG: "18F-FDG"}
ACQUIRED = {
    TracerKind.SSTR: datetime(2026, 11, 12, 9, 30, tzinfo=BERLIN),
    TracerKind.FDG: datetime(2026, 11, 19, 10, 5, tzinfo=BERLIN),
}


def source(message="m1", received=datetime(2026, 11, 20, 9, 15, tzinfo=UTC)):
    return Source(message, "MSG00001", "ab" * 32, received, "canonical", "1", "cd" * 32)


def report(kind, *rows, patient=JANE, message="m1", **facts):
    study = Study(tracer=TRACERS[kind], acquired=ACQUIRED[kind], status=ReportStatus.FINAL, lesions_complete=True)
    accession = f"ACC-{kind.name}-1"
    return KeptReport(
        PetReport(
            patient,
            accession,
            replace(study, **facts),
            kind,
            rows,
            accession_authority="RIS",
            issued=datetime(2026, 11, 20, 10, 11, 15, tzinfo=BERLIN),
        ),
        source(message),
        1,
    )


def suv(value):
    return Suv(Interval.exactly(Decimal(value)))


def row(name, uptake=Uptake.POSITIVE, value=None, **facts):
    finding = Finding(uptake, suv=suv(value) if value else None)
    return ReportRow(name, finding, tracking_id=name, site="10200004", **facts)


def assessed(sstr_rows, fdg_rows, policy=None, **facts):
    """The clinical core's score of two reports with these rows."""
    pair = Pair(report(TracerKind.SSTR, *sstr_rows, **facts), report(TracerKind.FDG, *fdg_rows, **facts))
    return assess(pair, policy or Policy())


def pattern_rows(count, sstr, fdg):
    """Rows of so many lesions, positive on both with these SUVs, or negative where the SUV is None."""
    names = [f"L{number}" for number in range(1, count + 1)]
    call = {True: Uptake.POSITIVE, False: Uptake.NEGATIVE}
    return (
        [row(name, call[sstr is not None], sstr) for name in names],
        [row(name, call[fdg is not None], fdg) for name in names],
    )


def lesion(name="L1", **facts):
    return Lesion(name, Finding(Uptake.POSITIVE, suv=suv("20.0")), Finding(Uptake.POSITIVE, suv=suv("3.0")), **facts)


def result(**facts):
    plain = Result(
        outcome=Outcome.SCORED,
        grade="P2a",
        group="P2-4",
        bounds=(2, 2),
        patterns={"L1": (2,)},
        target_lesions=("L1",),
        reasons=(),
        review_required=False,
        karfis="C2",
        zidan=3,
        interval_days=7,
        policy=Policy(),
        lesions_at_grade=(1, 1),
        explanation="lesion L1: SSTR positive, FDG positive, FDG below SSTR: pattern 2; the grade is P2a.",
    )
    return replace(plain, **facts)


def score(*lesions, sstr=None, fdg=None, **facts):
    """A score by hand; keywords of ``Result`` go to the result, those of ``Score`` to the score."""
    of_score = {name: facts.pop(name) for name in list(facts) if name in Score.__slots__}
    plain = Score(
        id=SCORE_ID,
        sstr=sstr or report(TracerKind.SSTR),
        fdg=fdg or report(TracerKind.FDG),
        lesions=lesions or (lesion(),),
        result=result(**facts),
        issued=datetime(2026, 11, 20, 10, 11, 15, tzinfo=BERLIN),
    )
    return replace(plain, **of_score)


def every_kind_of_score():
    """Name -> score: each grade, each outcome, each state, as the clinical core gives them."""
    p5 = pattern_rows(1, None, "12")
    return {
        "P0": assessed([], [], no_tumour_uptake=True),
        "P1": assessed(*pattern_rows(9, "15.0", None)),
        "P2a": assessed(*pattern_rows(2, "20.0", "3.0")),
        "P2b": assessed(*pattern_rows(3, "20.0", "3.0")),
        "P2": assessed(*_grouped(Count(2, None))),
        "P3a": assessed(*pattern_rows(1, "8", "8.0")),
        "P4b": assessed(*pattern_rows(3, "6", "12")),
        "P5": assessed(*p5),
        "group only": assessed([row("L1")], [row("L1")]),
        "bounds only": assessed([row("L1")], [], lesions_complete=None),
        "nothing stated": assessed([], [], lesions_complete=None),
        "not final": assessed(*p5, status=ReportStatus.PRELIMINARY),
        "therapy": assessed(*p5, therapy=True),
        "unknown tracer": assessed(*p5, tracer=None),
        "corrected": assessed(*p5, status=ReportStatus.CORRECTED),
        "retracted": replace(assessed(*p5), retracted=True),
        "no FDG study": assess(Pair(report(TracerKind.SSTR, *p5[0]), None), Policy()),
        "no SSTR study": assess(Pair(None, report(TracerKind.FDG, *p5[1])), Policy()),
        "reader's grade": assessed(*p5, reader_grade="P3a"),
        "not tumour": assessed([row("L1", nature=Nature.NOT_TUMOUR)], [row("L2", value="3")]),
        "listed twice": assessed([row("L1", value="8"), row("L1", value="9")], [row("L1", value="3")]),
        "policy": assessed(*pattern_rows(1, "8.0", "8.4"), policy=Policy(equality_tolerance=Decimal("0.10"))),
    }


def _grouped(count):
    """One row that stands for several lesions, paired one to one, FDG lower by the reader's word."""
    facts = {"count": count, "paired": True, "relation": Relation.FDG_LOWER}
    return [row("L1", **facts)], [row("L1", **facts)]


def component(resource, code):
    """The components of a resource whose code has this code."""
    return [
        one for one in resource["component"] if code in [coding["code"] for coding in one["code"].get("coding", [])]
    ]
