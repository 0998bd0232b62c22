"""What cannot be read with certainty holds the message at its place; what is tolerated is noted; nothing is silent."""

import pytest
from mapping_messages import (
    FDG,
    MSH,
    NEGATIVE,
    PID,
    POSITIVE,
    SSTR,
    canonical,
    groups,
    held,
    obr,
    oru,
    outcome,
    own,
    report,
)

from adapter.hl7v2.message import Message
from adapter.mapping.errors import ExtractionError
from adapter.mapping.extract import balanced
from adapter.mapping.message_reading import Extraction, read_message
from adapter.outcome import Held, Problem
from adapter.scoring.lesion import Uptake


def size(text, unit="mm", kind="NM"):
    return (kind, "103339001^Long axis^SCT", "1", text, unit)


def suv(text, unit="g/mL", kind="NM"):
    return (kind, "126401^SUVbw^DCM", "1", text, unit)


@pytest.mark.parametrize(
    ("observation", "problem", "place"),
    [
        (("CWE", "uptake^^99NETPET", "1", "260385010^Perhaps^SCT"), "code-unknown", "OBX[2]-5.1"),
        (("CWE", "uptake^^99NETPET", "1", "10828004^Positive^L"), "code-unknown", "OBX[2]-5.1"),
        (own("uptake", "1", "positive"), "code-unknown", "OBX[2]-5"),
        (own("uptake", "1", "", "ED"), None, None),
        (own("uptake", "1", "x^y", "ED"), "code-unknown", "OBX[2]-5"),
        (own("uptake", "1", "5", "NM"), "code-unknown", "OBX[2]-5"),
        (("CWE", "uptake^^99NETPET", "1", "10828004^^SCT^260385009^^SCT"), "value-conflict", "OBX[2]-5"),
        (("CWE", "363698007^Finding site^SCT", "1", "23451007^Adrenal^SCT"), "code-unknown", "OBX[2]-5.1"),
        (("CWE", "272741003^Laterality^SCT", "1", "1^Side^SCT"), "code-unknown", "OBX[2]-5.1"),
        (own("shoe-size", "1", "44"), "code-unknown", "OBX[2]-3.1"),
        (own("shoe-size", "1", "44", "TX"), "code-unknown", "OBX[2]-3.1"),
        (own("reader-grade", "", "P6"), "code-unknown", "OBX[2]-5"),
        (own("extent", "", "regional"), "code-unknown", "OBX[2]-5"),
        (own("nature", "1", "benign"), "code-unknown", "OBX[2]-5"),
        (own("paired", "1", "perhaps"), "code-unknown", "OBX[2]-5"),
        (own("relative-uptake", "1", "fdg-much-higher"), "code-unknown", "OBX[2]-5"),
        (own("lesion-count", "1", "a handful"), "code-unknown", "OBX[2]-5"),
        (own("lesion-count", "1", "", "ED"), None, None),
        (own("lesion-count", "1", "^3^:^4", "SN"), "code-unknown", "OBX[2]-5"),
        (own("lesion-count", "1", "0", "NM"), "value-unreadable", "OBX[2]-5"),
        (own("lesion-count", "1", "1.5", "NM"), "value-unreadable", "OBX[2]-5"),
        (own("lesion-count", "1", "^2^-^2.5", "SN"), "value-unreadable", "OBX[2]-5"),
        (own("lesion-count", "1", "<^1", "SN"), "value-unreadable", "OBX[2]-5"),
        (own("krenning", "1", "5", "NM"), "value-unreadable", "OBX[2]-5"),
        (own("krenning", "1", "2.5", "NM"), "value-unreadable", "OBX[2]-5"),
        (own("krenning", "1", ">=^2", "SN"), "value-unreadable", "OBX[2]-5"),
        (own("krenning", "1", "<^2", "SN"), "value-unreadable", "OBX[2]-5"),
        (own("krenning", "1", "high"), "value-unreadable", "OBX[2]-5"),
        (own("krenning", "1", "^3^:^4", "SN"), "value-unreadable", "OBX[2]-5"),
        (("ST", "112040^Tracking UID^DCM", "1", "1.2.x"), "value-unreadable", "OBX[2]-5"),
        (("ST", "112040^Tracking UID^DCM", "1", "1." * 40 + "1"), "value-unreadable", "OBX[2]-5"),
        (suv("high"), "value-unreadable", "OBX[2]-5"),
        (suv("high", kind="ST"), "value-unreadable", "OBX[2]-5"),
        (suv("^3^:^4", kind="SN"), "value-unreadable", "OBX[2]-5"),
        (suv("8,4"), "value-unreadable", "OBX[2]-5"),
        (size("NaN"), "value-unreadable", "OBX[2]-5"),
        (size("small", kind="ST"), "value-unreadable", "OBX[2]-5"),
        (size("0"), "value-unreadable", "OBX[2]-5"),
        (size("-3"), "value-unreadable", "OBX[2]-5"),
        (size("<^5", kind="SN"), "value-unreadable", "OBX[2]-5"),
        (size(">^5", kind="SN"), "value-unreadable", "OBX[2]-5"),
        (size("^4^-^6", kind="SN"), "value-unreadable", "OBX[2]-5"),
        (size("1", "[in_i]"), "unit-unsupported", "OBX[2]-6"),
        (size("1", "[in_i]", "ST"), "unit-unsupported", "OBX[2]-6"),
        (("NM", "29593-1^Ki-67^LN", "", "12", "mm"), "unit-unsupported", "OBX[2]-6"),
        (("CWE", "uptake^^99NETPET", "", "10828004^Positive^SCT"), "field-missing", "OBX[2]-4"),
        (("CWE", "uptake^^99NETPET", ".1", "10828004^Positive^SCT"), "value-unreadable", "OBX[2]-4"),
        (("CWE", "uptake^^99NETPET", ".", "10828004^Positive^SCT"), "value-unreadable", "OBX[2]-4"),
        (("CWE", "uptake^^99NETPET^krenning^^99NETPET", "1", "2"), "value-conflict", "OBX[2]-3"),
        (own("paired", "1", "yes", status=""), "field-missing", "OBX[2]-11"),
        (own("paired", "1", "yes", status="Q"), "status-unknown", "OBX[2]-11"),
        (own("paired", "1", "yes", status="U"), "status-unknown", "OBX[2]-11"),
    ],
)
def test_a_value_that_is_not_certain_holds_the_message_at_its_place(observation, problem, place):
    found = outcome(oru(FDG, observation))

    if problem is None:
        assert found.reports[0].notes == ("no value OBX[2]",)
    else:
        assert isinstance(found, Held)
        assert found.problem.value == problem
        assert str(found.place) == place


