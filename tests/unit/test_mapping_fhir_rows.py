"""Which Observations make up one lesion, in the ways that hospitals write it."""

import pytest
from fhir_bodies import (
    LN,
    NEGATIVE,
    POSITIVE,
    SCT,
    UPTAKE,
    changed,
    component,
    concept,
    held,
    lesion,
    observation,
    quantity,
    read_report,
    row,
    sent,
    text,
    tracer,
)

from adapter.scoring.lesion import Uptake


def members(*ids):
    return {"hasMember": [{"reference": f"Observation/{one}"} for one in ids]}


CALL = observation("call", concept("uptake"), POSITIVE)


def test_a_lesion_may_be_one_observation_with_components():
    found = row(UPTAKE, bodySite=concept("10200004", SCT), identifier=[{"value": "L1"}])

    assert (found.row, found.finding.uptake, found.site, found.tracking_id) == ("l1", Uptake.POSITIVE, "10200004", "L1")


def test_a_lesion_may_be_a_group_of_observations():
    group = observation("g", concept("group-1", LN), None, **members("call"))
    root = lesion("l1", **members("g"))
    (found,) = read_report(sent(tracer(), root, others=(group, CALL))).rows

    assert found.finding.uptake is Uptake.POSITIVE


def test_a_lesion_in_a_lesion_is_a_row_of_its_own():
    outer, inner = lesion("l1", UPTAKE, **members("l2")), lesion("l2", component("uptake", NEGATIVE))
    found = read_report(sent(tracer(), outer, others=(inner,)))

    assert [one.finding.uptake for one in found.rows] == [Uptake.POSITIVE, Uptake.NEGATIVE]


def test_a_finding_of_two_lesions_holds_the_report():
    body = sent(tracer(), lesion("l1", **members("call")), lesion("l2", **members("call")), others=(CALL,))

    assert held(body)[0] == "value-conflict"
    again = sent(tracer(), lesion("l1", **members("call", "call")), others=(CALL,))
    assert len(read_report(again).rows) == 1


def test_members_that_are_no_observations_or_not_there():
    named = {"hasMember": [{"reference": "Patient/p1"}]}
    assert row(UPTAKE, **named).finding.uptake is Uptake.POSITIVE
    assert held(sent(tracer(), lesion("l1", **members("gone"))))[0] == "not-found"


def test_members_may_be_left_alone():
    mapping = changed(("  kind: fhir\n", "  kind: fhir\n  members: false\n"))
    body = sent(tracer(), lesion("l1", **members("call")), others=(CALL,))

    assert held(body, mapping)[0] == "field-missing"


def test_a_lesion_without_id_is_called_by_its_number():
    one = lesion("l1", UPTAKE)
    body = sent(tracer(), one)
    body["entry"][3]["fullUrl"] = "urn:uuid:7"
    body["entry"][0]["resource"]["result"][1]["reference"] = "urn:uuid:7"
    del body["entry"][3]["resource"]["id"]

    assert [found.row for found in read_report(body).rows] == ["2"]


def test_two_lesions_of_one_name_hold_the_report():
    inner = lesion("l1", UPTAKE)
    body = sent(tracer(), lesion("l1", UPTAKE), contained=[inner])
    body["entry"][0]["resource"]["result"].append({"reference": "#l1"})

    assert held(body)[0] == "value-conflict"


KEYED = (
    (
        "  lesion: [lesion^Lesion^99NETPET]",
        "  key: \"component.where(code.coding.where(code = '112039').exists()).value\"",
    ),
)
TRACKED = {"code": concept("112039", "http://dicom.nema.org/resources/ontology/DCM")}


def test_observations_that_share_a_key_are_one_lesion():
    mapping = changed(*KEYED)
    call = observation("a", concept("uptake"), POSITIVE, component=[TRACKED | text("L1")])
    size = observation("b", concept("103339001", SCT), quantity(12, "mm"), component=[TRACKED | text("L1")])
    other = observation("c", concept("uptake"), NEGATIVE, component=[TRACKED | text("L2")])
    found = read_report(sent(tracer(), call, size, other), mapping)

    assert [(one.row, one.size_mm, one.tracking_id) for one in found.rows] == [("L1", 12, "L1"), ("L2", None, "L2")]


def test_an_observation_with_two_keys_holds_the_report():
    two = observation("a", concept("uptake"), POSITIVE, component=[TRACKED | text("L1"), TRACKED | text("L2")])

    assert held(sent(tracer(), two), changed(*KEYED))[0] == "value-conflict"


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("focus", {"focus": [{"reference": "BodyStructure/b"}]}),
        ("identifier", {"identifier": [{"value": "L7"}]}),
        ("extension('urn:l').value", {"extension": [{"url": "urn:l", "valueString": "L7"}]}),
    ],
)
def test_a_key_may_be_a_reference_an_identifier_or_text(path, more):
    mapping = changed((KEYED[0][0], f'  key: "{path}"'))
    found = read_report(sent(tracer(), observation("a", concept("uptake"), POSITIVE, **more)), mapping)

    assert [one.row for one in found.rows] == [more.get("focus", [{"reference": "L7"}])[0]["reference"]]


def test_what_has_no_text_at_the_key_is_of_the_report():
    mapping = changed((KEYED[0][0], '  key: "value"'))

    assert held(sent(tracer(), observation("a", concept("uptake"), POSITIVE)), mapping)[0] == "field-missing"


def test_a_lesion_may_have_a_key_beside_its_code():
    mapping = changed(("  lesion: [lesion^Lesion^99NETPET]", '  lesion: [lesion^^99NETPET]\n  key: "identifier"'))
    named = {"identifier": [{"value": "L1"}]}

    assert [one.row for one in read_report(sent(tracer(), lesion("x", UPTAKE, **named)), mapping).rows] == ["L1"]


def test_a_uid_is_read_without_its_urn():
    uid = [{"system": "urn:dicom:uid", "value": "urn:oid:1.2.3"}, {"value": "L1"}]
    found = row(UPTAKE, identifier=uid)

    assert (found.tracking_uid, found.tracking_id) == ("1.2.3", "L1")


def test_one_path_in_several_observations_of_a_lesion_says_it_once():
    site_of = {"bodySite": concept("10200004", SCT)}
    body = sent(tracer(), lesion("l1", **members("call"), **site_of), others=(CALL | site_of,))
    (found,) = read_report(body).rows
    assert found.site == "10200004"

    other = {"bodySite": concept("39607008", SCT)}
    assert (
        held(sent(tracer(), lesion("l1", **members("call"), **site_of), others=(CALL | other,)))[0] == "value-conflict"
    )
