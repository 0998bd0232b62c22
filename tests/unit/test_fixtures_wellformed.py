"""The sample messages are what docs/formats.md calls canonical, and each is named with what must become of it."""

import json
from collections import Counter
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures"
DIALECTS = FIXTURES / "mappings"
"""Messages in the dialects of the example mappings; the cases beside each mapping say what must become of them."""

MESSAGES = sorted(
    path.relative_to(FIXTURES).as_posix() for path in FIXTURES.rglob("*.hl7") if DIALECTS not in path.parents
)
CASES: list[dict[str, Any]] = json.loads((FIXTURES / "expected.json").read_text("utf-8"))

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

    def code(self, value: str) -> str:
        """Give ``code^system`` of a coded field."""
        parts = value.split(self.caret)
        return f"{parts[0]}^{parts[2]}" if len(parts) > 2 else parts[0]


@cache
def message(name: str) -> Message:
    return Message(name)


def case(name: str) -> dict[str, Any]:
    return next(each for each in CASES if name in each["files"])


def lines() -> list[tuple[str, list[str]]]:
    return [(name, obx) for name in MESSAGES for obx in message(name).named("OBX")]


def studies() -> list[tuple[str, list[str]]]:
    return [(name, obr) for name in MESSAGES for obr in message(name).named("OBR")]


def record_numbers(found: Message) -> list[str]:
    """Give the identifiers of type MR of every PID there is."""
    pids = [each.split(found.caret) for pid in found.named("PID") for each in pid[3].split(found.tilde)]
    return [each[0] for each in pids if each[3:5] == ["HOSP", "MR"]]


def times(name: str, obr: list[str]) -> list[datetime]:
    """Give acquisition, result and sending, those that are there."""
    stamps = (obr[7], obr[22], message(name).segments[0][7])
    return [datetime.strptime(each, "%Y%m%d%H%M%S%z") for each in stamps if each]


def coded_type(name: str) -> str:
    return "CE" if message(name).segments[0][12] in {"2.3", "2.3.1", "2.4"} else "CWE"


def test_a_message_has_an_ascii_header_and_decodes_by_the_charset_it_declares() -> None:
    assert [name for name in MESSAGES if not message(name).text] == []


def test_every_segment_ends_with_cr_and_there_is_no_line_feed() -> None:
    raws = {name: message(name).raw for name in MESSAGES}
    assert [name for name, raw in raws.items() if not raw.endswith(b"\r") or b"\n" in raw or b"\r\r" in raw] == []


def test_a_message_is_of_a_version_that_is_taken_unless_it_is_about_that() -> None:
    odd = [name for name in MESSAGES if message(name).segments[0][12] not in VERSIONS]
    assert odd == [name for name in MESSAGES if case(name).get("problem") == "version"]


def test_no_control_id_is_used_twice() -> None:
    ids = Counter(message(name).segments[0][10] for name in MESSAGES)
    assert [each for each, count in ids.items() if count > 1] == []


def test_there_is_one_patient_with_the_expected_medical_record_number() -> None:
    assert [name for name in MESSAGES if record_numbers(message(name)) != [case(name)["patient"]]] == []


def test_no_two_cases_share_a_patient_unless_they_share_their_messages() -> None:
    files_of: dict[str, set[tuple[str, ...]]] = {}
    for each in CASES:
        files_of.setdefault(each["patient"], set()).add(tuple(each["files"]))
    assert [patient for patient, files in files_of.items() if len(files) > 1] == []


def test_a_study_has_order_and_accession() -> None:
    assert [name for name, obr in studies() if not (obr[2] and obr[3])] == []


def test_a_study_is_of_a_procedure_the_cases_use() -> None:
    assert [name for name, obr in studies() if message(name).code(obr[4]) not in PROCEDURES] == []


def test_a_study_is_acquired_before_its_result_and_the_result_is_before_the_message() -> None:
    assert [name for name, obr in studies() if times(name, obr) != sorted(times(name, obr))] == []


@pytest.mark.parametrize("name", MESSAGES)
def test_lines_are_numbered_within_their_study(name: str) -> None:
    number = 0
    for segment in message(name).segments:
        number = number + 1 if segment[0] == "OBX" else 0
        if segment[0] == "OBX":
            assert segment[1] == str(number)


def test_only_codes_of_the_contract_are_used_as_observation_codes() -> None:
    unknown = {(name, message(name).code(obx[3])) for name, obx in lines()}
    unknown = {(name, code) for name, code in unknown if code not in PLAIN and code not in CODED}
    assert unknown == {(name, code) for name, code in FOREIGN_ON_PURPOSE.items() if "observation" in name}


def test_only_codes_of_the_contract_are_used_as_values() -> None:
    coded = [(name, CODED.get(message(name).code(obx[3])), message(name).code(obx[5])) for name, obx in lines()]
    unknown = {(name, value) for name, allowed, value in coded if allowed and value not in allowed}
    assert unknown == {(name, code) for name, code in FOREIGN_ON_PURPOSE.items() if "uptake" in name}


def test_only_units_of_the_contract_are_used() -> None:
    assert {message(name).code(obx[6]) for name, obx in lines()} <= UNITS


def test_what_is_coded_is_of_the_type_its_version_has_for_codes() -> None:
    found = {(coded_type(name) if message(name).code(obx[3]) in CODED else "", obx[2]) for name, obx in lines()}
    assert found == {("CE", "CE"), ("CWE", "CWE"), ("", "ST"), ("", "FT"), ("", "NM"), ("", "SN")}


def test_a_tracking_uid_is_a_uuid_under_the_arc_2_25() -> None:
    uids = [obx[5].rsplit(".", 1) for _, obx in lines() if obx[3].startswith("112040")]
    assert uids
    assert [arc for arc, number in uids if arc != "2.25" or not 0 < int(number) < 2**128] == []


def test_every_message_is_named_in_the_expectations_and_every_named_message_is_there() -> None:
    assert {name for each in CASES for name in each["files"]} == set(MESSAGES)
