"""Resources to JSON and back without touching a digit: 1.50 stays 1.50 in both directions."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from adapter.fhir.resource import JsonUnreadableError, RenderError, Resource
from adapter.outcome import Problem

MAX_DEPTH = 64
"""Far deeper than any resource of ours or of a hospital (about 12), far shallower than the interpreter's stack."""

_quoted = json.JSONEncoder(ensure_ascii=False).encode
"""Text to a JSON string; one encoder for all, since ``json.dumps`` builds a new one for this option each time."""


def to_json(resource: Resource) -> bytes:
    """Turn a resource into UTF-8 JSON, keys in their given order; raises RenderError on what JSON cannot hold."""
    return _encode(resource, sort=False)


def canonical_json(value: Any) -> bytes:
    """Turn a JSON-able value into the one byte form that equal values share (keys sorted, no blanks)."""
    return _encode(value, sort=True)


def _encode(value: Any, *, sort: bool) -> bytes:
    try:
        return _text(value, sort, MAX_DEPTH).encode("utf-8")
    except UnicodeEncodeError:
        raise RenderError("text holds half of a surrogate pair") from None
    except (TypeError, ValueError):
        raise RenderError("a number or the keys of an object have no JSON form") from None


def _text(value: Any, sort: bool, depth: int) -> str:
    if not depth:
        raise RenderError(f"a resource is nested deeper than {MAX_DEPTH}")
    if isinstance(value, dict):
        keys = sorted(value) if sort else value
        return "{" + ",".join([f"{_key(key)}:{_text(value[key], sort, depth - 1)}" for key in keys]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join([_text(item, sort, depth - 1) for item in value]) + "]"
    return _scalar(value)


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise RenderError("a key is not text")
    return _quoted(key)


def _scalar(value: Any) -> str:
    """A float is refused: it has lost its digits before it came here."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise RenderError("a decimal is not a finite number")
        return str(value)
    if isinstance(value, str):
        return _quoted(value)
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    raise RenderError(f"a value of type {type(value).__name__} has no JSON form")


def from_json(body: bytes) -> Resource:
    """Turn UTF-8 JSON into a dict with Decimals for all numbers that have a fraction or an exponent.

    Raises JsonUnreadableError on other encodings, broken JSON, NaN and Infinity, a key given twice, half surrogates,
    numbers beyond all measure, nesting deeper than 64, and anything but an object at the top. The caller limits the
    size.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise JsonUnreadableError("the body is not UTF-8", Problem.CHARACTER_SET) from None
    value = _loads(text)
    if not isinstance(value, dict):
        raise JsonUnreadableError("the body is not a JSON object")
    _refuse_depth(value)
    if "\\u" in text:
        _refuse_half_surrogates(value)
    return value


def _loads(text: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_unique_keys)
    except RecursionError:
        raise JsonUnreadableError(f"the body is nested deeper than {MAX_DEPTH}") from None
    except InvalidOperation:
        raise JsonUnreadableError("a number is beyond all measure") from None
    except ValueError:
        raise JsonUnreadableError("the body is not JSON") from None


def _refuse_constant(_: str) -> NoReturn:
    raise JsonUnreadableError("NaN and Infinity are not JSON")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Readers differ in which of two equal keys they believe, so neither is."""
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise JsonUnreadableError("a key is given twice in one object")
    return unique


def _refuse_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for item in level for child in _children(item)]
        if not level:
            return
    raise JsonUnreadableError(f"the body is nested deeper than {MAX_DEPTH}")


def _children(item: Any) -> list[Any]:
    """The objects and arrays directly inside one."""
    if isinstance(item, dict):
        item = item.values()
    return [child for child in item if isinstance(child, dict | list)]


def _refuse_half_surrogates(value: Any) -> None:
    try:
        canonical_json(value)
    except RenderError:
        raise JsonUnreadableError("text holds half of a surrogate pair", Problem.CHARACTER_SET) from None
