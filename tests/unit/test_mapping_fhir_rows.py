"""Which Observations make up one lesion, in the ways that hospitals write it; and what a FHIR mapping can say."""

import pytest
from fhir_bodies import (
    CANONICAL,
    LN,
    NEGATIVE,
    OURS,
    POSITIVE,
    SCT,
    UPTAKE,
    coded,
    component,
    concept,
    held,
    lesion,
    observation,
    quantity,
    read,
    read_report,
    row,
    sent,
    site,
    text,
    tracer,
)

from adapter.mapping.errors import MappingFileError
from adapter.outcome import Held, Ignored, Problem
from adapter.scoring.lesion import Nature, Uptake


def members(*ids):
    return {"hasMember": [{"reference": f"Observation/{one}"} for one in ids]}


def changed(*pairs):
    words = CANONICAL
    for old, new in pairs:
        assert old in words, old
        words = words.replace(old, new)
    return site(words)


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


def with_rule(line, tables=""):
    return changed(("  in_field:", f"  {line}\n  in_field:"), ("tables:\n", f"tables:\n{tables}"))


@pytest.mark.parametrize(
    ("path", "more", "expected"),
    [
        ("method", {"method": concept("PET", "urn:m")}, "PET"),
        ("method.coding", {"method": concept("PET", "urn:m")}, "PET"),
        ("method.text", {"method": {"text": " by eye "}}, "by eye"),
        ("extension('urn:r').value", {"extension": [{"url": "urn:r", "valueDecimal": 1}]}, "1"),
        ("extension('urn:r').value", {"extension": [{"url": "urn:r", "valueBoolean": True}]}, "yes"),
        ("component[0].value", {}, "10828004"),
        ("component[0].code", {}, "uptake"),
        ("component[7].code", {}, None),
        ("method", {"method": {"coding": [{"system": "urn:m"}]}}, None),
        ("Patient.birthDate", {}, "1960-01-01"),
        ("Observation.status", {}, "final"),
    ],
)
def test_a_fact_may_stand_at_a_path(path, more, expected):
    mapping = with_rule(f'cross_reference: {{fhirpath: "{path}"}}')
    (found,) = read_report(sent(tracer(), lesion("l1", UPTAKE, **more)), mapping).rows

    assert found.cross_reference == expected


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("subject", {"subject": {"reference": "Patient/p1"}}),
        ("subject.resolve()", {"subject": {"reference": "Patient/p1"}}),
        ("derivedFrom.resolve()", {"derivedFrom": [{"reference": "Observation/tracer"}]}),
        ("extension('urn:r')", {"extension": [{"url": "urn:r", "extension": [{"url": "x"}]}]}),
        ("extension('urn:r').value", {"extension": [{"url": "urn:r", "valuePeriod": {"start": "2026"}}]}),
    ],
)
def test_a_path_to_what_is_no_value_holds_the_report(path, more):
    mapping = with_rule(f'cross_reference: {{fhirpath: "{path}"}}')

    assert held(sent(tracer(), lesion("l1", UPTAKE, **more)), mapping)[0] == "value-unreadable"


def test_one_path_in_several_observations_of_a_lesion_says_it_once():
    site_of = {"bodySite": concept("10200004", SCT)}
    body = sent(tracer(), lesion("l1", **members("call"), **site_of), others=(CALL | site_of,))
    (found,) = read_report(body).rows
    assert found.site == "10200004"

    other = {"bodySite": concept("39607008", SCT)}
    assert (
        held(sent(tracer(), lesion("l1", **members("call"), **site_of), others=(CALL | other,)))[0] == "value-conflict"
    )


def test_a_rule_may_have_conditions():
    line = 'nature: [{{const: uncertain, when: {{"{path}": [{value}]}}}}, {{const: tumour}}]'

    def nature_of(path, value, **more):
        words = line.format(path=path, value=value)
        mapping = changed(("nature: {code: [nature^Nature of the lesion^99NETPET], absent: tumour}", words))
        (found,) = read_report(sent(tracer(), lesion("l1", UPTAKE, **more)), mapping).rows
        return found.nature

    assert nature_of("status", "final") is Nature.UNCERTAIN
    assert nature_of("status", "amended") is Nature.TUMOUR
    assert nature_of("DiagnosticReport.code", "81555-5^^LN") is Nature.UNCERTAIN
    assert nature_of("DiagnosticReport.code", "^^LN") is Nature.UNCERTAIN
    assert nature_of("DiagnosticReport.code.coding", "81555-5") is Nature.UNCERTAIN
    assert nature_of("DiagnosticReport.code", "^^SCT") is Nature.TUMOUR
    assert (
        nature_of("extension('urn:b').value", "true", extension=[{"url": "urn:b", "valueBoolean": True}])
        is Nature.UNCERTAIN
    )
    assert (
        nature_of("extension('urn:b').value", "false", extension=[{"url": "urn:b", "valueBoolean": True}])
        is Nature.TUMOUR
    )
    assert nature_of("extension('urn:b').value", "x", extension=[{"url": "urn:b", "valueInteger": 1}]) is Nature.TUMOUR
    assert nature_of("method", "x^^y", method={"text": "x"}) is Nature.TUMOUR
    assert nature_of("extension('urn:b')", "x", extension=[{"url": "urn:b", "coding": "x"}]) is Nature.TUMOUR


def test_a_rule_on_a_code_may_have_conditions():
    line = "uptake: {code: [uptake^Uptake^99NETPET], lookup: calls}"
    mapping = changed((line, line.replace("lookup", "when: {bodySite: [10200004^^SCT]}, lookup")))

    def uptake(code):
        (found,) = read_report(sent(tracer(), lesion("l1", UPTAKE, bodySite=concept(code, SCT))), mapping).rows
        return found.finding.uptake

    assert (uptake("10200004"), uptake("39607008")) == (Uptake.POSITIVE, Uptake.UNKNOWN)


