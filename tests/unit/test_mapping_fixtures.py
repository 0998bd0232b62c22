"""Every message of the fixtures is read, held or ignored as its expectation says, and none of its lines is lost."""

import json
import re

import pytest
from mapping_messages import ROOT, canonical

from adapter.hl7v2.charset import decode_text
from adapter.hl7v2.header import read_header
from adapter.hl7v2.message import Message
from adapter.mapping.message_reading import Extraction, read_message
from adapter.outcome import Held, Ignored

FIXTURES = ROOT / "fixtures"
CASES = json.loads((FIXTURES / "expected.json").read_text())
KINDS = {"read": Extraction, "held": Held, "ignored": Ignored}
EXPECTED = {
    file: (case, state)
    for case in CASES
    for file, state in zip(case["files"], case["message_states"], strict=True)
    if state in KINDS
}
READ = [file for file, (_, state) in EXPECTED.items() if state == "read"]


def text(file):
    payload = (FIXTURES / file).read_bytes()
    return decode_text(payload, read_header(payload)).text


def read(message):
    return read_message(Message.parse(message), canonical())


def essence(found):
    """What a message says, without the segment numbers."""
    if isinstance(found, Extraction):
        return [(one.patient, one.accession, one.study, one.kind, one.rows) for one in found.reports]
    return found.problem


@pytest.mark.parametrize("file", EXPECTED)
def test_a_fixture_is_read_held_or_ignored_as_expected(file):
    case, state = EXPECTED[file]
    found = read(text(file))

    assert isinstance(found, KINDS[state]), found
    if isinstance(found, Held):
        assert case.get("problem") in (None, found.problem.value)
        assert str(found.place).startswith(case.get("place") or "")


@pytest.mark.slow
@pytest.mark.parametrize("file", READ)
def test_a_line_that_is_dropped_changes_what_is_read_unless_it_was_named_as_saying_nothing(file):
    lines = text(file).split("\r")
    observations = [index for index, line in enumerate(lines) if line.startswith("OBX")]
    whole = read("\r".join(lines))
    named = {number for report in whole.reports for note in report.notes for number in _numbers(note)}
    named |= {number for note in whole.notes for number in _numbers(note)}
    for number, index in enumerate(observations, start=1):
        rest = read("\r".join(lines[:index] + lines[index + 1 :]))
        if essence(rest) == essence(whole):
            assert number in named or _says_the_default(lines[index])


@pytest.mark.slow
@pytest.mark.parametrize("file", READ)
def test_a_line_that_stands_twice_changes_nothing_and_is_noted(file):
    lines = text(file).split("\r")
    whole = read("\r".join(lines))
    for index in [index for index, line in enumerate(lines) if line.startswith("OBX")]:
        doubled = read("\r".join([*lines[: index + 1], *lines[index:]]))
        assert essence(doubled) == essence(whole)
        assert doubled != whole


def _numbers(note):
    """The OBX that a note names: ``narrative OBX[7..9], OBX[12]``."""
    for first, last in re.findall(r"OBX\[(\d+)(?:\.\.(\d+))?\]", note):
        yield from range(int(first), int(last or first) + 1)


def _says_the_default(line):
    """``nature`` tumour, ``in-field`` yes: what the canonical form means where it says nothing."""
    return any(default in line for default in ("nature^", "in-field^"))
