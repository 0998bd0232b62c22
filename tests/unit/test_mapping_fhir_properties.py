"""The order in which a Bundle holds its resources says nothing; reading a large report keeps nobody waiting."""

from decimal import Decimal

from fhir_bodies import (
    DCM,
    LN,
    UPTAKE,
    canonical_fhir,
    component,
    concept,
    essence,
    lesion,
    observation,
    quantity,
    read,
    read_report,
    sent,
    text,
    tracer,
    units,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_messages import seconds

from adapter.mapping.fhir_reading import read_units

MEMBER = observation("m", concept("krenning"), text("3"))
BODY = sent(
    tracer(),
    observation("all", concept("lesions-complete"), text("yes")),
    lesion("l1", UPTAKE, component("126401", quantity("4.10"), DCM), identifier=[{"value": "L1"}]),
    lesion("l2", UPTAKE, hasMember=[{"reference": "Observation/m"}]),
    observation("prose", concept("59776-5", LN), text("Two lesions.")),
    others=(MEMBER,),
)
LIMIT = 0.006
"""Twice what is promised, because the machine that runs the tests does other things as well."""


@settings(max_examples=50)
@given(st.permutations(BODY["entry"]))
def test_the_order_of_entries_says_nothing(entries):
    found = read_report(BODY | {"entry": entries})

    assert essence(found) == essence(read_report(BODY))
    assert len(found.notes) == 1


@settings(max_examples=50)
@given(st.permutations(BODY["entry"][0]["resource"]["result"]))
def test_the_order_of_results_says_nothing(results):
    first, *others = BODY["entry"]
    report = first | {"resource": first["resource"] | {"result": results}}

    assert essence(read_report(BODY | {"entry": [report, *others]})) == essence(read_report(BODY))


@given(st.decimals(min_value=Decimal("0.1"), max_value=Decimal(200), places=3))
def test_a_number_keeps_its_digits_all_the_way(number):
    (row,) = read_report(sent(tracer(), lesion("l1", component("126401", quantity(str(number)), DCM)))).rows

    assert str(row.finding.suv.value.low) == str(number)


def test_a_report_of_twenty_lesions_is_read_in_under_three_milliseconds():
    facts = [
        component("126401", quantity("4.10"), DCM),
        component("krenning", text("3")),
        component("paired", text("yes")),
    ]
    lesions = [lesion(f"l{number}", UPTAKE, *facts, identifier=[{"value": f"L{number}"}]) for number in range(20)]
    found = units(sent(tracer(), *lesions))

    assert len(read_report(sent(tracer(), *lesions)).rows) == 20
    assert seconds(lambda: read_units(found, canonical_fhir()), 30) < LIMIT


def test_reading_twice_says_the_same():
    assert read(BODY) == read(BODY)
