r"""The character set of a message: its bytes turned into text before anything is split, no character ever lost.

A wrong guess destroys a name under an accept, so the rule is written, and what it does not settle is refused (AE 102):

1. The sender's ``override``, where the site set one, is the truth.
2. A byte order mark, or an MSH in two-byte characters, is the truth about UTF-8 and UTF-16.
3. MSH-18. One set: strictly that. With a set that is reached by escape sequences (ISO IR87 and kin): ISO 2022,
   beginning in the first repetition's set. Several sets without escape sequences, on which the standard is silent:
   UTF-8 if it is among them and the bytes are UTF-8, which text in another set is not by chance; else the first
   that the bytes fit, in the order declared.
4. Nothing declared, or ASCII declared and other bytes sent: UTF-8 if the bytes are UTF-8; else the sender's
   ``default``; else refused. Undeclared escape sequences are never taken for text.
5. A name that we do not know harms nobody while the bytes are plain ASCII; with other bytes it is refused.

ISO 8859-1 with bytes 80-9F is windows-1252, as every browser reads it: text holds no C1 controls. No decoding ever
replaces a character; U+FFFD that the sender sent is kept and noted.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from adapter.hl7v2.character_sets import codec_of, codecs_in_order, is_code_extension, is_known
from adapter.hl7v2.deviations import Deviation
from adapter.hl7v2.errors import FormatError
from adapter.hl7v2.header import UTF8_MARK, Header, unicode_form
from adapter.hl7v2.iso2022 import decode_iso2022, has_designations, upper_half
from adapter.outcome import Place, Problem

_C1 = re.compile("[\x80-\x9f]")
_ISO_2022 = "iso2022_jp_ext"
"""Stands for all escape sequences; Python's codec of this name reads hex data of such a message."""

_MARKS = (UTF8_MARK, b"\xff\xfe", b"\xfe\xff")
_DECLARATION = Place("MSH", 1, 18)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A message's text, the codec that read it, and what was tolerated."""

    text: str
    charset: str
    deviations: tuple[str, ...] = ()


class CharacterSetError(FormatError):
    """The bytes are not text in the character set that rules; ``place`` is the first field that is not."""

    def __init__(self, place: Place, rule: str) -> None:
        super().__init__(Problem.CHARACTER_SET, place, rule)


@dataclass(frozen=True, slots=True)
class _Plan:
    """The codecs to try in order, what their use departs from, and the rule that is broken when none fits."""

    codecs: tuple[str, ...]
    rule: str
    deviations: tuple[str, ...] = ()


def decode_text(payload: bytes, header: Header, *, default: str | None = None, override: str | None = None) -> Decoded:
    """Turn a payload into text by the rule above; ``default`` and ``override`` name the sender's sets.

    Raises CharacterSetError; never yields a replacement character of its own.
    """
    plan = _overridden(header, override) if override else _planned(payload, header, default)
    for codec in plan.codecs:
        decoded = _attempt(payload, header, codec)
        if decoded:
            return Decoded(decoded.text, decoded.charset, plan.deviations + decoded.deviations)
    place = _place_of_bad_byte(payload, header, plan.codecs[0]) if plan.codecs else _DECLARATION
    raise CharacterSetError(place, plan.rule)


def _overridden(header: Header, override: str) -> _Plan:
    codec = codec_of(override)
    if not codec:
        return _Plan((), "the character set of the sender's setting is not known")
    differs = any(header.charsets) and codec not in codecs_in_order(header.charsets)
    notes = (Deviation.CHARACTER_SET_DIFFERS.note("the sender's setting rules"),) if differs else ()
    return _Plan((codec,), "bytes outside of the sender's character set", notes)


def _planned(payload: bytes, header: Header, default: str | None) -> _Plan:
    names = tuple(filter(None, header.charsets))
    form = unicode_form(payload)
    if form:
        return _Plan((form,), "bytes that are no Unicode text", tuple(_form_notes(payload, form, names)))
    notes = tuple(Deviation.CHARACTER_SET_UNKNOWN.note("MSH-18") for name in names if not is_known(name))
    if any(map(is_code_extension, names)):
        return _Plan((_ISO_2022,), "bytes outside of the declared character sets", notes)
    codecs = tuple(codec for codec in codecs_in_order(names) if codec != "ascii")
    if codecs:
        return _declared(payload, codecs, notes)
    return _undeclared(payload, default, notes)


