"""Patient.link as merges: replaced-by, replaces, and what names no other record."""

import pytest
from lesion_tables import DAY_0

from adapter.fhir.patient_links import merges_of


def patient(value, *links, system="urn:oid:1.2.3"):
    return {"resourceType": "Patient", "identifier": [{"system": system, "value": value}], "link": list(links)}


def link(kind, other):
    return {"type": kind, "other": other}


KNOWN = {"Patient/2": patient("2")}
BY_IDENTIFIER = {"identifier": {"system": "urn:oid:1.2.3", "value": "2"}}


def said(resource):
    return [(one.old.value, one.survivor.value) for one in merges_of(resource, DAY_0, KNOWN.get)]


@pytest.mark.parametrize("other", [BY_IDENTIFIER, {"reference": "Patient/2"}])
@pytest.mark.parametrize(("kind", "found"), [("replaced-by", ("1", "2")), ("replaces", ("2", "1"))])
def test_a_link_says_which_record_survives(other, kind, found):
    assert said(patient("1", link(kind, other))) == [found]


@pytest.mark.parametrize("kind", ["refer", "seealso", None])
def test_other_links_replace_nothing(kind):
    assert said(patient("1", link(kind, BY_IDENTIFIER))) == []


@pytest.mark.parametrize("other", [{}, {"reference": "Patient/unknown"}, {"identifier": {"system": "urn:oid:1.2.3"}}])
def test_a_record_that_cannot_be_named_is_merged_with_nothing(other):
    assert said(patient("1", link("replaced-by", other))) == []


def test_a_record_that_replaces_itself_says_nothing():
    assert said(patient("2", link("replaced-by", BY_IDENTIFIER))) == []


def test_identifiers_of_one_authority_belong_together():
    other = patient("2")
    other["identifier"].insert(0, {"system": "urn:oid:9", "value": "E2"})
    one = patient("1", link("replaced-by", {"reference": "Patient/2"}))

    found = merges_of(one, DAY_0, {"Patient/2": other}.get)

    assert [(each.old.value, each.survivor.value) for each in found] == [("1", "2")]
