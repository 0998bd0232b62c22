"""Text that others wrote, made fit for a resource: cleaned where it is shown, refused where it identifies."""

import re
from html import escape

from adapter.fhir.resource import RenderError

XHTML = "http://www.w3.org/1999/xhtml"

_KEPT = frozenset("\t\n\r")
_CONTROLS = frozenset(chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))) - _KEPT
_NONCHARACTERS = frozenset("\ufffe\uffff")
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
_REMOVED = str.maketrans(dict.fromkeys(_CONTROLS | _NONCHARACTERS | _DIRECTION, ""))
_SURROGATES = re.compile("[\ud800-\udfff]")
_BLANK_ENDS = re.compile(r"^[\s\ufeff]+|[\s\ufeff]+$")
"""R4's pattern of a string takes U+FEFF for a blank (ECMA-262), Python does not; nothing but blanks says nothing."""


def clean(text: str) -> str:
    """Turn text as sent into text for display: without control characters, direction overrides and half surrogates.

    A direction override can make ``P1`` read as another grade; U+0000 is in no FHIR string (R4 datatypes, string).
    """
    visible = _visible(text)
    return visible.strip() if visible.isascii() else _BLANK_ENDS.sub("", visible)


def _visible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return _SURROGATES.sub("", text.translate(_REMOVED))


def is_visible(text: str) -> bool:
    """Is there nothing in the text that ``clean`` would remove, blanks at its ends aside?"""
    return _visible(text) == text


def exact(value: str, element: str) -> str:
    """Turn an identifier as sent into itself; raises RenderError when it is blank or holds what ``clean`` removes.

    An identifier with a character removed is another patient's or another study's.
    """
    if not clean(value) or not is_visible(value):
        raise RenderError(f"{element} is empty or holds characters that no identifier may hold")
    return value


def markdown(text: str) -> str:
    """Turn plain text into markdown that shows it: no HTML tag and no link can start inside it."""
    tagless = re.sub(r"<(?=[A-Za-z/!?])", r"\\<", clean(text))
    return tagless.replace("](", "]\\(")


def narrative(*paragraphs: str, items: tuple[str, ...] = ()) -> dict[str, str]:
    """Turn plain sentences (and list items after the first) into an escaped XHTML narrative, status ``generated``."""
    first, *rest = (f"<p>{escape(clean(paragraph))}</p>" for paragraph in paragraphs if clean(paragraph))
    listed = "".join(f"<li>{escape(clean(item))}</li>" for item in items)
    body = first + (f"<ul>{listed}</ul>" if listed else "") + "".join(rest)
    return {"status": "generated", "div": f'<div xmlns="{XHTML}">{body}</div>'}
