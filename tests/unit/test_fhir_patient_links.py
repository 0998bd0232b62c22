"""Patient.link as merges: replaced-by, replaces, and what names no other record."""

from datetime import timedelta

import pytest
from lesion_tables import DAY_0

from adapter.fhir.patient import identities
from adapter.fhir.patient_links import Statement, awaited_links, merges_of, says_that_it_stands_alone
from adapter.fhir.shapes import IncomingError
from adapter.outcome import Problem
from adapter.scoring.merges import standing


def patient(value, *links, system="urn:oid:1.2.3"):
    return {"resourceType": "Patient", "identifier": [{"system": system, "value": value}], "link": list(links)}


def link(kind, other):
    return {"type": kind, "other": other}


KNOWN = {"Patient/2": patient("2")}
BY_IDENTIFIER = {"identifier": {"system": "urn:oid:1.2.3", "value": "2"}}


def statement(resource, hour=0, said_by="Patient/1", known=KNOWN):
    return merges_of(Statement(resource, said_by, DAY_0 + timedelta(hours=hour), "Patient"), known.get)


def values(merges):
    return [(one.old.value, one.survivor.value) for one in merges]


def said(resource):
    return values(standing(statement(resource)))


@pytest.mark.parametrize("other", [BY_IDENTIFIER, {"reference": "Patient/2"}])
@pytest.mark.parametrize(("kind", "found"), [("replaced-by", ("1", "2")), ("replaces", ("2", "1"))])
def test_a_link_says_which_record_survives(other, kind, found):
    assert said(patient("1", link(kind, other))) == [found]


@pytest.mark.parametrize("kind", ["refer", "seealso", None])
def test_other_links_replace_nothing(kind):
    assert said(patient("1", link(kind, BY_IDENTIFIER))) == []


@pytest.mark.parametrize("other", [{}, {"reference": "Patient/unknown"}, {"identifier": {"system": "urn:oid:1.2.3"}}])
def test_a_link_to_a_record_that_cannot_be_named_is_held(other):
    with pytest.raises(IncomingError) as held:
        statement(patient("1", link("seealso", BY_IDENTIFIER), link("replaced-by", other)))

    assert (held.value.problem, held.value.place.path) == (Problem.NOT_FOUND, "Patient.link[1].other")


ADDRESSED = [
    ("Patient/9", "http://mpi.example/r4/", "http://mpi.example/r4/Patient/9"),
    ("http://other.example/Patient/9", "http://mpi.example/r4/", "http://other.example/Patient/9"),
    ("http://other.example/Patient/9/_history/2", "", "http://other.example/Patient/9"),
    ("Patient/9", "", ""),
    ("RelatedPerson/9", "http://mpi.example/r4/", ""),
    ("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "http://mpi.example/r4/", ""),
    ("#inner", "http://mpi.example/r4/", ""),
    ("", "http://mpi.example/r4/", ""),
]


@pytest.mark.parametrize(("reference", "base", "address"), ADDRESSED)
def test_a_link_to_a_record_that_is_not_there_waits_for_it_by_its_address_if_it_has_one(reference, base, address):
    found = Statement(
        patient("1", link("replaced-by", BY_IDENTIFIER), link("replaces", {"reference": reference})),
        f"{base}Patient/1",
        DAY_0,
        "Patient",
        base,
    )
    if not address:
        with pytest.raises(IncomingError):
            awaited_links(found, KNOWN.get)
        return
    (awaited,) = awaited_links(found, KNOWN.get)

    assert (awaited.address, awaited.survives, awaited.path) == (address, False, "Patient.link[1].other")
    assert [one.value for one in awaited.own] == ["1"]
    assert values(standing(merges_of(found, KNOWN.get))) == [("1", "2")]
    assert values(awaited.merges(identities(patient("9")))) == [("9", "1")]


def test_a_record_that_replaces_itself_says_nothing():
    assert said(patient("2", link("replaced-by", BY_IDENTIFIER))) == []


def test_identifiers_of_one_authority_belong_together():
    other = patient("2")
    other["identifier"].insert(0, {"system": "urn:oid:9", "value": "E2"})
    one = patient("1", link("replaced-by", {"reference": "Patient/2"}))

    found = standing(statement(one, known={"Patient/2": other}))

    assert values(found) == [("1", "2")]


def test_what_a_later_version_no_longer_says_is_taken_back_in_whatever_order_they_come():
    linked = statement(patient("1", link("replaced-by", BY_IDENTIFIER)))
    alone = statement(patient("1"), hour=1)

    assert values(standing(linked)) == [("1", "2")]
    assert standing([*linked, *alone]) == standing([*alone, *linked]) == []


def test_a_later_version_that_names_another_record_takes_back_the_first():
    third = {"identifier": {"system": "urn:oid:1.2.3", "value": "3"}}
    words = statement(patient("1", link("replaced-by", BY_IDENTIFIER)))
    words += statement(patient("1", link("replaced-by", third)), hour=1)

    assert values(standing(words)) == [("1", "3")]


def test_taking_back_undoes_what_the_other_record_said_before_and_not_what_it_says_after():
    words = statement(patient("1", link("replaced-by", BY_IDENTIFIER))) + statement(patient("1"), hour=2)
    of_the_other = patient("2", link("replaces", {"identifier": {"system": "urn:oid:1.2.3", "value": "1"}}))

    assert standing([*words, *statement(of_the_other, 1, "Patient/2")]) == []
    assert values(standing([*words, *statement(of_the_other, 3, "Patient/2")])) == [("1", "2")]


def test_another_resource_of_the_same_record_takes_nothing_back():
    linked = statement(patient("1", link("replaced-by", BY_IDENTIFIER)))
    elsewhere = statement(patient("1"), hour=1, said_by="http://other.example/Patient/1")

    assert values(standing([*linked, *elsewhere])) == [("1", "2")]


SUBSETTED = {"tag": [{"code": "SUBSETTED"}]}


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"active": True}, True),
        ({}, False),
        ({"active": False}, False),
        ({"active": True, "meta": SUBSETTED}, False),
        ({"active": True, "link": [link("refer", BY_IDENTIFIER)]}, True),
        ({"active": True, "link": [link("replaces", BY_IDENTIFIER)]}, False),
    ],
)
def test_only_a_record_in_use_and_sent_whole_says_that_it_stands_alone(facts, says):
    assert says_that_it_stands_alone(patient("1") | facts) is says
