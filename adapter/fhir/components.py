"""The components of the score Observation: every fact that qualifies the grade, coded, in a fixed order."""

from collections.abc import Iterator
from decimal import Decimal
from functools import cache

from adapter.fhir.datatypes import concept, count_value, quantity
from adapter.fhir.resource import Element
from adapter.fhir.terminology import TRACERS, UNKNOWN
from adapter.fhir.text import clean
from adapter.fhir.vocabulary import GRADE_DEFINITIONS, grade_code, group_code, reason_code, term
from adapter.scoring.report import PetReport
from adapter.scoring.result import Policy, Result, Score
from adapter.scoring.tracers import canonical_tracer

_KARFIS = {"C1": "karfis-c1", "C2": "karfis-c2", "C3": "karfis-c3"}
_READER_CALL = "the reader's call"


def component(code: str, value: Element) -> Element:
    """Turn one of our terms and a value element (``valueInteger`` ...) into a component."""
    return {"code": own_concept(code)} | value


@cache
def own_concept(code: str) -> Element:
    """Turn one of our terms into its CodeableConcept, the same one each time: a score names its terms by hundreds."""
    return concept(term(code))


def coded(code: str, *values: Element) -> Iterator[Element]:
    """Turn one of our terms and CodeableConcepts into one component each: a component holds one value."""
    for value in values:
        yield component(code, {"valueCodeableConcept": value})


def score_components(score: Score) -> list[Element]:
    """Turn a score into its components: what it is, what it rests on, what qualifies it, by which policy."""
    return [
        *_grade(score.result),
        *_evidence(score),
        *_qualification(score.result),
        *_beside(score),
        *_computed(score.computed),
        *_policy(score.result.policy),
        *_algorithm(score.result),
    ]


def _grade(result: Result) -> Iterator[Element]:
    yield from coded("outcome", own_concept(result.outcome.value))
    if result.group:
        yield from coded("group", concept(group_code(result.group), text=result.group))
    else:
        yield component("group", {"dataAbsentReason": concept(UNKNOWN)})
    if result.base_grade is not None:
        yield component("base-grade", {"valueInteger": result.base_grade})
    if result.suffix:
        yield component("suffix", {"valueString": result.suffix})
    if result.lesions_at_grade:
        yield component("lesions-at-grade", count_value(*result.lesions_at_grade))
    if result.bounds:
        low, high = result.bounds
        yield component("bounds", {"valueRange": {"low": {"value": low}, "high": {"value": high}}})


def _evidence(score: Score) -> Iterator[Element]:
    for lesion in score.result.target_lesions:
        if clean(lesion):
            yield component("target-lesion", {"valueString": clean(lesion)})
    if score.result.interval_days is not None:
        yield component("scan-interval", {"valueQuantity": _days(score.result.interval_days)})
    for code, kept in (("sstr-tracer", score.sstr), ("fdg-tracer", score.fdg)):
        if kept is not None:
            yield component(code, _tracer(kept.report))


def _tracer(report: PetReport) -> Element:
    as_sent = clean(report.study.tracer or "")
    if not as_sent:
        return {"dataAbsentReason": concept(UNKNOWN)}
    code = TRACERS.get(canonical_tracer(as_sent) or "")
    return {"valueCodeableConcept": concept(*([code] if code else []), text=as_sent)}


def _qualification(result: Result) -> Iterator[Element]:
    yield from coded("reason", *(concept(reason_code(reason)) for reason in result.reasons))
    yield component("review-required", {"valueBoolean": result.review_required})


def _beside(score: Score) -> Iterator[Element]:
    if score.result.karfis:
        yield from coded("karfis", own_concept(_KARFIS[score.result.karfis]))
    if score.result.zidan is not None:
        yield component("zidan", {"valueInteger": score.result.zidan})
    grade = clean(score.reader_grade or "")
    if grade:
        known = [grade_code(grade)] if grade in GRADE_DEFINITIONS else []
        yield from coded("reader-grade", concept(*known, text=grade))


def _computed(result: Result | None) -> Iterator[Element]:
    """What stood there before a person set another grade: both are given, or said to be unknown."""
    if result is not None:
        for code, found in (
            ("computed-grade", grade_code(result.grade) if result.grade else None),
            ("computed-group", group_code(result.group) if result.group else None),
        ):
            value = {"valueCodeableConcept": concept(found, text=found.code)} if found else None
            yield component(code, value or {"dataAbsentReason": concept(UNKNOWN)})


def _policy(policy: Policy) -> Iterator[Element]:
    yield component("equality-tolerance", {"valueQuantity": quantity(policy.equality_tolerance, "ratio", "1")})
    yield component("interval-days", {"valueQuantity": _days(policy.interval_days)})
    yield component("interval-limit-days", {"valueQuantity": _days(policy.interval_limit_days)})
    for basis in (_READER_CALL, *policy.positivity_references):
        yield component("positivity-basis", {"valueString": basis})


def _algorithm(result: Result) -> Iterator[Element]:
    yield component("algorithm", {"valueString": result.algorithm})
    yield component("algorithm-version", {"valueString": result.algorithm_version})


def _days(days: int | Decimal) -> Element:
    return quantity(days, "d", "d")
