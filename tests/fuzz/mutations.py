"""Samples hurt in the ways in which senders, networks and attackers hurt them; the same seed gives the same bytes."""

import random
from collections.abc import Callable
from pathlib import Path

FIXTURES = Path(__file__).parents[2] / "fixtures"
SAMPLES = tuple(path.read_bytes() for path in sorted(FIXTURES.rglob("*.hl7")))
STREAMS = tuple(path.read_bytes() for path in sorted(FIXTURES.glob("framing/*.bin")))
LONGEST = 24 * 1024
"""Bytes: a stream may grow, but not so far that its size alone makes it costly."""

SPLICES = (
    *(b"\r", b"\n", b"\r\n", b"|", b"^", b"~", b"\\", b"&", b"#", b"\x00", b"\xff", b"\xc3", b"\xa0", b"\x85", b'""'),
    *(
        b"\x0b",
        b"\x1c",
        b"\x1c\r",
        b"\x1c\n",
        b"\x1c\r\x0b",
        b"\x1b$B",
        b"\x1b(J",
        b"\x1b-A",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
    ),
    *(b"MSH|^~\\&|", b"\rMSH|^~\\&|A|B|||||ORU^R01|2|P|2.5\r", b"\rmsh|^~\\&|A", b"\rFHS|^~\\&|", b"\rBHS|^~\\&|"),
    *(
        b"\rBTS|1\r",
        b"\rBTS|7",
        b"\rFTS|1\r",
        b"\rPID|1||7^^^H^MR",
        b"\rPID|2||8",
        b"\rOBR|1||A|81555-5",
        b"\rORC|RE|P|F",
    ),
    *(
        b"\rOBX|1|NM|||",
        b"\rOBX|1|SN|126401^SUVbw^DCM|1|>=^3^-^7|||||F",
        b"\rOBX",
        b"\rOBX|",
        b"\r OBX|2|FT|a||b",
        b"\robx|1",
    ),
    *(b"\rNTE|1||x", b"\rSPM|1", b"\rDSC|1", b"\rZZZ|1\r", b"\r9|", b"\rabc\r", b"\rPV1|", b"\r|||||\r"),
    *(
        b"\\X",
        b"\\X0D\\",
        b"\\XZZ\\",
        b"\\.br\\",
        b"\\.sk3\\",
        b"\\C2842\\",
        b"\\M2442\\",
        b"\\H\\",
        b"\\F\\",
        b"\\T",
        b"\\E\\",
    ),
    *(b"8859/1", b"UNICODE UTF-8", b"UNICODE", b"ISO IR87", b"~ISO IR87", b"GB 18030-2000", b"BIG-5", b"KLINGON"),
    *(b"AL", b"NE", b"ER", b"SU", b"1e9", b"-0", b"1,5", b"1.234,5", b">4", b"<=0", b"NaN", b"99999999999999999999"),
    *(
        b"20261301",
        b"20260229",
        b"2026",
        b"202611191005+9999",
        b"00000000000000",
        b"P1M",
        b"0",
        b"1.2.3",
        b"A",
        b"a^b^c^d",
    ),
)
TYPES = (
    b"NM",
    b"SN",
    b"CWE",
    b"CE",
    b"CNE",
    b"IS",
    b"ID",
    b"ST",
    b"TX",
    b"FT",
    b"DT",
    b"TS",
    b"DTM",
    b"ED",
    b"RP",
    b"NR",
    b"",
)
VERSIONS = (
    b"2.1",
    b"2.2",
    b"2.3",
    b"2.3.1",
    b"2.4",
    b"2.5",
    b"2.5.1",
    b"2.6",
    b"2.7",
    b"2.8",
    b"2.9",
    b"",
    b"3",
    b"2.5^DEU",
)
CHARSETS = (
    "utf-8",
    "latin-1",
    "cp1252",
    "utf-16",
    "utf-16-be",
    "utf-16-le",
    "shift_jis",
    "iso2022_jp",
    "gb18030",
    "big5",
    "cp037",
)