def _form_notes(payload: bytes, form: str, names: tuple[str, ...]) -> Iterator[str]:
    if payload.startswith(_MARKS):
        yield Deviation.BYTE_ORDER_MARK.note(form)
    if not names:
        yield Deviation.CHARACTER_SET_UNDECLARED.note(form)
    elif not any(codec.startswith(form[:6]) for codec in codecs_in_order(names)):
        yield Deviation.CHARACTER_SET_DIFFERS.note(form)


def _declared(payload: bytes, codecs: tuple[str, ...], notes: tuple[str, ...]) -> _Plan:
    """MSH-18 names sets that are used alone; two-byte Unicode cannot be meant where the header is in single bytes."""
    if len(codecs) > 1 and not payload.isascii():
        notes += (Deviation.CHARACTER_SETS_SEVERAL.note(str(len(codecs))),)
    if any(codec.startswith("utf-16") for codec in codecs):
        notes += (Deviation.CHARACTER_SET_DIFFERS.note("utf-8"),)
    single = ("utf-8" if codec.startswith("utf-16") else codec for codec in codecs)
    return _Plan(tuple(single), "bytes outside of the declared character set", notes)


def _undeclared(payload: bytes, default: str | None, notes: tuple[str, ...]) -> _Plan:
    """MSH-18 is empty, says ASCII, or names (``notes``) a set that we do not know."""
    fallback = codec_of(default or "")
    switched = has_designations(payload)
    if payload.isascii() and not switched:
        return _Plan(("utf-8",), "", notes)
    if notes:
        return _Plan((), "the declared character set is not known")
    candidates = (None if switched else "utf-8", fallback)
    undeclared = (Deviation.CHARACTER_SET_UNDECLARED.note("MSH-18"),)
    return _Plan(tuple(filter(None, candidates)), "bytes of a character set that is not declared", undeclared)


def _attempt(payload: bytes, header: Header, codec: str) -> Decoded | None:
    """Turn bytes into text strictly; None when they do not fit."""
    try:
        text = _extended(payload, header) if codec == _ISO_2022 else payload.decode(codec)
        if codec == "iso8859-1" and _C1.search(text):
            return Decoded(payload.decode("cp1252"), "cp1252", (Deviation.CHARACTER_SET_DIFFERS.note("cp1252"),))
    except UnicodeDecodeError:
        return None
    sent = text.count("\ufffd")
    notes = (Deviation.REPLACEMENT_AS_SENT.note(str(sent)),) if sent else ()
    return Decoded(text.removeprefix("\ufeff"), codec, notes)


def _extended(payload: bytes, header: Header) -> str:
    r"""Decode ISO 2022; HL7's own escapes (``\C2842\``, ``\M2442\``) stand for its escape sequences."""
    mark = re.escape(header.encoding.escape.encode())
    pattern = mark + rb"[CM]((?:[0-9A-Fa-f]{2}){2,3})" + mark
    switched = re.sub(pattern, lambda found: b"\x1b" + bytes.fromhex(found[1].decode()), payload)
    return decode_iso2022(switched, upper_half(header.charsets[0] if header.charsets else ""))


def _place_of_bad_byte(payload: bytes, header: Header, codec: str) -> Place:
    """Name the field that holds the first byte which the codec does not know."""
    try:
        payload.decode(codec)
    except UnicodeDecodeError as error:
        before = payload[: error.start].replace(b"\n", b"\r").split(b"\r")
        name = before[-1].lstrip()[:3].upper()
        if re.fullmatch(rb"[A-Z][A-Z0-9]{2}", name):
            sequence = sum(line.lstrip()[:3].upper() == name for line in before)
            field = before[-1].count(header.encoding.field.encode()) + (name == b"MSH")
            return Place(name.decode(), sequence, field)
    return _DECLARATION
