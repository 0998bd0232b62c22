"""Reading a large report costs less than a millisecond: no interface waits for a mapping."""

from mapping_messages import FDG, canonical, obr, oru, own, seconds

from adapter.hl7v2.message import Message
from adapter.mapping.extract import extract
from adapter.mapping.message_reading import read_message
from adapter.outcome import Ignored

LIMIT = 0.002
"""Twice what is promised, because the machine that runs the tests does other things as well."""


def lesion(row):
    return [
        ("ST", "112039^Tracking Identifier^DCM", row, f"L{row}"),
        ("CWE", "363698007^Finding site^SCT", row, "10200004^Liver^SCT"),
        ("CWE", "uptake^Uptake^99NETPET", row, "10828004^Positive^SCT"),
        ("NM", "126401^SUVbw^DCM", row, f"{row}.4", "g/mL{SUVbw}^^UCUM"),
        ("NM", "103339001^Long axis^SCT", row, f"{10 + int(row)}", "mm^^UCUM"),
        own("lesion-count", row, ">=^3", "SN"),
    ]


def test_a_report_of_86_observations_is_extracted_in_under_a_millisecond():
    prose = [("FT", "59776-5^Findings^LN", "", "Liver: multiple lesions, see table. " * 5)] * 13
    facts = [one for number in range(1, 13) for one in lesion(str(number))]
    message = Message.parse(oru(FDG, *facts, *prose))
    plan = canonical().mappings[0].plan

    assert len(message.all("OBX")) == 86
    assert seconds(lambda: extract(message, plan), 30) < LIMIT


def test_a_foreign_report_of_86_lines_is_let_go_in_under_a_millisecond():
    message = oru(*[("TX", "GDT^Report^L", "", "no acute finding")] * 86, head=obr(procedure="71260^CT chest^C4"))

    assert read_message(message, canonical()) == Ignored()
    assert seconds(lambda: read_message(message, canonical()), 30) < LIMIT
