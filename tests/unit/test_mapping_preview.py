"""A preview says of each field which fact it fed, of each observation that feeds nothing why, and hides the patient."""

import json

from mapping_messages import MALIGNANT, MSH, SITE, SITE_MSH, SITE_OBR, canonical, obr, site, site_oru

from adapter.mapping.cases_reading import InputReading
from adapter.mapping.impact import Replayed
from adapter.mapping.preview import _Viewing, preview
from adapter.mapping.watch import Touch, Watch
from adapter.outcome import Ignored, Place
from adapter.scoring.result import Policy

MAPPING = site(SITE + "narrative: {obx: [REMARK^^99STE]}\n")
SUV = ("NM", "SUVMAX^^99STE", "1", "8", "g/mL")


def previewed(*messages, mapping=MAPPING, masked=True):
    replayed = [Replayed(str(number), message.encode()) for number, message in enumerate(messages, 1)]
    return preview(replayed, mapping, Policy(), masked=masked)


def viewed(message, **facts):
    (found,) = previewed(message, **facts).messages
    return found


def segment(view, name, sequence=1):
    return next(one for one in view.segments if (one.id, one.sequence) == (name, sequence))


def fed(view, name, sequence=1):
    return {field.number: field.facts for field in segment(view, name, sequence).fields if field.facts}


def test_each_field_names_the_facts_that_it_fed():
    view = viewed(site_oru(MALIGNANT, SUV))

    assert view.state == "read"
    assert fed(view, "OBX", 1) == {5: ("nature",)}
    assert fed(view, "OBX", 2) == {5: ("suv",)}
    assert fed(view, "PID") == {3: ("patient",)}
    assert fed(view, "OBR")[4] == ("tracer",)
    assert fed(view, "OBR")[7] == ("acquired",)


def test_the_report_and_its_lesions_stand_as_they_were_read():
    (report,) = viewed(site_oru(MALIGNANT, SUV)).reports

    assert report.facts["tracer"] == "68Ga-DOTATATE"
    assert report.lesions == ({"row": "1", "nature": "tumour", "uptake": "unknown", "suv": "8"},)


def test_what_no_rule_reads_is_named_and_prose_is_told_apart():
    view = viewed(site_oru(MALIGNANT, ("ST", "GDT^Remark^L", "", "x"), ("TX", "Y^Z^L", "", "y")))

    assert view.unused == ("OBX[2] GDT^Remark^L",)
    assert segment(view, "OBX", 3).label == "prose"
    assert not segment(view, "OBX", 3).is_used


def test_a_code_of_prose_is_prose():
    view = viewed(site_oru(MALIGNANT, ("ST", "REMARK^^99STE", "", "x")))

    assert segment(view, "OBX", 2).label == "prose"


def test_an_observation_that_is_retracted_feeds_nothing_and_says_so():
    view = viewed(site_oru(MALIGNANT, (*SUV, "D")))

    assert (fed(view, "OBX", 2), segment(view, "OBX", 2).label) == ({}, "states nothing, or is retracted")
    assert view.unused == ()


def test_of_a_held_message_the_place_is_marked_and_the_other_codes_say_what_they_lead_to():
    view = viewed(site_oru(MALIGNANT, SUV, ("CWE", "NEW^^99STE", "1", "x")))

    assert view.state.startswith("held: code-unknown OBX[3]-3.1 ")
    assert fed(view, "OBX", 2) == {5: ("suv",)}
    assert segment(view, "OBX", 3).label.startswith("held: code-unknown: ")
    assert (view.reports, segment(view, "OBX", 2).label) == ((), "")


def test_a_second_unknown_code_behind_the_one_that_holds_is_seen_too():
    view = viewed(site_oru(MALIGNANT, ("CWE", "NEW^^99STE", "1", "x"), ("CWE", "NEWER^^99STE", "1", "x")))

    assert view.unused == ("OBX[3] NEWER^^99STE",)


def test_a_message_held_for_a_segment_as_a_whole_marks_each_of_it():
    view = viewed(site_oru(MALIGNANT, head=obr(procedure="PETGA68^^99STE", status="")))

    assert segment(view, "OBR").label.startswith("held: field-missing")


def test_who_the_patient_and_the_readers_are_is_masked():
    readers = SITE_OBR + "||||||||7^READER"
    message = site_oru(MALIGNANT, head=readers) + "\rNK1|1|DOE^JOHN\rOBX|2|ST|SUVMAX^^99STE|1|8|||||||||||READER"
    view = viewed(message)

    told = json.dumps([[field.text for field in one.fields] for one in view.segments]) + str(view.reports)
    assert not [name for name in ("DOE", "123456", "19600101", "READER", "JOHN") if name in told]
    assert "ACC-1^RIS" in told


def test_unmasked_the_message_stands_as_it_was_sent():
    view = viewed(site_oru(MALIGNANT), masked=False)

    assert [field.text for field in segment(view, "PID").fields][4] == "DOE^JANE"
    assert view.reports[0].facts["patient"].startswith("123456")


def test_the_header_begins_with_its_delimiters():
    assert segment(viewed(site_oru(MALIGNANT)), "MSH").fields[0].text == r"^~\&"


def test_two_messages_of_a_patient_give_a_score():
    fdg = site_oru(MALIGNANT, SUV, head=obr("ACC-2^RIS", procedure="PETFDG^^99STE"))

    found = previewed(site_oru(MALIGNANT, SUV), fdg)

    assert [score.result.interval_days for score in found.scores] == [0]
    assert [one.name for one in found.messages] == ["1", "2"]


def test_what_was_touched_by_one_message_is_not_told_of_the_next():
    found = previewed(site_oru(MALIGNANT, SUV), site_oru(MALIGNANT, (*SUV, "D")))

    assert fed(found.messages[1], "OBX", 2) == {}


def test_bytes_that_are_no_message_have_no_segments():
    view = viewed("MSH|")

    assert (view.segments, view.state.startswith("refused: ")) == ((), True)


def test_a_message_of_nobody_is_shown_and_not_read():
    view = viewed(site_oru(MALIGNANT).replace("STELSE", "OTHER"))

    assert view.state.startswith("held: no-mapping MSH")
    assert segment(view, "MSH").label.startswith("held: no-mapping")


def test_of_a_body_without_segments_the_paths_that_fed_a_fact_are_named():
    watch = Watch([Touch(("header", "acquired", 0), Place(path="DiagnosticReport.effectiveDateTime"))])
    viewing = _Viewing(MAPPING.plan, InputReading(Ignored()), watch, masked=True)

    view = viewing.message(Replayed("body.json", b"{}"))

    assert (view.state, view.segments) == ("ignored", ())
    assert view.paths == (("DiagnosticReport.effectiveDateTime", "acquired"),)


def test_the_canonical_form_is_read_from_its_own_codes():
    (mapping,) = canonical().mappings
    message = site_oru(("CWE", "123001^x^DCM", "", "35321007^x^SCT"), msh=MSH)

    assert fed(viewed(message, mapping=mapping), "OBX", 1) == {5: ("tracer",)}
    assert SITE_MSH != MSH
