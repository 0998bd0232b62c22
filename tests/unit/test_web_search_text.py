"""From the text of a search to what it means, without a socket."""

from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adapter.fhir.resource_filter import Span, Token
from adapter.fhir.text import is_visible
from adapter.web.faults import RefusedError
from adapter.web.narrowing import Narrowing
from adapter.web.negotiation import Handling, preferred_handling
from adapter.web.query_text import Parameter, parameters, query_text
from adapter.web.search_dates import covered, span
from adapter.web.search_values import texts, tokens

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(
    lambda text: is_visible(text) and text.strip()
)


@given(st.lists(st.builds(Parameter, TEXT, TEXT), max_size=10))
def test_what_is_written_as_a_query_string_is_read_as_the_same(given_parameters):
    assert parameters(query_text(given_parameters)) == given_parameters


@given(st.text())
def test_a_query_string_is_read_or_refused(text):
    try:
        found = parameters(text)
    except RefusedError:
        return
    assert all(one.name and one.value.strip() for one in found)


def escaped(text):
    for mark in "\\,|$":
        text = text.replace(mark, f"\\{mark}")
    return text


@given(st.lists(TEXT, min_size=1, max_size=5))
def test_alternatives_are_read_as_they_were_escaped(values):
    assert texts(Parameter("code", ",".join(escaped(value) for value in values))) == values


@given(st.none() | st.text(st.characters(exclude_categories=["Cs", "Cc"])), TEXT)
def test_a_token_is_read_as_it_was_escaped(system, value):
    written = escaped(value) if system is None else f"{escaped(system)}|{escaped(value)}"

    assert tokens(Parameter("code", written)) == [Token(value, system)]


def test_a_backslash_that_escapes_nothing_stays():
    assert texts(Parameter("code", r"WARD\7")) == [r"WARD\7"]


@pytest.mark.parametrize(
    ("written", "first", "after"),
    [
        ("2026", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("2026-02", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"),
        ("2026-12", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
        ("2026-11-19T10:05", "2026-11-19T10:05:00Z", "2026-11-19T10:06:00Z"),
        ("2026-11-19T10:05Z", "2026-11-19T10:05:00Z", "2026-11-19T10:06:00Z"),
        ("2026-11-19T10:05:07+01:00", "2026-11-19T09:05:07Z", "2026-11-19T09:05:08Z"),
        ("2026-11-19T10:05:07 01:00", "2026-11-19T09:05:07Z", "2026-11-19T09:05:08Z"),
        ("2026-11-19T10:05:07-03:30", "2026-11-19T13:35:07Z", "2026-11-19T13:35:08Z"),
        ("2026-11-19T10:05:07.5Z", "2026-11-19T10:05:07.500Z", "2026-11-19T10:05:07.501Z"),
        ("2026-11-19T10:05:07.1239Z", "2026-11-19T10:05:07.123Z", "2026-11-19T10:05:07.124Z"),
        ("9999", "9999-01-01T00:00:00Z", None),
        ("9999-12-31", "9999-12-31T00:00:00Z", None),
        ("9999-12", "9999-12-01T00:00:00Z", None),
    ],
)
def test_a_date_covers_what_it_leaves_unsaid(written, first, after):
    found = covered(Parameter("date", written))

    assert (found.first, found.after) == (
        datetime.fromisoformat(first),
        datetime.fromisoformat(after) if after else None,
    )


LO, HI = datetime(2026, 11, 19, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("prefix", "bounds"),
    [
        ("", Span(starts_from=LO, ends_before=HI)),
        ("eq", Span(starts_from=LO, ends_before=HI)),
        ("ge", Span(ends_from=LO)),
        ("gt", Span(ends_from=HI)),
        ("le", Span(starts_before=HI)),
        ("lt", Span(starts_before=LO)),
        ("sa", Span(starts_from=HI)),
        ("eb", Span(ends_before=LO)),
    ],
)
def test_a_prefix_bounds_when_something_begins_and_ends(prefix, bounds):
    assert span(covered(Parameter("date", f"{prefix}2026-11-19"))) == bounds


MOMENTS = st.integers(0, 5).map(lambda hour: datetime(2026, 11, 19, hour, tzinfo=UTC))
SPANS = st.builds(Span, *[st.none() | MOMENTS] * 4)


def within(bounds, starts, ends):
    return (
        (bounds.starts_from is None or starts >= bounds.starts_from)
        and (bounds.starts_before is None or starts < bounds.starts_before)
        and (bounds.ends_from is None or ends >= bounds.ends_from)
        and (bounds.ends_before is None or ends < bounds.ends_before)
    )


@given(st.lists(SPANS, max_size=4), MOMENTS, MOMENTS)
def test_bounds_given_one_after_the_other_all_hold(bounds, starts, ends):
    assume(starts <= ends)
    narrowing = Narrowing()
    for one in bounds:
        narrowing = narrowing.during(one)

    assert within(narrowing.filters.effective, starts, ends) == all(within(one, starts, ends) for one in bounds)


TOKENS = st.builds(Token, st.sampled_from("ab"), st.sampled_from([None, "", "s", "t"]))


def has(alternatives, value, system):
    return any(token.value == value and token.system in (None, system) for token in alternatives)


@given(
    st.lists(st.lists(TOKENS, min_size=1, max_size=3), max_size=3),
    st.sampled_from("ab"),
    st.sampled_from(["", "s", "t"]),
)
def test_a_code_is_found_exactly_when_each_parameter_has_it_among_its_alternatives(asked, value, system):
    narrowing = Narrowing()
    for alternatives in asked:
        narrowing = narrowing.with_token("codes", alternatives)
    codes = narrowing.filters.codes
    found = not narrowing.impossible and (not codes or has(codes, value, system))

    assert found == all(has(alternatives, value, system) for alternatives in asked)


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=3), max_size=3), st.sampled_from("abc"))
def test_an_id_is_found_exactly_when_each_parameter_has_it_among_its_alternatives(asked, id_):
    narrowing = Narrowing()
    for alternatives in asked:
        narrowing = narrowing.among("ids", alternatives)
    ids = narrowing.filters.ids
    found = not narrowing.impossible and (not ids or id_ in ids)

    assert found == all(id_ in alternatives for alternatives in asked)


@given(st.lists(st.tuples(st.none() | MOMENTS, st.none() | MOMENTS), max_size=4), MOMENTS)
def test_times_of_change_given_one_after_the_other_all_hold(bounds, at):
    narrowing = Narrowing()
    for first, before in bounds:
        narrowing = narrowing.updated(first, before)
    filters = narrowing.filters

    assert within(Span(filters.updated_from, filters.updated_before), at, at) == all(
        within(Span(first, before), at, at) for first, before in bounds
    )


@pytest.mark.parametrize(
    ("prefer", "handling"),
    [
        ([], Handling.UNSAID),
        (["handling=strict"], Handling.STRICT),
        (["handling=lenient"], Handling.LENIENT),
        (["HANDLING = Lenient"], Handling.LENIENT),
        (['return=minimal, handling="strict"'], Handling.STRICT),
        (["respond-async; handling=strict"], Handling.STRICT),
        (["return=minimal", "handling=strict"], Handling.STRICT),
        (["handling=strict", "handling=lenient"], Handling.STRICT),
        (["handling=banana"], Handling.UNSAID),
    ],
)
def test_the_wish_for_unknown_parameters_is_read_as_rfc_7240_writes_it(prefer, handling):
    assert preferred_handling(prefer) is handling