Mutation = Callable[[random.Random, bytes], bytes]


def stream(choice: random.Random) -> bytes:
    """Take a sample, hurt it a few times, put it into blocks or not, and hurt the stream once more or not."""
    if choice.random() < 0.05:
        return bytes_hurt(choice, choice.choice(STREAMS))
    raw = choice.choice(SAMPLES)
    for _ in range(choice.choice((1, 1, 2, 3, 5))):
        raw = choice.choice(MUTATIONS)(choice, raw)[:LONGEST]
    framed = choice.choice(FRAMINGS)(choice, raw)
    return bytes_hurt(choice, framed) if choice.random() < 0.15 else framed


def cuts(choice: random.Random, size: int) -> list[int]:
    """Say where the network cuts a stream."""
    return sorted(choice.randrange(size + 1) for _ in range(choice.choice((0, 1, 2, 7)))) if size else []


def _span(choice: random.Random, raw: bytes) -> tuple[int, int]:
    start = choice.randrange(len(raw) + 1)
    return start, min(len(raw), start + choice.choice((0, 1, 1, 2, 5, 30, 300)))


def bytes_hurt(choice: random.Random, raw: bytes) -> bytes:
    """Cut, double, turn round, splice or change a few bytes anywhere."""
    start, end = _span(choice, raw)
    part = raw[start:end]
    hurt = choice.choice((b"", choice.choice(SPLICES), part * 2, part[::-1], choice.randbytes(1), part.lower()))
    return raw[:start] + hurt + raw[end:]


def _segments(raw: bytes) -> list[bytes]:
    return raw.split(b"\r")


def segments_hurt(choice: random.Random, raw: bytes) -> bytes:
    """Leave out, double, move or exchange segments."""
    lines = _segments(raw)
    index, other = choice.randrange(len(lines)), choice.randrange(len(lines))
    match choice.randrange(5):
        case 0:
            del lines[index]
        case 1:
            lines.insert(other, lines[index])
        case 2:
            lines.insert(other, lines.pop(index))
        case 3:
            lines[index], lines[other] = lines[other], lines[index]
        case _:
            lines[index] = lines[index] * choice.choice((2, 50))
    return b"\r".join(lines)


def field_hurt(choice: random.Random, raw: bytes) -> bytes:
    """Put something hostile where a field stands."""
    lines = _segments(raw)
    index = choice.randrange(len(lines))
    fields = lines[index].split(b"|")
    place = choice.randrange(len(fields))
    value = choice.choice(SPLICES)
    fields[place] = choice.choice(
        (b"", value, fields[place] + value, value * choice.choice((2, 40)), fields[place] * 3)
    )
    lines[index] = b"|".join(fields)
    return b"\r".join(lines)


def header_hurt(choice: random.Random, raw: bytes) -> bytes:
    """Change what the header says: version, wanted answers, processing id, character set, message type."""
    first, mark, rest = raw.partition(b"\r")
    fields = first.split(b"|") + [b""] * 20
    place, values = choice.choice(
        (
            (11, VERSIONS),
            (14, (b"AL", b"NE", b"ER", b"SU", b"??")),
            (15, (b"AL", b"NE", b"ER", b"SU", b"??")),
            (10, (b"P", b"T", b"D", b"Q", b"", b"P^T")),
            (
                17,
                (b"", b"UNICODE UTF-8", b"8859/1", b"8859/1~UNICODE UTF-8", b"ASCII~ISO IR87", b"UNICODE", b"KLINGON"),
            ),
            (8, (b"ORU^R01", b"ORU", b"ADT^A08", b"", b"ORU^R01^ORU_R01", b"^R01")),
            (9, (b"", b" ", b"1\\F\\2", b"\xc3\xa4", b'""')),
            (13, (b"1", b"")),
            (1, (b"^~\\&#", b"^~\\", b"^~", b"", b"@~\\&", b"^^^^", b"^~\\&^")),
        )
    )
    fields[place] = choice.choice(values)
    return b"|".join(fields).rstrip(b"|") + mark + rest


