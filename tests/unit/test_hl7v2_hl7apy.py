"""The lazy view and hl7apy read every field alike, but for the kinds of field, named here, that hl7apy misreads."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.core import Field
from hl7apy.parser import parse_segment

from adapter.hl7v2.charset import decode_text
from adapter.hl7v2.encoding import Encoding
from adapter.hl7v2.header import read_header
from adapter.hl7v2.message import Message, Segment
from adapter.hl7v2.segment import split
from adapter.hl7v2.tables import VERSIONS, segment_tables, table_version

FIXTURES = Path(__file__).parents[2] / "fixtures"
Repetition = dict[int, str]


FLAT = frozenset({"ST", "ID", "IS", "NM", "SI", "TX", "FT", "DT", "TS", "CK", "CM"})
"""Types that have no components in hl7apy's tables of v2.1 and v2.2, and mostly later."""


def is_misread_by_hl7apy(segment: Segment, number: int, version: str) -> bool:
    r"""MSH-1 and MSH-2 come back escaped; a formatting escape (``\.br\``) and hex data come back escaped a second time;
    of a Z segment's field, and of one whose type has no components in the version, only one component is left."""
    raw, encoding = segment.field(number), segment.encoding
    datatypes = dict(enumerate((field.datatype for field in segment_tables(version).get(segment.id, ())), 1))
    return (
        (segment.id == "MSH" and number < 3)
        or (encoding.component in raw and (segment.id.startswith("Z") or datatypes.get(number) in FLAT))
        or any(encoding.escape + command in raw for command in (".", "X", "C", "M", "Z"))
    )


def encoding_characters(encoding: Encoding) -> dict[str, str]:
    characters = {
        "FIELD": encoding.field,
        "COMPONENT": encoding.component,
        "REPETITION": encoding.repetition,
        "ESCAPE": encoding.escape,
        "SUBCOMPONENT": encoding.subcomponent,
        "SEGMENT": "\r",
        "GROUP": "\r",
    }
    return characters | ({"TRUNCATION": encoding.truncation} if encoding.truncation else {})


def hl7apy_fields(segment: Segment, version: str) -> dict[int, list[Repetition]]:
    characters = encoding_characters(segment.encoding)
    parsed = parse_segment(
        segment.raw,
        version=table_version(version),
        encoding_chars=characters,
        validation_level=VALIDATION_LEVEL.TOLERANT,
    )
    fields: dict[int, list[Repetition]] = {}
    for child in parsed.children:
        fields.setdefault(int(child.name.rsplit("_", 1)[1]), []).append(hl7apy_components(child, characters))
    return fields


def hl7apy_components(field: Field, characters: dict[str, str]) -> Repetition:
    components = {}
    for child in field.children:
        suffix = (child.name or "").rsplit("_", 1)[-1]
        components[int(suffix) if suffix.isdigit() else 1] = child.to_er7(characters)
    return {number: text for number, text in components.items() if text}


def our_fields(segment: Segment) -> dict[int, list[Repetition]]:
    separator = segment.encoding.component
    fields = {}
    for number in range(1, segment.field_count + 1):
        repetitions = segment.repetitions(number)
        if repetitions:
            parts = [[raw] if segment.id == "MSH" and number < 3 else raw.split(separator) for raw in repetitions]
            fields[number] = [{i: text for i, text in enumerate(part, 1) if text} for part in parts]
    return fields


def disagreements(segments: Iterable[Segment], version: str) -> Iterator[tuple[str, bool]]:
    """Yield each field that the two read differently, and whether hl7apy is known to misread it."""
    for segment in segments:
        theirs = hl7apy_fields(segment, version)
        for number, repetitions in our_fields(segment).items():
            if repetitions != theirs.get(number, []):
                yield str(segment.place(number)), is_misread_by_hl7apy(segment, number, version)


def read(path: Path) -> Message:
    payload = path.read_bytes()
    return Message.parse(decode_text(payload, read_header(payload)).text)


def unexplained(paths: Iterable[Path]) -> list[str]:
    seen: set[tuple[str, str]] = set()
    found = []
    for path in paths:
        message = read(path)
        new = [segment for segment in message.segments if (message.version, segment.raw) not in seen]
        seen.update((message.version, segment.raw) for segment in new)
        found += [f"{path.name}: {place}" for place, known in disagreements(new, message.version) if not known]
    return found


def test_both_read_the_demonstration_alike():
    paths = sorted((FIXTURES / "demo").glob("0[1-3]*.hl7"))
    assert len(paths) > 5
    assert unexplained(paths) == []


@pytest.mark.slow
def test_both_read_every_fixture_alike():
    paths = sorted(FIXTURES.rglob("*.hl7"))
    assert len(paths) > 100
    assert unexplained(paths) == []


SAMPLE = (
    "MSH|^~\\&|RIS^1.2.3^ISO|NUCMED|NETPET|HOSP|20261120101500+0100||ORU^R01|M1|P|{version}\r"
    "PID|1||7^^^HOSP&1.2.3&ISO^MR~8^^^X^PI||DOE^JANE^^^DR~ROE^JANE||19600101|F\r"
    "OBR|1|PL1^RIS|ACC1^RIS|81555-5^PET^LN|||20261119100500+0100||||||||||||||||||F\r"
    "OBX|1|CE|a^b&c^d|1|1^x^L~2^y^L||<5||||F\r"
    "OBX|2|NM|a^b^c|1.2|3.0|g/mL||||||\r"
    "OBX|3|SN|a^b^c||>=^3\r"
    "OBX|4|TX|a^b^c||one~two\\F\\three\\T\\\r"
    'NTE|1|L|""|\r'
)


@pytest.mark.parametrize("version", [version for version in VERSIONS if not version.startswith("2.9")])
def test_both_read_a_result_of_every_version_alike(version):
    message = Message.parse(SAMPLE.format(version=version))
    assert [place for place, known in disagreements(message.segments, version) if not known] == []


def test_both_read_other_delimiters_alike():
    text = SAMPLE.format(version="2.5.1").translate(str.maketrans("|^~\\&", "!@%$*"))
    message = Message.parse(text)
    assert [place for place, known in disagreements(message.segments, "2.5.1") if not known] == []


@pytest.mark.parametrize(
    ("raw", "misread"),
    [
        ("OBX|1|FT|a||one\\.br\\two|||||F", "OBX[1]-5"),
        ("OBX|1|FT|a||\\X0D\\|||||F", "OBX[1]-5"),
        ("ZDS|1.2^RIS^Application^DICOM", "ZDS[1]-1"),
    ],
)
def test_what_hl7apy_misreads_is_still_misread_so_that_this_list_stays_true(raw, misread):
    segment = Segment(raw[:3], 1, split(raw[:3], raw, Encoding()), Encoding())
    assert list(disagreements([segment], "2.5.1")) == [(misread, True)]


def test_names_and_types_of_fields_are_those_of_hl7apy():
    obx = parse_segment("OBX|1|NM|a||3", version="2.5.1")
    for child in obx.children:
        definition = segment_tables("2.5.1")["OBX"][int(child.name.rsplit("_", 1)[1]) - 1]
        assert definition.name.lower() == (child.long_name or "").lower()