@pytest.mark.parametrize(
    "tracer", ["^Unknown", "412345^Something^SCT", "35321007^FDG^LN", "68ga-fapi^^99NETPET", "35321007^FDG^"]
)
def test_an_unknown_tracer_holds_the_message(tracer):
    assert held(oru(("CWE", "123001^Radiopharmaceutical^DCM", "", tracer), POSITIVE)) == ("code-unknown", "OBX[1]-5.1")


def test_a_study_without_a_tracer_is_held():
    assert held(oru(POSITIVE)) == ("field-missing", "OBR[1]")


def test_a_held_message_names_rule_and_place_and_never_a_value():
    found = outcome(oru(FDG, own("extent", "", "DOE JANE")))

    assert "DOE" not in f"{found}"
    assert found.rule == "report.extent: the value is not in the fact's words"


@pytest.mark.parametrize(
    ("first", "second", "place"),
    [
        (POSITIVE, NEGATIVE, "OBX[3]-5"),
        (suv("8"), suv("9"), "OBX[3]-5"),
        (suv("8"), suv(">^8", kind="SN"), "OBX[3]-5"),
        (suv("8"), suv("8", "kBq/mL"), "OBX[3]-5"),
        (own("lesions-complete", "", "yes"), own("lesions-complete", "", "no"), "OBX[3]-5"),
        (FDG, SSTR, "OBX[3]-5"),
    ],
)
def test_two_different_values_for_one_fact_hold_the_message(first, second, place):
    assert held(oru(FDG, first, second)) == ("value-conflict", place)


def test_two_different_values_in_one_field_hold_the_message():
    uptake = ("CWE", "uptake^^99NETPET", "1", "10828004^Positive^SCT~260385009^Negative^SCT")

    assert held(oru(FDG, uptake)) == ("value-conflict", "OBX[2]-5")


def test_an_equal_repeat_is_accepted_and_noted():
    found = report(oru(FDG, POSITIVE, POSITIVE, suv("8"), suv("8.0")))

    assert found.rows[0].finding.uptake is Uptake.POSITIVE
    assert found.notes == ("equal repeat OBX[3]-5: lesion.uptake", "equal repeat OBX[5]-5: lesion.suv")


