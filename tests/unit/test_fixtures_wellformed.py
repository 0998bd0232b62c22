"""The sample messages are what docs/formats.md calls canonical, and each is named with what must become of it."""

import json
from collections import Counter
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures"
MESSAGES = sorted(path.relative_to(FIXTURES).as_posix() for path in FIXTURES.rglob("*.hl7"))
CASES: list[dict[str, Any]] = json.loads((FIXTURES / "expected.json").read_text("utf-8"))
TABLES: dict[str, list[dict[str, Any]]] = json.loads((FIXTURES / "tables/expected.json").read_text("utf-8"))
STREAMS: list[dict[str, Any]] = json.loads((FIXTURES / "framing/expected.json").read_text("utf-8"))

CHARSETS = {"": "ascii", "ASCII": "ascii", "8859/1": "latin-1", "UNICODE UTF-8": "utf-8", "~ISO IR87": "iso2022_jp"}
VERSIONS = {"2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8"}


def words(text: str) -> set[str]:
    return set(text.split())


CALLS = {"10828004^SCT", "260385009^SCT", "42425007^SCT", "not-evaluable^99NETPET"}
SITES = {
    f"{code}^SCT"
    for code in words(
        "10200004 15776009 39607008 272673000 59441001 279795009 62683002 91394001 76838003 15425007 69695003 "
        "38848004 30315005 34516001 66754008 71854001 34402009 9875009 15497006 72410000 78961009"
    )
}
TRACERS = {
    "35321007^SCT",
    "724025002^SCT",
    "781259000^SCT",
    "C2713594^UMLS",
    "68ga-dotanoc^99NETPET",
    "64cu-dotatate^99NETPET",
    "18f-alf-nota-octreotide^99NETPET",
    "68ga-sitate^99NETPET",
}
CODED = {
    "123001^DCM": TRACERS,
    "extent^99NETPET": {"metastatic^99NETPET", "unresectable^99NETPET", "localised^99NETPET"},
    "primary-site^99NETPET": SITES,
    "363698007^SCT": SITES,
    "272741003^SCT": {"24028007^SCT", "7771000^SCT", "51440002^SCT"},
    "uptake^99NETPET": CALLS,
    "relative-uptake^99NETPET": {"fdg-lower^99NETPET", "fdg-equal^99NETPET", "fdg-higher^99NETPET"},
    "nature^99NETPET": {"tumour^99NETPET", "uncertain^99NETPET", "not-tumour^99NETPET"},
}
PLAIN = {
    "lesions-complete^99NETPET",
    "no-tumour-uptake^99NETPET",
    "intervening-therapy^99NETPET",
    "reader-grade^99NETPET",
    "liver-suv^99NETPET",
    "spleen-suv^99NETPET",
    "blood-pool-suv^99NETPET",
    "who-grade^99NETPET",
    "29593-1^LN",
    "112039^DCM",
    "112040^DCM",
    "krenning^99NETPET",
    "126401^DCM",
    "126402^DCM",
    "lesion-count^99NETPET",
    "paired^99NETPET",
    "103339001^SCT",
    "in-field^99NETPET",
    "59776-5^LN",
    "19005-8^LN",
}
PROCEDURES = {"81555-5^LN", "NM-SSTR-PET^99HOSP", "CR-CHEST-2^99HOSP"}
UNITS = {"", "mm^UCUM", "%^UCUM"} | {
    f"{unit}^UCUM" for unit in ("g/mL{SUVbw}", "g/ml{SUVbw}", "{SUVbw}g/mL", "g/mL", "1", "kBq/mL")
}
FOREIGN_ON_PURPOSE = {  # the cases about codes that no table holds
    "oru_r01/held_uptake_value_unknown/2_fdg.hl7": "avid^99NETPET",
    "demo/07_held_unknown_uptake_code_2_fdg.hl7": "avid^99NETPET",
    "oru_r01/held_observation_code_unknown/2_fdg.hl7": "uptake-intensity^99NETPET",
}

GROUP_OF = {"P0": "P0", "P1": "P1", "P5": "P5"} | {f"P{n}{s}": "P2-4" for n in (2, 3, 4) for s in ("", "a", "b")}
REASONS = words(
    """missing-fdg-study missing-sstr-study interval-extended interval-exceeded acquisition-date-missing
    intervening-therapy ambiguous-pairing lesion-status-unknown negative-by-exhaustive-statement
    outside-field-of-view equivocal-lesion non-tumour-row-excluded small-lesion-negative p5-significance-unconfirmed
    lesion-match-probable lesion-unmatched laterality-missing laterality-conflict duplicate-lesion duplicate-conflict
    aggregate-row aggregate-not-paired suffix-undetermined suv-interval-straddles suv-invalid suv-implausible-high
    suv-normalisation-mismatch suv-statistic-mismatch suv-unit-unsupported tracer-not-validated tracer-unsupported
    tracer-unknown outside-validated-population p0-with-known-disease report-not-final parent-corrected
    parent-retracted stale-message patient-mismatch lesion-list-completeness-unknown p3-boundary
    reader-grade-disagrees"""
)


