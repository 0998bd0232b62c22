"""Who the patient is, which study it is, when and how it stands: what a DiagnosticReport says, and what holds it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from fhir_bodies import (
    ACCESSION,
    AUTHORITIES,
    CANONICAL,
    LN,
    PATIENT,
    bundle,
    canonical_fhir,
    concept,
    held,
    observation,
    read,
    read_report,
    report,
    sent,
    site,
    text,
    tracer,
    unit,
)

from adapter.mapping.message_reading import Extraction
from adapter.outcome import Ignored
from adapter.scoring.report import ReportStatus, TracerKind

ZONE = timezone(timedelta(hours=1))


def changed(old, new):
    assert old in CANONICAL
    return site(CANONICAL.replace(old, new))


def identifier(value, kind=None, system="urn:x"):
    return {"system": system, "value": value} | ({"type": concept(kind, "v2-0203")} if kind else {})


def test_the_header_of_a_report():
    found = read_report(sent(tracer()))

    assert (found.accession, found.accession_authority, found.order) == ("ACC-1", "RIS", None)
    assert (found.patient.value, found.patient.authority, found.patient.birth_date) == ("123456", "HOSP", "19600101")
    assert (found.procedure, found.kind) == ("81555-5^^LN", TracerKind.FDG)
    assert found.study.acquired == datetime(2026, 11, 19, 10, 5, tzinfo=ZONE)
    assert found.issued == datetime(2026, 11, 20, 10, 15, tzinfo=ZONE)


def order(*identifiers):
    return {"resourceType": "ServiceRequest", "id": "s", "identifier": list(identifiers)}


BASED = [{"reference": "ServiceRequest/s"}]


@pytest.mark.parametrize(
    ("more", "others", "expected"),
    [
        ({"identifier": [identifier("R-9"), ACCESSION]}, (), "ACC-1"),
        ({"identifier": [identifier("R-9")]}, (), "R-9"),
        ({"identifier": [identifier("R-9")], "basedOn": [{"identifier": identifier("A-2", "ACSN")}]}, (), "A-2"),
        ({"identifier": None, "basedOn": BASED}, (order(identifier("O-1", "PLAC"), identifier("A-3", "ACSN")),), "A-3"),
        ({"identifier": [ACCESSION, dict(ACCESSION)]}, (), "ACC-1"),
    ],
)
def test_the_accession_is_the_reports_or_its_orders(more, others, expected):
    assert read_report(sent(tracer(), others=others, **more)).accession == expected


def test_the_order_is_the_placers():
    found = read_report(
        sent(tracer(), others=(order(identifier("O-1", "PLAC"), identifier("A", "ACSN")),), basedOn=BASED)
    )
    assert (found.order, found.order_authority) == ("O-1", "urn:x")

    two = read_report(
        sent(tracer(), others=(order(identifier("O-1", "PLAC"), identifier("O-2", "PLAC")),), basedOn=BASED)
    )
    assert two.order is None
    assert "several identifiers Bundle.entry[0].resource: header.order" in two.notes


def test_a_study_that_is_not_named_or_named_twice_holds_the_report():
    twice = [identifier("A", "ACSN"), identifier("B", "ACSN")]

    assert held(sent(tracer(), identifier=None)) == ("field-missing", "Bundle.entry[0].resource")
    assert held(sent(tracer(), identifier=[{"system": "urn:x"}])) == ("field-missing", "Bundle.entry[0].resource")
    assert held(sent(tracer(), identifier=twice)) == ("value-conflict", "Bundle.entry[0].resource")


def test_an_accession_may_be_plain_text():
    mapping = changed("    - identifier\n  order", "    - extension('urn:acc').value\n    - identifier\n  order")
    extension = [{"url": "urn:acc", "valueString": " A-7 "}]

    assert read_report(sent(tracer(), identifier=None, extension=extension), mapping).accession == "A-7"
    assert (
        held(sent(tracer(), identifier=None, extension=[{"url": "urn:acc", "valueInteger": 7}]), mapping)[0]
        == "field-missing"
    )
    odd = [{"url": "urn:acc", "valueIdentifier": {"value": {"x": 1}}}]
    assert held(sent(tracer(), identifier=None, extension=odd), mapping)[0] == "field-missing"
    blank = [{"url": "urn:acc", "valueString": " "}]
    assert held(sent(tracer(), identifier=None, extension=blank), mapping)[0] == "field-missing"


@pytest.mark.parametrize(
    ("more", "acquired", "note"),
    [
        ({"effectiveDateTime": "2026-11-19"}, datetime(2026, 11, 19, tzinfo=UTC), "no time zone"),
        ({"effectiveDateTime": "2026-11"}, None, "names no day"),
        ({"effectiveDateTime": None}, None, ""),
        (
            {
                "effectiveDateTime": None,
                "effectivePeriod": {"start": "2026-11-19T10:00:00Z", "end": "2026-11-19T11:00:00Z"},
            },
            datetime(2026, 11, 19, 10, tzinfo=UTC),
            "",
        ),
        ({"effectiveDateTime": None, "effectivePeriod": {"end": "2026-11-19"}}, None, ""),
    ],
)
def test_the_acquisition_is_what_the_report_is_effective_for(more, acquired, note):
    found = read_report(sent(tracer(), **more))

    assert found.study.acquired == (acquired.replace(tzinfo=UTC) if acquired else None)
    assert note in " ".join(found.notes)


def test_a_time_that_is_none_holds_the_report():
    assert held(sent(tracer(), effectiveDateTime="today")) == (
        "value-unreadable",
        "Bundle.entry[0].resource.effectiveDateTime",
    )


def test_without_issued_the_report_is_of_its_last_change():
    found = read_report(sent(tracer(), issued=None, meta={"lastUpdated": "2026-11-20T09:00:00Z"}))

    assert found.issued == datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize("status", [status.value for status in ReportStatus if status is not ReportStatus.UNKNOWN])
def test_the_status_is_the_reports_own(status):
    assert read_report(sent(tracer(), status=status)).study.status.value == status


@pytest.mark.parametrize(
    ("status", "problem"), [("unknown", "status-unknown"), ("done", "status-unknown"), (None, "field-missing")]
)
def test_a_report_that_does_not_say_how_it_stands_is_held(status, problem):
    assert held(sent(tracer(), status=status)) == (problem, "Bundle.entry[0].resource.status")


def test_a_site_may_have_a_status_of_its_own():
    stated = "  status: {field: extension('urn:s').value, lookup: states}\n  zone: UTC"
    mapping = site(
        CANONICAL.replace("  zone: UTC", stated).replace("tables:\n", "tables:\n  states: {signed: final}\n", 1)
    )

    def said(value):
        return sent(tracer(), status="preliminary", extension=[{"url": "urn:s"} | value])

    assert read_report(said(text("Signed")), mapping).study.status is ReportStatus.FINAL
    assert held(said(text("open")), mapping)[0] == "status-unknown"
    assert held(said({"valueCodeableConcept": {"coding": [{"system": "x"}]}}), mapping)[0] == "status-unknown"
    assert held(sent(tracer()), mapping)[0] == "field-missing"


def test_a_report_that_is_not_read_yet_says_which_study_it_is():
    mapping = changed("in: [123001^Radiopharmaceutical^DCM, ^^99NETPET]", "in: [81555-5]").form
    assert mapping.match[0].any_of == ("81555-5",)
    by_code = site(
        CANONICAL.replace("path: Observation.code", "path: DiagnosticReport.code").replace(
            "in: [123001^Radiopharmaceutical^DCM, ^^99NETPET]", "in: [81555-5^^LN]"
        )
    )
    found = read_report(sent(status="cancelled"), by_code)

    assert (found.study.status, found.kind, found.accession) == (ReportStatus.CANCELLED, None, "ACC-1")
    assert held(sent(), by_code) == ("field-missing", "Bundle.entry[0].resource")


def test_a_patient_without_identifier_holds_the_report():
    nobody = PATIENT | {"identifier": [{"system": "urn:x"}]}

    assert held(sent(tracer(), patient=nobody)) == ("field-missing", "Bundle.entry[0].resource.subject")


def test_the_mapping_chooses_the_patients_identifier():
    several = PATIENT | {"identifier": [identifier("1", "NH", "urn:a"), identifier("2", "MR", "urn:oid:1.2.3")]}
    chosen = changed("patient: {prefer: [MR]}", "patient: {authority: [urn:a]}")

    assert read_report(sent(tracer(), patient=several)).patient.value == "2"
    assert read_report(sent(tracer(), patient=several), chosen).patient.value == "1"


def test_a_finding_that_is_named_and_not_there_holds_the_report():
    gone = [{"reference": "Observation/tracer"}, {"reference": "Observation/gone"}]

    assert held(sent(tracer(), result=gone)) == ("not-found", "Bundle.entry[0].resource.result[1]")
    assert held(sent(tracer(), result=[*gone[:1], {"display": "Lesion"}])) == (
        "not-found",
        "Bundle.entry[0].resource.result[1]",
    )
    assert held(sent(tracer(), result=[*gone[:1], {"reference": "Patient/p1"}])) == (
        "resource-invalid",
        "Bundle.entry[0].resource.result[1]",
    )


def test_a_retracted_report_need_not_bring_its_findings():
    found = read_report(
        sent(
            tracer(),
            status="entered-in-error",
            result=[{"reference": "Observation/tracer"}, {"reference": "Observation/x"}],
        )
    )

    assert (found.study.status, found.kind) == (ReportStatus.ENTERED_IN_ERROR, TracerKind.FDG)


def test_an_order_that_is_not_there_is_noted():
    assert "not in the message Bundle.entry[0].resource.basedOn[0]" in read_report(sent(tracer(), basedOn=BASED)).notes


def test_two_reports_of_a_body_are_two_studies_of_one_patient():
    sstr = tracer("724025002", id="t2")
    second = report(sstr, id="r2", identifier=[identifier("ACC-2", "ACSN")])
    found = read(bundle(report(tracer()), second, PATIENT, tracer(), sstr))

    assert isinstance(found, Extraction)
    assert [one.kind for one in found.reports] == [TracerKind.FDG, TracerKind.SSTR]


def test_reports_of_one_body_that_do_not_go_together_hold_it():
    same = bundle(report(tracer()), report(tracer(), id="r2"), PATIENT, tracer())
    assert held(same)[0] == "value-conflict"

    other = PATIENT | {"id": "p2", "identifier": [identifier("9")]}
    second = report(tracer(id="t2"), id="r2", identifier=[identifier("B", "ACSN")], subject={"reference": "Patient/p2"})
    assert held(bundle(report(tracer()), second, PATIENT, other, tracer(), tracer(id="t2")))[0] == "patient-mismatch"


def test_a_report_that_is_none_of_ours_stands_beside_one_that_is():
    chest = observation("c", concept("59776-5", LN), text("No finding."))
    other = report(chest, id="r2", code=concept("36643-5", LN))
    found = read(bundle(other, report(tracer()), PATIENT, chest, tracer()))

    assert isinstance(found, Extraction)
    assert len(found.reports) == 1
    assert read(bundle(other, PATIENT, chest)) == Ignored()
    assert read(bundle(PATIENT)) == Ignored("a body without a report")


def test_a_report_waits_in_its_patients_line_before_it_is_read():
    mappings = canonical_fhir()
    found = unit(sent(tracer()))

    assert mappings.authorities[AUTHORITIES["HOSP"]] == "HOSP"
    assert found.lane(mappings.authorities) == read_report(sent(tracer())).patient.key