def test_the_same_fact_of_two_rows_is_no_conflict():
    found = report(oru(FDG, POSITIVE, (*NEGATIVE[:2], "2", NEGATIVE[3])))

    assert [lesion.finding.uptake for lesion in found.rows] == [Uptake.POSITIVE, Uptake.NEGATIVE]


def test_what_no_rule_reads_is_named():
    found = report(
        oru(
            FDG,
            ("NM", "8302-2^Height^LN", "", "170", "cm"),
            ("FT", "59776-5^Findings^LN", "", "prose"),
            ("TX", "", "", "more"),
            ("ST", "18748-4^Report^LN", "", "short"),
            ("ST", "99999^Weight", "1", "70"),
            ("ED", "PDF^Report^L", "", "^application^pdf^Base64^xxxx"),
            ("ST", "", "", "no code"),
        )
    )

    assert found.rows == ()
    assert found.notes == ("narrative OBX[3..5], OBX[7]", "unused OBX[2]", "unused OBX[6]", "unused OBX[8]")


@pytest.mark.parametrize("time", ["yesterday", "20261301", "2026111"])
def test_a_time_that_is_none_holds_the_message(time):
    assert held(oru(FDG, head=obr(time=time))) == ("value-unreadable", "OBR[1]-7")


def test_a_message_time_that_is_none_holds_the_message_only_where_it_is_needed():
    msh = MSH.replace("20261120101500+0100", "now")
    issued = "OBR|1|PL1|FILL1||||20261119|||||||||||||||20261121083000+0000|||F"

    assert held(oru(FDG, msh=msh)) == ("value-unreadable", "MSH[1]-7")
    assert isinstance(outcome(oru(FDG, msh=msh, head=issued)), Extraction)


@pytest.mark.parametrize("pid", ["PID|1||||DOE^JANE", "PID|1||^^^HOSP^MR||DOE^JANE", 'PID|1||""||DOE^JANE'])
def test_a_patient_without_an_identifier_is_held(pid):
    assert held(oru(FDG, pid=pid)) == ("field-missing", "PID[1]-3")


def test_a_message_without_a_patient_is_held():
    assert held(oru(FDG).replace(f"{PID}\r", "")) == ("segment-missing", "PID")


def test_a_message_without_patient_and_order_is_held():
    found = read_message(f"{MSH}\rZZZ|1", canonical())

    assert (found.problem, str(found.place)) == (Problem.NO_MAPPING, "MSH")


@pytest.mark.parametrize(
    "other", [PID.replace("123456", "654321"), PID.replace("HOSP", "OTHER"), PID.replace("19600101", "19600102")]
)
def test_two_patients_in_one_message_stop_it(other):
    second = oru(SSTR, head=obr("ACC-2")).split("\r", 2)[2]

    assert held(f"{oru(FDG)}\r{other}\r{second}") == ("patient-mismatch", "PID[2]-3")


def test_a_study_without_an_accession_is_held():
    assert held(oru(FDG, head="OBR|1|||81555-5^PET^LN|||20261119||||||||||||||||||F")) == ("field-missing", "OBR[1]-3")


def test_an_observation_outside_every_order_is_held():
    assert held(f"{MSH}\r{PID}\rOBX||{'|'.join(FDG)}||||||F") == ("segment-missing", "OBX[1]")


def test_two_groups_of_one_study_and_tracer_are_held_because_one_would_replace_the_other():
    assert held(groups((obr(), FDG, POSITIVE), (obr(), FDG, NEGATIVE))) == ("value-conflict", "OBR[2]-3")


def test_a_message_whose_only_report_is_final_and_states_nothing_is_held():
    drafts = oru(("ST", "112039^Tracking Identifier^DCM", "1", ""), own("paired", "", ""))

    assert held(drafts) == ("segment-missing", "OBX")


def test_a_message_that_cannot_be_parsed_is_held_not_raised():
    found = read_message("not a message", canonical())

    assert found.problem is Problem.HEADER_UNREADABLE


def test_text_and_a_parsed_message_are_read_alike():
    text = oru(FDG, POSITIVE)

    assert read_message(text, canonical()) == read_message(Message.parse(text), canonical())


def test_a_report_fact_with_a_row_key_is_read_and_noted():
    found = report(oru((*FDG[:2], "1", FDG[3]), POSITIVE))

    assert found.study.tracer == "18F-FDG"
    assert found.notes == ("report-level fact with a row key OBX[1]-4",)


def test_an_observation_that_went_missing_inside_the_program_is_told():
    with pytest.raises(ExtractionError, match="not accounted for") as caught:
        balanced(3, 2)

    assert caught.value.held.problem is Problem.INTERNAL