class Message:
    """One sample, split by the delimiters that its own header names."""

    def __init__(self, name: str) -> None:
        self.raw = (FIXTURES / name).read_bytes()
        header = self.raw.split(b"\r", 1)[0].decode("ascii")
        self.bar, self.caret, self.tilde = header[3], header[4], header[5]
        fields = header.split(self.bar)
        charset = fields[17] if len(fields) > 17 else ""
        self.text = self.raw.decode(CHARSETS[charset])
        self.segments = [line.split(self.bar) for line in self.text.removesuffix("\r").split("\r")]
        self.segments[0].insert(1, self.bar)  # MSH-1 is the bar itself

    def named(self, name: str) -> list[list[str]]:
        return [segment for segment in self.segments if segment[0] == name]

    def field(self, segment: list[str], position: int) -> str:
        return segment[position] if len(segment) > position else ""

    def code(self, value: str) -> str:
        """Give ``code^system`` of a coded field."""
        parts = value.split(self.caret)
        return f"{parts[0]}^{parts[2]}" if len(parts) > 2 else parts[0]


@cache
def message(name: str) -> Message:
    return Message(name)


def case(name: str) -> dict[str, Any]:
    return next(each for each in CASES if name in each["files"])


def results(name: str) -> list[list[str]]:
    return message(name).named("OBX")


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_has_an_ascii_header_and_decodes_by_the_charset_it_declares(name: str) -> None:
    assert message(name).text


@pytest.mark.parametrize("name", MESSAGES)
def test_every_segment_ends_with_cr_and_there_is_no_line_feed(name: str) -> None:
    raw = message(name).raw
    assert raw.endswith(b"\r")
    assert b"\n" not in raw
    assert b"\r\r" not in raw


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_of_a_version_that_is_taken_unless_it_is_about_that(name: str) -> None:
    version = message(name).segments[0][12]
    assert (version in VERSIONS) == (case(name).get("problem") != "version")


def test_no_control_id_is_used_twice() -> None:
    ids = Counter(message(name).segments[0][10] for name in MESSAGES)
    assert [each for each, count in ids.items() if count > 1] == []


@pytest.mark.parametrize("name", MESSAGES)
def test_there_is_one_patient_with_the_expected_medical_record_number(name: str) -> None:
    found = message(name)
    (pid,) = found.named("PID")
    identifiers = [each.split(found.caret) for each in pid[3].split(found.tilde)]
    assert [each[0] for each in identifiers if each[3:5] == ["HOSP", "MR"]] == [case(name)["patient"]]


def test_no_two_cases_share_a_patient_unless_they_share_their_messages() -> None:
    files_of: dict[str, set[tuple[str, ...]]] = {}
    for each in CASES:
        files_of.setdefault(each["patient"], set()).add(tuple(each["files"]))
    assert [patient for patient, files in files_of.items() if len(files) > 1] == []


@pytest.mark.parametrize("name", MESSAGES)
def test_a_study_has_order_accession_procedure_and_its_times_in_order(name: str) -> None:
    found = message(name)
    for obr in found.named("OBR"):
        assert obr[2]
        assert obr[3]
        assert found.code(obr[4]) in PROCEDURES
        acquired, result, sent = (found.field(*at) for at in ((obr, 7), (obr, 22), (found.segments[0], 7)))
        times = [datetime.strptime(each, "%Y%m%d%H%M%S%z") for each in (acquired, result, sent) if each]
        assert times == sorted(times)


@pytest.mark.parametrize("name", MESSAGES)
def test_lines_are_numbered_within_their_study(name: str) -> None:
    number = 0
    for segment in message(name).segments:
        number = number + 1 if segment[0] == "OBX" else 0 if segment[0] == "OBR" else number
        if segment[0] == "OBX":
            assert segment[1] == str(number)


@pytest.mark.parametrize("name", MESSAGES)
def test_only_codes_of_the_contract_are_used_as_observation_codes(name: str) -> None:
    codes = {message(name).code(obx[3]) for obx in results(name)}
    assert codes - PLAIN - set(CODED) <= {FOREIGN_ON_PURPOSE.get(name)}


@pytest.mark.parametrize("name", MESSAGES)
def test_only_codes_of_the_contract_are_used_as_values(name: str) -> None:
    found = message(name)
    for obx in results(name):
        allowed = CODED.get(found.code(obx[3]), set())
        assert (obx[2] in {"CE", "CWE"}) == bool(allowed)
        if allowed:
            assert found.code(obx[5]) in allowed | {FOREIGN_ON_PURPOSE.get(name)}


@pytest.mark.parametrize("name", MESSAGES)
def test_only_units_of_the_contract_are_used(name: str) -> None:
    found = message(name)
    assert {found.code(obx[6]) for obx in results(name)} <= UNITS


@pytest.mark.parametrize("name", MESSAGES)
def test_coded_values_are_of_the_type_their_version_knows(name: str) -> None:
    old = message(name).segments[0][12] in {"2.3", "2.3.1", "2.4"}
    assert {obx[2] for obx in results(name)} <= {"ST", "FT", "NM", "SN", "CE" if old else "CWE"}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_tracking_uid_is_a_uuid_under_the_arc_2_25(name: str) -> None:
    for obx in results(name):
        if obx[3].startswith("112040"):
            arc, number = obx[5].rsplit(".", 1)
            assert arc == "2.25"
            assert 0 < int(number) < 2**128


