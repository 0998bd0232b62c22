"""What must hold for every lesion list (clinical contract, "Properties"), tried on thousands of random ones."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lesion_tables import lesion, replace, saw

from adapter.scoring.lesion import SILENT, Count, Finding, Interval, Nature, Relation, Suv, Uptake
from adapter.scoring.netpet import score
from adapter.scoring.result import Policy

pytestmark = pytest.mark.slow

EACH = settings(
    max_examples=1200, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)

numbers = st.integers(1, 300).map(lambda tenths: Decimal(tenths) / 10)
ranges = st.tuples(numbers, numbers).map(lambda ends: Interval(min(ends), max(ends)))
intervals = st.one_of(
    numbers.map(Interval.exactly),
    numbers.map(Interval.exactly),
    ranges,
    st.builds(lambda end, closed: Interval.below(end, inclusive=closed), numbers, st.booleans()),
    st.builds(lambda end, closed: Interval.above(end, inclusive=closed), numbers, st.booleans()),
)
suvs = st.one_of(st.none(), intervals.map(Suv))
calls = st.sampled_from([Uptake.POSITIVE, Uptake.POSITIVE, Uptake.NEGATIVE, Uptake.UNKNOWN, Uptake.EQUIVOCAL])
findings = st.one_of(st.builds(Finding, calls, suv=suvs), st.just(SILENT))
counts = st.sampled_from([Count(), Count(), Count(), Count(2, 2), Count(4, 4), Count(2, None), Count(3, None)])
rows = st.builds(
    lambda sstr, fdg, relation, nature, counted: lesion(
        "L", sstr, fdg, relation=relation, nature=nature, count=counted[0], paired=counted[1]
    ),
    findings,
    findings,
    st.sampled_from([None, None, *Relation]),
    st.sampled_from([Nature.TUMOUR, Nature.TUMOUR, Nature.TUMOUR, Nature.UNCERTAIN, Nature.NOT_TUMOUR]),
    st.tuples(counts, st.booleans()),
)
policies = st.sampled_from(["0", "0.05", "0.1", "0.25"]).map(lambda given: Policy(equality_tolerance=Decimal(given)))


def named(table):
    return [replace(row, id=f"L{place}") for place, row in enumerate(table)]


tables = st.lists(rows, min_size=1, max_size=6).map(named)


def clinical(result):
    """All that a result says of the patient, whatever the order of its lesions."""
    return (
        *(result.outcome, result.grade, result.group, result.bounds, result.reasons, result.review_required),
        *(result.karfis, result.zidan, result.lesions_at_grade, sorted(result.target_lesions), result.patterns),
    )


@EACH
@given(tables.flatmap(lambda table: st.tuples(st.just(table), st.permutations(table))), policies)
def test_the_order_of_the_lesions_does_not_matter(orders, policy):
    given_order, other_order = orders

    assert clinical(score(given_order, policy=policy)) == clinical(score(other_order, policy=policy))


@EACH
@given(tables, rows)
def test_one_more_lesion_never_lowers_a_bound(table, more):
    before, after = score(table), score([*table, replace(more, id="more")])

    low, high = before.bounds or (0, 0)
    assert before.bounds is None or (after.bounds[0] >= low and after.bounds[1] >= high)


def settle(finding, call, value):
    """Replace what is unknown of a finding by a value; what the report stated stays."""
    open_call = finding.uptake not in (Uptake.POSITIVE, Uptake.NEGATIVE)
    return replace(finding, uptake=call if open_call else finding.uptake, suv=finding.suv or value)


@EACH
@given(tables, st.data())
def test_what_becomes_known_stays_within_the_bounds_and_changes_no_grade_or_group_given(table, data):
    place = data.draw(st.integers(0, len(table) - 1))
    known = data.draw(st.tuples(*[st.sampled_from([Uptake.POSITIVE, Uptake.NEGATIVE]), intervals.map(Suv)] * 2))
    row = table[place]
    settled = replace(row, sstr=settle(row.sstr, *known[:2]), fdg=settle(row.fdg, *known[2:]))
    before, after = score(table), score([*table[:place], settled, *table[place + 1 :]])

    low, high = before.bounds or (0, 5)
    assert before.bounds is None or (low <= after.bounds[0] and after.bounds[1] <= high)
    assert before.grade is None or (after.grade is not None and after.grade.startswith(before.grade))
    assert before.group in (None, after.group)


@EACH
@given(tables, st.integers(0, 5), st.sampled_from(list(Relation)), policies)
def test_a_relation_that_becomes_known_stays_within_the_bounds(table, place, relation, policy):
    place %= len(table)
    row = table[place]
    usable = row.relation is None and None in (row.sstr.suv, row.fdg.suv)
    settled = replace(row, relation=relation) if usable else row
    before, after = score(table, policy=policy), score([*table[:place], settled, *table[place + 1 :]], policy=policy)

    assert before.bounds is None or (before.bounds[0] <= after.bounds[0] and after.bounds[1] <= before.bounds[1])


def scaled(finding, factor):
    if finding.suv is None:
        return finding
    value = finding.suv.value
    ends = {name: None if end is None else end * factor for name, end in (("low", value.low), ("high", value.high))}
    return replace(finding, suv=replace(finding.suv, value=replace(value, **ends)))


@EACH
@given(tables, st.decimals("0.001", "6", places=7), policies)
def test_one_factor_on_both_suvs_of_every_lesion_changes_nothing(table, factor, policy):
    scaled_table = [replace(row, sstr=scaled(row.sstr, factor), fdg=scaled(row.fdg, factor)) for row in table]

    assert clinical(score(scaled_table, policy=policy)) == clinical(score(table, policy=policy))


@EACH
@given(tables, st.integers(0, 5), st.integers(2, 5), policies)
def test_a_row_of_k_paired_lesions_is_the_same_as_k_rows(table, place, number, policy):
    place %= len(table)
    others = [row for other, row in enumerate(table) if other != place]
    one = replace(table[place], count=Count(number, number), paired=True)
    each = [replace(one, id=f"{one.id}.{member}", count=Count()) for member in range(number)]

    as_one, as_many = score([*others, one], policy=policy), score([*others, *each], policy=policy)

    facts = ("outcome", "grade", "group", "bounds", "karfis", "lesions_at_grade", "review_required")
    assert [getattr(as_one, fact) for fact in facts] == [getattr(as_many, fact) for fact in facts]


certain = st.sampled_from([("positive", "negative"), ("positive", "positive"), ("negative", "positive")])


@EACH
@given(st.lists(st.tuples(certain, suvs, suvs), min_size=1, max_size=6))
def test_karfis_is_the_group_where_nothing_is_unknown_and_no_lesion_is_silent_on_both(facts):
    table = [
        lesion(f"L{place}", saw(calls[0], one), saw(calls[1], other)) for place, (calls, one, other) in enumerate(facts)
    ]

    result = score(table)

    assert (result.karfis, result.group) in {("C1", "P1"), ("C2", "P2-4"), ("C3", "P5")}


@EACH
@given(tables, policies)
def test_no_tolerance_moves_a_patient_between_the_groups(table, policy):
    exact, tolerant = score(table, policy=Policy()), score(table, policy=policy)

    assert (exact.group, exact.karfis) == (tolerant.group, tolerant.karfis)


@EACH
@given(tables, policies)
def test_a_grade_is_given_exactly_when_the_bounds_meet_and_the_group_when_they_agree(table, policy):
    result = score(table, policy=policy)
    low, high = result.bounds or (0, 5)
    groups = ["P0", "P1", "P2-4", "P2-4", "P2-4", "P5"]

    assert (result.grade is not None) == (low == high)
    assert result.group == (groups[low] if groups[low] == groups[high] else None)
    assert result.grade is None or result.grade.startswith(f"P{low}")


@EACH
@given(tables)
def test_the_same_table_twice_is_the_same_result(table):
    once, doubled = score(table), score([*table, *table])

    assert (once.grade, once.group, once.bounds, once.karfis) == (
        doubled.grade,
        doubled.group,
        doubled.bounds,
        doubled.karfis,
    )
    assert "duplicate-lesion" in doubled.reasons
