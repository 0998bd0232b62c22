"""One more entry in an array of somebody else's JSON, and not another byte of it changed."""

import json
from json.decoder import JSONDecodeError

_BLANK = " \t\r\n"
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str)


class JsonTextError(ValueError):
    """The text is not the JSON object that it should be."""


def with_appended(text: str, member: str, entry: str) -> str:
    """Turn the text of a JSON object into the same text with ``entry`` (JSON) at the end of its array ``member``.

    Without that array, it is added as the last member. Raises JsonTextError.
    """
    try:
        return _appended(text, member, entry)
    except (JSONDecodeError, RecursionError, IndexError):
        raise JsonTextError("not a JSON object") from None


def _appended(text: str, member: str, entry: str) -> str:
    at = _skip(text, 0)
    if text[at] != "{":
        raise JsonTextError("not a JSON object")
    at = _skip(text, at + 1)
    empty = text[at] == "}"
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        start = _skip(text, _expect(text, at, ":"))
        value, end = _DECODER.raw_decode(text, start)
        if key == member:
            return _in_array(text, value, end, entry)
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return f'{text[:at]}{"" if empty else ","}"{member}":[{entry}]{text[at:]}'


def _in_array(text: str, value: object, end: int, entry: str) -> str:
    if not isinstance(value, list):
        raise JsonTextError("the member is not an array")
    return f"{text[: end - 1]}{',' if value else ''}{entry}{text[end - 1 :]}"


def _skip(text: str, at: int) -> int:
    while text[at] in _BLANK:
        at += 1
    return at


def _expect(text: str, at: int, sign: str) -> int:
    at = _skip(text, at)
    if text[at] != sign:
        raise JsonTextError("not a JSON object")
    return at + 1