def test_every_message_is_named_in_the_expectations_and_every_named_message_is_there() -> None:
    assert {name for each in CASES for name in each["files"]} == set(MESSAGES)


def test_every_case_has_its_own_name() -> None:
    assert max(Counter(each["name"] for each in CASES).values()) == 1


@pytest.mark.parametrize("expected", CASES, ids=lambda each: each["name"])
def test_an_expectation_says_what_becomes_of_each_message(expected: dict[str, Any]) -> None:
    assert len(expected["ack"]) == len(expected["message_states"]) == len(expected["files"])
    assert set(expected["message_states"]) <= {"read", "held", "ignored", "refused"}
    assert ("held" in expected["message_states"]) <= ("place" in expected)
    assert [ack != "AA" for ack in expected["ack"]] == [state == "refused" for state in expected["message_states"]]
    assert expected["why"].endswith(".")


@pytest.mark.parametrize("expected", CASES, ids=lambda each: each["name"])
def test_an_expectation_is_either_a_score_or_a_state(expected: dict[str, Any]) -> None:
    if expected["score"] is None:
        assert expected["state"] in {"waiting", "none", "stopped"}
    else:
        assert "state" not in expected
        assert expected["score"].get("status", "preliminary") in {"preliminary", "corrected", "entered-in-error"}


def scores() -> list[tuple[str, dict[str, Any]]]:
    from_messages = [(each["name"], each["score"]) for each in CASES if each["score"]]
    return from_messages + [(each["file"], each["result"]) for each in TABLES["good"]]


@pytest.mark.parametrize(("name", "score"), scores(), ids=lambda each: each if isinstance(each, str) else "")
def test_outcome_grade_group_and_bounds_agree(name: str, score: dict[str, Any]) -> None:
    grade, group, low_high = score.get("grade"), score.get("group"), score.get("bounds")
    if "outcome" in score:
        assert score["outcome"] == ("scored" if grade else "group-only" if group else "not-scorable")
    if grade:
        assert GROUP_OF[grade] == group
        assert low_high in (None, [int(grade[1]), int(grade[1])])
    elif low_high:
        assert low_high[0] < low_high[1]


@pytest.mark.parametrize(("name", "score"), scores(), ids=lambda each: each if isinstance(each, str) else "")
def test_only_reasons_of_the_contract_are_expected(name: str, score: dict[str, Any]) -> None:
    assert ("reasons" in score) <= ("reasons_include" not in score)
    for key in ("reasons", "reasons_include", "reasons_exclude"):
        assert set(score.get(key, [])) <= REASONS


@pytest.mark.parametrize(
    "expected", [each for each in CASES if "held" in each["message_states"]], ids=lambda e: e["name"]
)
def test_the_place_of_a_held_message_is_in_the_message(expected: dict[str, Any]) -> None:
    name = expected["files"][expected["message_states"].index("held")]
    segment, rest = expected["place"].split("[")
    ordinal, position = rest.split("]-")
    found = message(name).named(segment)[int(ordinal) - 1]
    assert len(found) > int(position.split(".")[0]) or segment == "OBR"


def test_every_lesion_table_is_named_and_there() -> None:
    named = {each["file"] for each in TABLES["good"] + TABLES["bad"]}
    found = {path.relative_to(FIXTURES).as_posix() for path in (FIXTURES / "tables").rglob("*.json")}
    assert named == found - {"tables/expected.json"}


@pytest.mark.parametrize("table", TABLES["good"], ids=lambda each: each["name"])
def test_a_good_table_has_lesions_with_the_named_patterns(table: dict[str, Any]) -> None:
    lesions = json.loads((FIXTURES / table["file"]).read_text("utf-8"))["lesions"]
    assert set(table["result"].get("patterns", {})) <= {each["id"] for each in lesions}


@pytest.mark.parametrize("table", TABLES["bad"], ids=lambda each: each["name"])
def test_a_bad_table_names_the_field_that_the_error_must_name(table: dict[str, Any]) -> None:
    assert table["exit"] == 2
    assert table["field"] is None or isinstance(table["field"][0], str)


def test_there_are_at_least_25_bad_tables() -> None:
    assert len(TABLES["bad"]) >= 25


def test_every_byte_stream_is_named_and_there() -> None:
    found = {path.relative_to(FIXTURES).as_posix() for path in (FIXTURES / "framing").glob("*.bin")}
    assert {each["file"] for each in STREAMS} == found


@pytest.mark.parametrize("stream", STREAMS, ids=lambda each: each["name"])
def test_a_stream_holds_each_message_it_must_answer_once(stream: dict[str, Any]) -> None:
    raw = (FIXTURES / stream["file"]).read_bytes()
    ids = [each["control_id"] for each in stream["answers"] if each["control_id"]]
    assert ids
    assert [raw.count(each.encode()) for each in ids] == [1] * len(ids)
