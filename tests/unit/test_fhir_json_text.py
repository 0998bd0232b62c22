import json
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.fhir.json_text import MAX_DEPTH, canonical_json, from_json, to_json
from adapter.fhir.resource import JsonUnreadableError, RenderError
from adapter.outcome import Problem


@pytest.mark.parametrize("digits", ["1.50", "0.10", "3.0", "12345678901234567.123", "1E+3", "-0.00", "2.5E-7"])
def test_a_decimal_leaves_with_the_digits_it_came_with(digits):
    assert to_json({"value": Decimal(digits)}) == f'{{"value":{digits}}}'.encode()


def test_a_decimal_comes_back_with_the_digits_it_was_sent_with():
    assert str(from_json(b'{"value":1.50}')["value"]) == "1.50"


def test_keys_leave_in_their_given_order():
    assert to_json({"b": 1, "a": [True, None, {}]}) == b'{"b":1,"a":[true,null,{}]}'


def test_the_canonical_form_does_not_know_the_order_of_keys():
    assert canonical_json({"b": [], "a": 1}) == canonical_json({"a": 1, "b": []}) == b'{"a":1,"b":[]}'


def test_text_leaves_as_utf_8():
    assert to_json({"text": 'Bär "x"\n'}).decode() == '{"text":"Bär \\"x\\"\\n"}'


@pytest.mark.parametrize(
    "value", [0.5, Decimal("NaN"), Decimal("Infinity"), "\ud800", object(), pytest.param(10**5000, id="5001 digits")]
)
def test_what_json_cannot_hold_without_loss_never_leaves(value):
    with pytest.raises(RenderError):
        to_json({"value": value})


def test_a_key_that_is_no_text_never_leaves():
    with pytest.raises(RenderError):
        to_json({1: "one"})


def test_keys_that_cannot_be_ordered_have_no_canonical_form():
    with pytest.raises(RenderError):
        canonical_json({1: "one", "a": "two"})


def test_a_bottomless_resource_never_leaves():
    with pytest.raises(RenderError):
        to_json(nested(MAX_DEPTH + 1))


def nested(depth):
    value = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "body",
    [
        b'{"value":NaN}',
        b'{"value":-Infinity}',
        b'{"value":1,"value":2}',
        b'{"a":{"b":1,"b":1}}',
        b'{"value":',
        b"",
        b"[1]",
        b'"text"',
        b'{"value":1e999999999999999999999}',
        b'{"value":' + b"1" * 5000 + b"}",
        b'{"a":' * 100_000,
    ],
)
def test_a_body_that_two_readers_may_understand_differently_is_refused(body):
    with pytest.raises(JsonUnreadableError) as refused:
        from_json(body)
    assert refused.value.problem is Problem.RESOURCE_INVALID


@pytest.mark.parametrize("body", [b'{"a":"\xff"}', b'{"a":"\\ud800"}', b'{"\\udfff":1}'])
def test_a_body_with_broken_characters_is_refused_as_such(body):
    with pytest.raises(JsonUnreadableError) as refused:
        from_json(body)
    assert refused.value.problem is Problem.CHARACTER_SET


def test_a_surrogate_pair_is_one_character():
    assert from_json(b'{"a":"\\ud83d\\ude00"}') == {"a": "\U0001f600"}


def test_a_byte_order_mark_is_no_content():
    assert from_json(b"\xef\xbb\xbf{}") == {}


def test_a_body_may_be_nested_to_the_limit():
    assert from_json(json.dumps(nested(MAX_DEPTH)).encode()) == nested(MAX_DEPTH)


def test_a_body_may_not_be_nested_beyond_the_limit():
    with pytest.raises(JsonUnreadableError):
        from_json(json.dumps(nested(MAX_DEPTH + 1)).encode())


def test_a_refusal_never_quotes_the_body():
    with pytest.raises(JsonUnreadableError) as refused:
        from_json(b'{"DOE^JANE":1,"DOE^JANE":2}')
    assert "DOE" not in str(refused.value)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["a", "b"]), json_values))
def test_what_leaves_comes_back_and_leaves_the_same(resource):
    assert to_json(from_json(to_json(resource))) == to_json(resource)


class Code(str):
    """A kind of text, as libraries have."""


@given(json_values)
def test_the_bytes_are_those_that_digests_were_always_made_of(value):
    """A digest that is kept with a score must be found again: the form is that of Python's own encoder, decimals as
    they are written."""
    mark = "decimal digits "
    form = {"ensure_ascii": False, "separators": (",", ":"), "sort_keys": True}
    expected = json.dumps(value, **form, default=lambda digits: f"{mark}{digits}")

    assert canonical_json(value) == re.sub(f'"{mark}([^"]*)"', r"\1", expected).encode()


def test_a_kind_of_text_is_text():
    assert to_json({"code": Code("P2a")}) == b'{"code":"P2a"}'
