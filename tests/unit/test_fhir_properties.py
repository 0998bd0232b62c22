from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from fhir_scores import JANE, RENDERING, report, result, score
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter.fhir.bundle import digest, render_publication
from adapter.fhir.check import check_publication
from adapter.fhir.json_text import from_json, to_json
from adapter.fhir.rendering import Confirmation, Rendering
from adapter.scoring.lesion import (
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
from adapter.scoring.reasons import Reason
from adapter.scoring.report import ReportStatus, TracerKind
from adapter.scoring.result import Outcome, Policy

ANYTHING = st.text(max_size=20) | st.sampled_from(["<script>x</script>", "\"'&", "\x00", "\ud800", "\u202e1P", "]]>"])
GIVEN = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

numbers = st.decimals(Decimal("0.001"), Decimal(1000), places=3)
zones = st.integers(-18 * 60, 18 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
aware = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=zones)  # noqa: DTZ001 - bounds are naive
midnights = aware.map(lambda moment: moment.replace(hour=0, minute=0, second=0, microsecond=0))
moments = aware | midnights | aware.map(lambda moment: moment.replace(tzinfo=None))


@st.composite
def intervals(draw):
    low, high = sorted([draw(numbers), draw(numbers)])
    ends = draw(st.sampled_from([(low, high), (low, None), (None, high), (None, None), (low, low)]))
    return Interval(*ends, low_open=draw(st.booleans()), high_open=draw(st.booleans()))


suvs = st.builds(
    Suv, intervals(), st.sampled_from(SuvType), st.sampled_from(SuvStatistic), unit_supported=st.booleans()
)
findings = st.builds(
    Finding,
    st.sampled_from(Uptake),
    st.none() | st.integers(0, 4),
    st.none() | suvs,
    st.booleans(),
    st.none() | ANYTHING,
)
counts = st.builds(
    lambda least, more: Count(least, None if more is None else least + more),
    st.integers(1, 99),
    st.none() | st.integers(0, 9),
)
lesions = st.builds(
    Lesion,
    id=ANYTHING,
    sstr=findings,
    fdg=findings,
    relation=st.none() | st.sampled_from(Relation),
    site=st.none() | ANYTHING | st.just("10200004"),
    laterality=st.none() | ANYTHING | st.just("left"),
    size_mm=st.none() | st.decimals(allow_nan=True, places=1, min_value=0, max_value=300) | st.just(Decimal("NaN")),
    nature=st.sampled_from(Nature),
    count=counts,
    paired=st.booleans(),
    tracking_uid=st.none() | ANYTHING | st.just("2.25.1"),
)
results = st.builds(
    result,
    outcome=st.sampled_from(Outcome),
    grade=st.none() | st.sampled_from(["P0", "P1", "P2", "P2a", "P2b", "P3", "P3a", "P3b", "P4", "P4a", "P4b", "P5"]),
    group=st.none() | st.sampled_from(["P0", "P1", "P2-4", "P5"]),
    bounds=st.none() | st.lists(st.integers(0, 5), min_size=2, max_size=2).map(lambda ends: tuple(sorted(ends))),
    target_lesions=st.lists(ANYTHING, max_size=3).map(tuple),
    reasons=st.lists(st.sampled_from([reason.value for reason in Reason]), unique=True, max_size=5).map(tuple),
    review_required=st.booleans(),
    karfis=st.none() | st.sampled_from(["C1", "C2", "C3"]),
    zidan=st.none() | st.integers(1, 4),
    interval_days=st.none() | st.integers(0, 400),
    policy=st.builds(Policy, equality_tolerance=st.decimals(0, 1, places=2)),
    lesions_at_grade=st.none() | counts.map(lambda count: (count.min, count.max)),
    explanation=ANYTHING,
)
renderings = st.builds(
    Rendering,
    st.just("0.1.0"),
    st.none() | st.builds(Confirmation, st.just("Dr Roe"), st.datetimes(timezones=st.just(UTC))),
    st.booleans(),
)


@st.composite
def kept_reports(draw, kind):
    facts = {"acquired": draw(st.none() | moments), "tracer": draw(st.none() | ANYTHING)}
    patient = replace(JANE, type=draw(st.shared(ANYTHING, key="type")))
    kept = report(kind, patient=patient, status=draw(st.sampled_from(ReportStatus)), **facts)
    return replace(
        kept, report=replace(kept.report, accession_authority=draw(ANYTHING), issued=draw(st.none() | moments))
    )


@st.composite
def scores(draw):
    return replace(
        score(),
        sstr=draw(kept_reports(TracerKind.SSTR)),
        fdg=draw(st.none() | kept_reports(TracerKind.FDG)),
        lesions=tuple(draw(st.lists(lesions, max_size=3))),
        result=draw(results),
        issued=draw(moments),
        corrected=draw(st.booleans()),
        retracted=draw(st.booleans()),
        reader_grade=draw(st.none() | ANYTHING | st.just("P3a")),
    )


@GIVEN
@given(scores(), renderings)
def test_whatever_the_core_and_the_reports_say_what_leaves_is_sound(any_score, rendering):
    check_publication(render_publication(any_score, rendering))


@GIVEN
@given(scores())
def test_whatever_is_said_it_survives_the_wire(any_score):
    resources = render_publication(any_score, RENDERING)

    assert digest([from_json(to_json(resource)) for resource in resources]) == digest(resources)


@GIVEN
@given(scores())
def test_a_score_has_a_grade_or_says_why_there_is_none_never_both(any_score):
    observation = render_publication(any_score, RENDERING)[-2]

    assert ("valueCodeableConcept" in observation) is (any_score.result.grade is not None)
    assert ("dataAbsentReason" in observation) is (any_score.result.grade is None)


@GIVEN
@given(scores(), st.randoms())
def test_the_order_of_rows_never_matters(any_score, random):
    shuffled = list(any_score.lesions)
    random.shuffle(shuffled)
    again = replace(any_score, lesions=tuple(shuffled))

    assert digest(render_publication(again, RENDERING)) == digest(render_publication(any_score, RENDERING))


@GIVEN
@given(scores())
def test_no_text_of_a_sender_starts_a_tag(any_score):
    for resource in render_publication(any_score, RENDERING):
        assert "<script" not in resource["text"]["div"]
