r"""HL7 escape sequences (v2.5 section 2.7): ``\F\`` and its kin turned into the text they stand for, and back.

A sequence that is not closed, not known, or not decodable stays as it was sent: nothing is dropped because it could
not be understood. ``\Cxxyy\`` and ``\Mxxyyzz\`` switch the character set: charset.py acts on them before the
text is split; those that are still there were not declared, and stay.
"""

import re
from collections.abc import Callable
from functools import lru_cache, partial

from adapter.hl7v2.encoding import Encoding

_SEQUENCE = r"[FSTREPHN]|X(?:[0-9A-Fa-f]{2})+|\.(?:br|sp|fi|nf|in|ti|sk|ce)(?: ?[+-]?[0-9]{1,2})?"


_LINE_ENDS = {ord("\r"): ".br", ord("\n"): ".br"}
_CONTROL = re.compile("[\x00-\x1f\x7f]")


@lru_cache(maxsize=64)
def _sequences(escape_character: str) -> re.Pattern[str]:
    mark = re.escape(escape_character)
    return re.compile(f"{mark}({_SEQUENCE}){mark}")


@lru_cache(maxsize=64)
def _unescaper(encoding: Encoding, charset: str) -> Callable[[str], str]:
    meanings = encoding.meanings

    def text_of(match: re.Match[str]) -> str:
        sequence = match[1]
        if sequence in meanings:
            return meanings[sequence]
        if sequence[0] == "X":
            return _hexadecimal(sequence[1:], charset, match[0])
        return _formatting(sequence)

    return partial(_sequences(encoding.escape).sub, text_of)


def _formatting(sequence: str) -> str:
    """Turn a formatting command (``.br``, ``.sp3``, ``.sk2``) into line ends or spaces; fill modes vanish."""
    command, amount = sequence[1:3], sequence[3:].strip()
    count = max(1, int(amount or 1))
    if command in ("br", "ce"):
        return "\n"
    if command == "sp":
        return "\n" * count
    return " " * count if command == "sk" else ""


def _hexadecimal(digits: str, charset: str, as_sent: str) -> str:
    """Turn hex data into text in the message's own character set; what is no text in it stays as it was sent."""
    try:
        return bytes.fromhex(digits).decode(charset)
    except (UnicodeDecodeError, LookupError):
        return as_sent


def unescape(text: str, encoding: Encoding, charset: str = "utf-8") -> str:
    """Turn escaped text into what it says; ``charset`` is the codec in which hex data are read."""
    if encoding.escape not in text:
        return text
    parts = text.split(encoding.escape)
    if len(parts) % 2:  # the escape characters are even in number: mostly pairs around what is mostly sent
        try:
            parts[1::2] = [encoding.meanings[sequence] for sequence in parts[1::2]]
            return "".join(parts)
        except KeyError:
            pass
    return _unescaper(encoding, charset)(text)


def escape(text: str, encoding: Encoding) -> str:
    r"""Turn plain text into text that no delimiter, line end or block mark can break.

    Line ends become ``\.br\``; other control characters become hex data. The result, unescaped, is the text again.
    """
    return text.replace("\r\n", "\n").translate(_escapes(encoding))


@lru_cache(maxsize=64)
def _escapes(encoding: Encoding) -> dict[int, str]:
    mark = encoding.escape
    controls = {code: f"X{code:02X}" for code in (*range(0x20), 0x7F)}
    delimiters = dict(zip(map(ord, encoding.delimiters), "FSRETP", strict=False))
    return {code: f"{mark}{name}{mark}" for code, name in (controls | _LINE_ENDS | delimiters).items()}


def without_controls(raw: str) -> str:
    """Turn raw text into the same without control characters, of which some end a segment or a block."""
    return _CONTROL.sub("", raw)


def unread_escapes(text: str, encoding: Encoding) -> int:
    """Count the escape characters of a text that belong to no known sequence."""
    parts = text.split(encoding.escape)
    if encoding.meanings.keys() >= set(parts[1::2]):
        return (len(parts) - 1) % 2
    return len(parts) - 1 - 2 * len(_sequences(encoding.escape).findall(text))
