r"""Text that changes its character set by ISO 2022 escape sequences (MSH-18 with repetitions such as ``~ISO IR87``).

Rules of our own, where the standards leave room: each segment begins in the first repetition's set, whatever the one
before it ended in; JIS X 0201 Roman (``ESC ( J``) is read as ASCII, so that ``\`` and ``~`` keep their meaning; a
designation that is not in the tables is an error, never text.
"""

import re

from adapter.hl7v2.character_sets import codec_of, is_code_extension

_DESIGNATION = re.compile(rb"(\x1b(?:\$[@AB]|\$?[()\-*+./][\x30-\x7e]))")

_SEVEN_BIT = {b"$@": b"\x1b$@", b"$B": b"\x1b$B", b"$(D": b"\x1b$(D", b"(I": b"\x1b(I"}
"""Designations to G0 that Python's ISO-2022-JP decodes: JIS X 0208 (1978, 1983), JIS X 0212, JIS X 0201 katakana."""

_ASCII = (b"(B", b"(J")

_LATIN = zip(b"ABCDLGFHMVTYb", (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15), strict=True)
_EIGHT_BIT = {
    **{b"-" + bytes([final]): f"iso8859-{part}" for final, part in _LATIN},
    b")I": "katakana",
    b"$)C": "euc_kr",
    b"$)A": "gb2312",
}
"""Designations to G1: the upper halves of ISO 8859, JIS X 0201 katakana, KS X 1001, GB 2312."""

_KATAKANA = re.compile(rb"[\x00-\x7f\xa1-\xdf]*")


def has_designations(payload: bytes) -> bool:
    """Are there escape sequences that change the character set?"""
    return _DESIGNATION.search(payload) is not None


def upper_half(name: str) -> str:
    """Turn MSH-18's first repetition into the codec of bytes above 7F before any escape sequence changes it."""
    if is_code_extension(name):
        return "katakana" if name.endswith("13") else "ascii"
    return codec_of(name) or "ascii"


def decode_iso2022(payload: bytes, first: str) -> str:
    """Turn bytes into text; ``first`` is the codec of the upper half until a sequence changes it.

    Raises UnicodeDecodeError at the byte, counted in its own run, that is in no set.
    """
    return "".join(_decode_segment(line, first) for line in re.split(rb"(?<=[\r\n])", payload))


def _decode_segment(line: bytes, first: str) -> str:
    lower, upper, parts = b"", first, []
    for token in _DESIGNATION.split(line):
        designation = token[1:] if _DESIGNATION.fullmatch(token) else b""
        if designation in _EIGHT_BIT:
            upper = _EIGHT_BIT[designation]
        elif designation in _SEVEN_BIT:
            lower = _SEVEN_BIT[designation]
        elif designation in _ASCII:
            lower = b""
        elif designation:
            raise UnicodeDecodeError("iso2022", token, 0, 1, "the designation is not known")
        else:
            parts.append(_decode_run(token, lower, upper))
    return "".join(parts)


def _decode_run(run: bytes, lower: bytes, upper: str) -> str:
    if lower and run:
        return (lower + run + b"\x1b(B").decode("iso2022_jp_ext")
    if upper == "katakana":
        return _katakana(run)
    return run.decode(upper)


def _katakana(run: bytes) -> str:
    if not _KATAKANA.fullmatch(run):
        raise UnicodeDecodeError("katakana", run, 0, 1, "not JIS X 0201")
    return run.decode("shift_jis")