def delimiters_changed(choice: random.Random, raw: bytes) -> bytes:
    """Write the message with other delimiters, for all of it or for its header alone."""
    signs = choice.sample(b"!#$%*+-/:;<=>?@_`{}aZ0\x01\xfe ", 5)
    table = bytes.maketrans(b"|^~\\&", bytes(signs))
    if choice.random() < 0.2:
        first, mark, rest = raw.partition(b"\r")
        return first.translate(table) + mark + rest
    return raw.translate(table)


def encoded_otherwise(choice: random.Random, raw: bytes) -> bytes:
    """Write the message in another character set, whatever it says, and put characters beyond ASCII into it."""
    text = raw.decode("utf-8", "replace").replace("DOE", choice.choice(("DOE", "MÜLLER", "山田", "Ça\x85", "ﾔﾏﾀﾞ")))
    return text.encode(choice.choice(CHARSETS), "replace")


def line_ends_changed(choice: random.Random, raw: bytes) -> bytes:
    """End segments as some senders do."""
    return raw.replace(b"\r", choice.choice((b"\n", b"\r\n", b"\n\r", b"\r\r", b"\r \t", b"\x00\r", b"")))


def value_types_changed(choice: random.Random, raw: bytes) -> bytes:
    """Say another data type of one observation's value."""
    lines = _segments(raw)
    places = [index for index, line in enumerate(lines) if line.startswith(b"OBX|") and line.count(b"|") > 5]
    if places:
        index = choice.choice(places)
        fields = lines[index].split(b"|")
        fields[2] = choice.choice(TYPES)
        if choice.random() < 0.5:
            fields[5] = choice.choice(SPLICES)
        lines[index] = b"|".join(fields)
    return b"\r".join(lines)


def joined(choice: random.Random, raw: bytes) -> bytes:
    """Put a second message behind it, or a batch around both."""
    other = choice.choice(SAMPLES)
    count = choice.choice((b"2", b"1", b"", b"x"))
    return choice.choice(
        (
            raw + other,
            raw + b"\r" + other,
            b"BHS|^~\\&|A|B|C|D|||||B1\r" + raw + b"\r" + other + b"\rBTS|" + count + b"\r",
            b"FHS|^~\\&|A|B\rBHS|^~\\&|A\r" + raw + b"\rBTS|1\rBHS|^~\\&|A\r" + other + b"\rBTS|1\rFTS|" + count,
            b"BHS|^~\\&|A\r" + raw,
        )
    )


MUTATIONS: tuple[Mutation, ...] = (
    *(
        bytes_hurt,
        bytes_hurt,
        segments_hurt,
        segments_hurt,
        field_hurt,
        field_hurt,
        field_hurt,
        header_hurt,
        header_hurt,
    ),
    *(delimiters_changed, encoded_otherwise, line_ends_changed, value_types_changed, value_types_changed, joined),
)


def _block(_: random.Random, raw: bytes) -> bytes:
    return b"\x0b" + raw + b"\x1c\r"


def _bare(_: random.Random, raw: bytes) -> bytes:
    return raw


def _dirty(choice: random.Random, raw: bytes) -> bytes:
    """Blocks with what stands between them, before them and in place of their marks."""
    second = b"\x0b" + choice.choice(SAMPLES) + choice.choice((b"\x1c\r", b"\x1c", b""))
    start, end = (
        choice.choice((b"\x0b", b"\x0b\x0b", b"")),
        choice.choice((b"\x1c\r", b"\x1c", b"\x1c\n", b"", b"\x1c\x1c\r")),
    )
    between = choice.choice((b"", b"\r\n", b"\x00", b"noise", b"\x0b\x1c\r", b"x" * 2000))
    return choice.choice((b"", between)) + start + raw + end + between + second


FRAMINGS: tuple[Mutation, ...] = (_block, _block, _block, _block, _dirty, _bare)
