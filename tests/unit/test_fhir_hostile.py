"""Whatever arrives is taken or refused with a problem and a rule, quickly, and no other error ever leaves."""

import json
from copy import deepcopy

import pytest
from fhir_bodies import (
    DCM,
    UPTAKE,
    bundle,
    canonical_fhir,
    component,
    concept,
    dumped,
    lesion,
    observation,
    report,
    sent,
    tracer,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_messages import seconds

from adapter.fhir.incoming import parse_incoming
from adapter.fhir.json_text import to_json
from adapter.fhir.shapes import IncomingError
from adapter.mapping.fhir_reading import read_units
from adapter.outcome import Problem

GOOD = to_json(sent(tracer()))


def changed(old: bytes, new: bytes) -> bytes:
    assert old in GOOD
    return GOOD.replace(old, new)


HOSTILE = {
    "empty": b"",
    "no JSON": b"<Bundle/>",
    "half": GOOD[:-20],
    "two documents": GOOD + GOOD,
    "not UTF-8": changed(b"final", b"fin\xff"),
    "half a surrogate": changed(b'"final"', b'"\\ud800"'),
    "NaN": changed(b'"final"', b"NaN"),
    "Infinity": changed(b'"final"', b"-Infinity"),
    "a huge exponent": changed(b'"final"', b"1e999999999999999999"),
    "a huge integer": changed(b'"final"', b"9" * 5000),
    "a key twice": changed(b'"status":"final"', b'"status":"final","status":"final"'),
    "a list": b"[]",
    "a number": b"7",
    "null": b"null",
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 90_000 + b"1" + b"}" * 90_000,
    "deep resource": b'{"resourceType":"Bundle","type":"batch","entry":' + b"[" * 70 + b"]" * 70 + b"}",
    "many elements": b'{"resourceType":"Bundle","type":"batch","entry":[' + b"{}," * 150_000 + b"{}]}",
    "many nothings": b"[" + b"0," * 3_000_000 + b"0]",
    "too large": b'"' + b"x" * 9_000_000 + b'"',
    "many escapes": b'{"a":"' + b"\\u0041" * 1_300_000 + b'"}',
    "another resource": dumped({"resourceType": "Patient"}),
    "no resource": dumped({"a": 1}),
    "resourceType a list": dumped({"resourceType": ["Bundle"]}),
    "a Bundle without type": dumped({"resourceType": "Bundle"}),
    "an unknown Bundle": dumped({"resourceType": "Bundle", "type": "resource"}),
    "a Bundle's type a list": dumped({"resourceType": "Bundle", "type": []}),
    "entry no list": dumped({"resourceType": "Bundle", "type": "batch", "entry": {}}),
    "an entry of text": dumped({"resourceType": "Bundle", "type": "batch", "entry": ["x"]}),
    "an entry's resource of text": dumped({"resourceType": "Bundle", "type": "batch", "entry": [{"resource": "x"}]}),
    "an entry's type of dots": dumped(bundle({"resourceType": "../x", "id": "1"})),
    "fullUrl a number": changed(b'"fullUrl":"http://fhir.hosp.example/r4/Patient/p1"', b'"fullUrl":7'),
    "request of text": dumped({"resourceType": "Bundle", "type": "history", "entry": [{"request": "DELETE"}]}),
    "a deletion of nothing": dumped(
        {"resourceType": "Bundle", "type": "history", "entry": [{"request": {"method": "DELETE"}}]}
    ),
    "status a list": changed(b'"status":"final"', b'"status":["final"]'),
    "status null": changed(b'"status":"final"', b'"status":null'),
    "result an object": dumped(report(result={"reference": "x"})),
    "result of text": dumped(report(result=["Observation/1"])),
    "an empty list": dumped(report(extension=None) | {"result": []}),
    "an empty object": dumped(report(subject={})),
    "contained of text": dumped(report(contained=["x"])),
    "contained no list": dumped(report(contained=7)),
    "contained in a datatype's name": dumped(bundle({"resourceType": "Quantity", "id": "q", "contained": 5})),
    "contained without type": dumped(report(contained=[{"id": "x"}])),
    "a coding of text": dumped(report(code={"coding": "x"})),
    "a boolean for a number": dumped(bundle(tracer() | {"valueQuantity": {"value": True}})),
    "text for a boolean": dumped(bundle(tracer() | {"valueBoolean": "true"})),
    "blank text": dumped(report(issued=" ")),
    "meta of text": dumped(report(meta="1")),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_is_refused_in_under_200_ms(name):
    def read():
        with pytest.raises(IncomingError) as refused:
            parse_incoming(HOSTILE[name])
        return refused

    refused = read()
    assert seconds(read) < LIMIT
    assert refused.value.rule
    assert refused.value.problem in (
        Problem.RESOURCE_INVALID,
        Problem.BLOCK_TOO_LARGE,
        Problem.CHARACTER_SET,
        Problem.MESSAGE_TYPE,
    )


LIMIT = 0.2
"""Seconds of processor time."""


def circle(count: int) -> bytes:
    members = [
        {
            "resourceType": "Observation",
            "id": f"o{number}",
            "status": "final",
            "hasMember": [{"reference": f"Observation/o{other}"} for other in (number + 1, 0)],
        }
        for number in range(count)
    ]
    return dumped(bundle(report(*members[:1]), *members))


COSTLY = {
    "a long chain of members": circle(1500),
    "one name a thousand times": dumped(
        bundle(report(result=[{"reference": "Observation/x"}] * 3000), *[tracer(id="x")] * 1000, base="")
    ),
    "many versions": dumped(
        bundle(
            report(result=[{"reference": f"Observation/x/_history/{number}"} for number in range(1000)]),
            *[tracer(id="x", meta={"versionId": str(number)}) for number in range(1000)],
            kind="history",
        )
    ),
    "long addresses": dumped(report(result=[{"reference": "A/" * 4000 + "x"}] * 100)),
    "many reports of one finding": dumped(
        bundle(*[report(tracer(), id=f"r{number}") for number in range(200)], tracer())
    ),
    "a long number": changed(b'"code":"35321007"', b'"code":"35321007","x":0.' + b"1" * 100_000),
}


@pytest.mark.parametrize("name", COSTLY)
def test_a_body_that_tries_to_be_costly_is_read_in_under_200_ms(name):
    assert seconds(lambda: read_units(parse_incoming(COSTLY[name]).units, canonical_fhir())) < LIMIT


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["code", "value", "coding", "reference"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=120)
@given(st.data())
def test_any_value_at_any_place_is_taken_or_refused_and_read_or_held(data):
    body = deepcopy(WHOLE)
    holder, key = data.draw(st.sampled_from(list(places(body))))
    holder[key] = data.draw(VALUES)
    try:
        units = parse_incoming(json.dumps(body).encode()).units
    except IncomingError:
        return
    read_units(units, canonical_fhir())


WHOLE = json.loads(
    dumped(
        sent(
            tracer(),
            lesion(
                "l1",
                UPTAKE,
                component("126401", {"valueRange": {"low": {"value": 1}, "high": {"value": 3}}}, DCM),
            ),
            observation("o", concept("liver-suv"), {"valueQuantity": {"value": 2, "comparator": "<", "code": "1"}}),
            basedOn=[{"identifier": {"value": "1"}}],
            meta={"lastUpdated": "2026-11-20T10:00:00Z"},
        )
    )
)


def places(value):
    items = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    for key, inner in items:
        yield value, key
        yield from places(inner)