def test_the_reports_own_facts_may_stand_at_a_path():
    mapping = changed(
        ("report:\n", "report:\n  extent: {fhirpath: conclusionCode, lookup: extents}\n"),
        ("  extent: {code: [extent^Extent of disease^99NETPET]}\n", ""),
        ("tables:\n", "tables:\n  extents: {M1: metastatic}\n"),
    )

    body = sent(tracer(), conclusionCode=[{"coding": [{"code": "M1"}]}])

    assert read_report(body, mapping).study.extent == "metastatic"


WRONG = {
    "rows of nothing": (("  lesion: [lesion^Lesion^99NETPET]", "  members: true"), "told apart by"),
    "an OBX": (("uptake: {code: [uptake^Uptake^99NETPET]", "uptake: {obx: [uptake^Uptake^99NETPET]"), "write `code`"),
    "a field": (("{code: [nature^Nature of the lesion^99NETPET]", "{field: OBX-5"), "write `code`"),
    "a position to match": (("- path: Observation.code", "- path: OBX-3"), "a path into the resources"),
    "a position in the header": (("acquired: [effective]", "acquired: [OBR-7]"), "a path into the resources"),
    "a position as condition": (("lookup: calls}", "lookup: calls, when: {OBR-4: [x]}}"), "a path into the resources"),
    "a position as key": (("  kind: fhir\n", "  kind: fhir\n  key: OBX-4\n"), "a path into the resources"),
    "a position as path": (("{fhirpath: bodySite,", "{fhirpath: OBX-5,"), "a path into the resources"),
    "a path that is none": (("{fhirpath: bodySite,", "{fhirpath: 'bodySite.where(',"), "no path of the subset"),
    "a status elsewhere": (("  zone: UTC", "  status: {field: category}\n  zone: UTC"), "needs a `lookup` table"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mapping_that_does_not_hold_together_is_refused_with_a_cure(name):
    pair, said = WRONG[name]
    with pytest.raises(MappingFileError, match=said):
        changed(pair)


def test_a_mapping_of_v2_has_no_paths_and_no_codes_of_observations():
    v2 = (
        CANONICAL.split("rows:")[0]
        + "rows: {kind: obx-subid, key: {parts: 1}}\n"
        + "lesion:"
        + CANONICAL.split("\nlesion:")[1]
    )

    with pytest.raises(MappingFileError) as refused:
        site(v2)
    said = str(refused.value)
    assert "this mapping reads HL7 v2: write `obx` or `field`" in said
    assert "this mapping reads HL7 v2: write a position (`OBR-4.1`)" in said


CHEST = {"code": concept("36643-5", LN)}
PLAIN = observation("o", concept("59776-5", LN), text("No finding."))


def foreign(*results, **more):
    """A report that the canonical mapping does not own."""
    return read(sent(PLAIN, *results, **(CHEST | more)))


@pytest.mark.parametrize(
    "code",
    [
        concept("81555-5", LN),
        concept("443271005", SCT),
        {"text": "PET/CT whole body"},
        {"coding": [{"code": "NM7", "display": "Ga-68 DOTATATE"}]},
        concept("x", OURS),
        None,
    ],
)
def test_a_report_whose_procedure_may_be_pet_is_held(code):
    found = foreign(code=code)

    assert isinstance(found, Held)
    assert (found.problem, str(found.place)) == (Problem.NO_MAPPING, "Bundle.entry[0].resource")


def test_a_report_that_speaks_of_pet_is_held():
    suv = observation("s", {"text": "SUVmax"}, quantity(4))
    panel = observation(
        "p",
        concept("1-1", LN),
        None,
        component=[component("126401", quantity(4), "http://dicom.nema.org/resources/ontology/DCM")],
    )
    order = {"resourceType": "ServiceRequest", "id": "s", "code": {"text": "FDG-PET"}}

    assert isinstance(foreign(suv), Held)
    assert isinstance(foreign(panel), Held)
    assert isinstance(read(sent(PLAIN, others=(order,), basedOn=[{"reference": "ServiceRequest/s"}], **CHEST)), Held)
    assert foreign() == Ignored()


def test_a_report_that_a_draft_would_own_is_held_for_it():
    draft = changed(
        ("status: active", "status: draft"), ("in: [123001^Radiopharmaceutical^DCM, ^^99NETPET]", "in: [59776-5^^LN]")
    )

    assert isinstance(read(sent(PLAIN, **CHEST), draft), Held)


def test_two_owners_hold_the_report():
    other = changed(("id: canonical_fhir", "id: other"))
    found = read(sent(tracer()), changed(("owner: netpet-adapter", "owner: us")), other)

    assert isinstance(found, Held)
    assert (found.problem, "canonical_fhir@1.0.0, other@1.0.0" in found.rule) == (Problem.SEVERAL_MAPPINGS, True)


def test_a_report_of_nothing_but_scores_of_this_program_is_let_go():
    score = observation("s", concept("netpet-score"), coded("P2a", "urn:grades"))

    assert read(sent(score)) == Ignored("a score of this program that came back")


def test_paths_of_other_resources_may_stand_in_many_rules():
    mapping = changed(
        ("  in_field:", "  cross_reference: {fhirpath: Patient.birthDate}\n  in_field:"),
        ("  ki67:", "  who_grade: {fhirpath: Patient.id}\n  ki67:"),
        ("  who_grade: {code: [who-grade^WHO grade^99NETPET]}\n", ""),
    )
    found = read_report(sent(tracer(), lesion("l1", UPTAKE)), mapping)

    assert (found.study.who_grade, found.rows[0].cross_reference) == ("p1", "1960-01-01")
