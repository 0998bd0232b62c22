"""What a server's answer means: one table, and nothing of a patient in what is kept of it."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.fhir.json_text import to_json
from adapter.outbound.answers import (
    BY_CODE,
    BY_STATUS,
    Verdict,
    classify,
    http_date,
    id_in_location,
    refusal,
    retry_after,
    safe_id,
    server_answer,
    told,
    verdict_of,
)
from adapter.outbound.capabilities import Capabilities, capabilities_in


def outcome(status, *codes, severity="error", **issue):
    issues = [{"severity": severity, "code": code, **issue} for code in codes]
    return server_answer(status, {}, to_json({"resourceType": "OperationOutcome", "issue": issues}))


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, "ok"), (201, "ok"), (204, "ok"),
        (301, "transient"), (302, "transient"), (304, "transient"),
        (400, "permanent"), (401, "auth"), (403, "permanent"), (404, "gone"), (405, "permanent"), (408, "transient"),
        (409, "conflict"), (410, "gone"), (412, "conflict"), (413, "permanent"), (415, "permanent"),
        (422, "permanent"), (425, "transient"), (429, "transient"),
        (500, "transient"), (501, "permanent"), (502, "transient"), (503, "transient"), (504, "transient"),
    ],
)  # fmt: skip
def test_a_status_alone_has_one_meaning(status, verdict):
    assert classify(status) is Verdict(verdict)


@pytest.mark.parametrize("code", BY_CODE)
def test_an_issue_code_says_more_than_a_status_that_is_for_good(code):
    assert verdict_of(outcome(400, code)) is BY_CODE[code]


@pytest.mark.parametrize("code", ["invalid", "structure", "required", "value", "invariant", "business-rule"])
def test_no_issue_code_makes_a_servers_own_fault_one_of_the_content(code):
    assert verdict_of(outcome(500, code)) is Verdict.TRANSIENT
    assert verdict_of(outcome(422, code)) is Verdict.PERMANENT


@pytest.mark.parametrize("status", [200, 201, 400, 403, 404, 422])
def test_a_page_that_is_no_fhir_is_neither_a_success_nor_a_refusal(status):
    """A proxy in maintenance answers for the server."""
    assert verdict_of(server_answer(status, {}, b"<html>Sign in</html>")) is Verdict.TRANSIENT


@pytest.mark.parametrize("body", [b"", b"  ", b"{", b"[]", b"null", b"{}", b'{"resourceType":1}', b"\xff\xfe"])
def test_empty_and_broken_bodies_are_answers_without_a_resource(body):
    assert server_answer(500, {}, body).resource is None


def test_warnings_beside_a_success_do_not_make_it_a_failure():
    assert verdict_of(outcome(201, "value", severity="warning")) is Verdict.OK


def test_nothing_but_codes_and_element_paths_is_kept():
    answer = outcome(
        422, "value", "doe-jane", diagnostics="DOE^JANE", details={"text": "DOE^JANE"},
        expression=[
            "Observation.value", "Bundle.entry[4].resource.subject", "http.code", "Patient.name.where(family='DOE')",
            "DOE", "Patient.DOE", "Patient.name[700103]", "Jane.Doe",
        ],
    )  # fmt: skip
    kept = told(answer)

    assert (kept.status, kept.codes) == (422, ("value",))
    assert set(kept.expressions) == {"Observation.value", "Bundle.entry[4].resource.subject", "http.code"}
    assert "DOE" not in repr(kept) + str(refusal(answer))


def test_what_is_refused_for_good_says_so():
    assert refusal(outcome(422, "value")).permanent
    assert not refusal(outcome(503, "transient")).permanent


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("https://ehr.example/r4/Observation/17/_history/3", "17"),
        ("https://ehr.example/r4/Observation/17", "17"),
        ("Observation/17/_history/3", "17"),
        ("Observation/a-b.C_9/", "a-b.C_9"),
        ("https://elsewhere.example/Patient/17", None),
        ("Observation/..", None),
        ("Observation/a%2F..%2Fb", None),
        ("17", None),
        ("", None),
    ],
)
def test_a_location_gives_an_id_and_nothing_else(location, found):
    assert id_in_location(location, "Observation") == found
    assert server_answer(201, {"Location": location}, b"").server_id("Observation") == found


def test_without_a_location_the_body_gives_the_id():
    assert server_answer(201, {}, b'{"resourceType":"Device","id":"7"}').server_id("Device") == "7"
    assert server_answer(201, {}, b'{"resourceType":"Device","id":"7"}').server_id("Observation") is None


@given(st.text())
def test_an_id_that_could_lead_an_address_elsewhere_is_none(text):
    found = safe_id(text)

    assert found is None or not set(found) & set("/?#%:@\\ ")


@pytest.mark.parametrize(
    ("etag", "version"), [('W/"3"', "3"), ('"3"', "3"), ("3", None), ("", None), ('W/"a/b"', "a/b")]
)
def test_an_etag_names_the_version(etag, version):
    assert server_answer(200, {"ETag": etag}, b"").version == version


def test_without_an_etag_the_resource_names_the_version():
    assert server_answer(200, {}, b'{"resourceType":"Device","meta":{"versionId":"4"}}').version == "4"
    assert server_answer(200, {}, b'{"resourceType":"Device","meta":{"versionId":4}}').version is None
    assert server_answer(200, {}, b'{"resourceType":"Device","meta":[]}').version is None


AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("999999999999999999999", 3600),
        (format_datetime(AT + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(AT - timedelta(seconds=90), usegmt=True), 0),
        (format_datetime(AT + timedelta(days=90), usegmt=True), 3600),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_both_forms_by_the_servers_clock(text, seconds):
    answer = server_answer(429, {"Retry-After": text, "Date": format_datetime(AT, usegmt=True)}, b"")

    assert retry_after(answer) == (None if seconds is None else timedelta(seconds=seconds))


def test_a_date_without_a_zone_is_utc_and_a_broken_one_is_none():
    assert http_date("Sun, 22 Nov 2026 08:00:00 -0000") == AT
    assert http_date("Sun, 99 Nov 2026") is None


def test_every_verdict_that_the_table_gives_is_handled():
    assert set(BY_STATUS.values()) | set(BY_CODE.values()) <= set(Verdict)


@pytest.mark.parametrize(
    "statement",
    [
        {},
        {"rest": "none"},
        {"rest": [{"mode": "client"}]},
        {"rest": [{"mode": "server", "resource": [{"type": "Patient", "conditionalCreate": True}]}]},
    ],
)
def test_what_a_server_does_not_say_is_not_so(statement):
    assert capabilities_in(statement) == Capabilities()


def test_what_a_server_says_of_observations_is_taken():
    observation = {"type": "Observation", "conditionalCreate": True, "conditionalUpdate": True}
    rest = {"mode": "server", "resource": [observation], "interaction": [{"code": "transaction"}]}

    assert capabilities_in({"rest": [rest]}) == Capabilities(True, True, True)
