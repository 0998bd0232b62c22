"""What names a report and its patient: a version, a content, a label as test data, the identifier that v2 knows too."""

import hashlib
from datetime import UTC, datetime

import pytest
from fhir_bodies import AUTHORITIES, BASE, PATIENT, bundle, meta, report, sent, tracer, unit

from adapter.scoring.report import patient_key


def test_a_version_of_a_report_is_named_by_server_id_and_version():
    found = unit(sent(tracer(), meta=meta("3")))

    assert found.control_id == f"{BASE}DiagnosticReport/r1/_history/3"


def test_a_report_without_version_is_named_by_its_content_whatever_it_came_in():
    one, other = unit(sent(tracer())), unit(bundle(report(tracer()), PATIENT, tracer(), kind="batch"))

    assert one.control_id == other.control_id == f"sha256:{one.sha256}"
    assert unit(sent(tracer("724025002"))).sha256 != one.sha256
    assert len(one.sha256) == len(hashlib.sha256().hexdigest())


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"meta": meta("1")}, datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ({"meta": {"lastUpdated": "2026-11-20"}}, datetime(2026, 11, 20, tzinfo=UTC)),
        ({"meta": {"lastUpdated": "yesterday"}}, None),
        ({}, None),
    ],
)
def test_a_report_was_changed_when_its_server_says_so(more, expected):
    assert unit(sent(tracer(), **more)).changed == expected


def label(**more):
    return {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"} | more


def test_what_is_labelled_as_test_data_is_a_test():
    assert unit(sent(tracer())).processing_id == "P"
    assert unit(sent(tracer(), meta={"tag": [label()]})).processing_id == "T"
    assert unit(sent(tracer(), meta={"security": [label()]})).processing_id == "T"
    assert unit(sent(tracer(), meta={"tag": [label(code="TRAIN")]})).processing_id == "P"
    assert unit(sent(tracer(), meta={"tag": [label(system="urn:x")]})).processing_id == "P"


def identifier(value="123456", system="urn:oid:1.2.3", **more):
    return {"value": value, "system": system} | more


def patient(*identifiers):
    return PATIENT | {"identifier": list(identifiers)}


def test_a_patient_has_the_key_that_v2_gives_to_the_same_identifier():
    by_oid = unit(sent(tracer(), patient=patient(identifier()))).lane()
    by_name = unit(sent(tracer())).lane({AUTHORITIES["HOSP"]: "HOSP"})
    by_named_oid = unit(sent(tracer())).lane({AUTHORITIES["HOSP"]: "1.2.3"})

    assert by_oid == by_named_oid == patient_key("1.2.3", "123456")
    assert by_name == patient_key("HOSP", "123456")
    assert unit(sent(tracer())).lane() == patient_key(AUTHORITIES["HOSP"], "123456")


def test_an_identifier_out_of_use_and_one_without_value_name_nobody():
    found = unit(sent(tracer(), patient=patient(identifier("9", use="old"), {"system": "urn:x"}, identifier(" 7 "))))

    assert [one.value for one in found.identities()] == ["7"]


def test_the_reports_own_reference_may_hold_the_identifier():
    found = unit(bundle(report(tracer(), subject={"type": "Patient", "identifier": identifier()}), tracer()))

    assert (found.patient, found.lane(), found.missing) == (None, patient_key("1.2.3", "123456"), ())


def test_a_report_that_names_nobody_has_no_lane():
    assert unit(report(subject=None)).lane() is None
    assert unit(bundle(report(tracer(), subject={"reference": "Observation/tracer"}), tracer())).lane() is None


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ({"coding": [{"display": "x"}, {"code": "MR"}], "text": "y"}, "MR"),
        ({"text": "Medical record"}, "Medical record"),
        ({"coding": [{"display": "x"}]}, ""),
    ],
)
def test_an_identifiers_type_is_its_code_or_its_words(kind, expected):
    (found,) = unit(sent(tracer(), patient=patient(identifier(type=kind)))).identities()

    assert found.type == expected


@pytest.mark.parametrize(("born", "expected"), [("1960-01-01", "19600101"), ("1960-01", None), ("soon", None)])
def test_a_birth_date_is_a_day(born, expected):
    (found,) = unit(sent(tracer(), patient=PATIENT | {"birthDate": born})).identities()

    assert found.birth_date == expected
