"""Resources to JSON and back without touching a digit: 1.50 stays 1.50 in both directions."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import msgspec

from adapter.fhir.resource import JsonUnreadableError, RenderError, Resource
from adapter.outcome import Problem

MAX_DEPTH = 64
"""Far deeper than any resource of ours or of a hospital (about 12), far shallower than the interpreter's stack."""


def _plain(value: Any) -> str:
    """What the encoder asks for a type that it does not know: a kind of text is text, nothing else has a form."""
    if not isinstance(value, str):
        raise TypeError
    return str(value)


_GIVEN = msgspec.json.Encoder(enc_hook=_plain, decimal_format="number")
_SORTED = msgspec.json.Encoder(enc_hook=_plain, decimal_format="number", order="sorted")


def to_json(resource: Resource) -> bytes:
    """Turn a resource into UTF-8 JSON, keys in their given order; raises RenderError on what JSON cannot hold."""
    return _encode(resource, _GIVEN)


def canonical_json(value: Any) -> bytes:
    """Turn a JSON-able value into the one byte form that equal values share (keys sorted, no blanks)."""
    return _encode(value, _SORTED)


def to_json_again(resource: Any) -> bytes:
    """Turn what was checked, written or read as JSON before into JSON; it is not looked at again."""
    return _write(resource, _GIVEN)


def canonical_json_again(value: Any) -> bytes:
    """Turn what was checked, written or read as JSON before into its canonical form; it is not looked at again."""
    return _write(value, _SORTED)


def _encode(value: Any, encoder: msgspec.json.Encoder) -> bytes:
    """The encoder is C and forgiving: what it would write with a loss is looked for first."""
    refuse_lossy(value)
    return _write(value, encoder)


def _write(value: Any, encoder: msgspec.json.Encoder) -> bytes:
    try:
        return encoder.encode(value)
    except UnicodeEncodeError:
        raise RenderError("text holds half of a surrogate pair") from None
    except (TypeError, ValueError):
        raise RenderError("a number or the keys of an object have no JSON form") from None


def refuse_lossy(value: Any) -> None:
    """Turn what JSON cannot hold without a loss into a RenderError: floats, keys that are no text, deep nesting."""
    objects_of(value)


def objects_of(value: Any) -> list[dict[str, Any]]:
    """Turn a value into all objects in it, from the outside inwards; raises RenderError as `refuse_lossy` does."""
    found: list[dict[str, Any]] = []
    _look_at(value, found, MAX_DEPTH)
    return found


def _look_at(value: Any, found: list[dict[str, Any]], levels: int) -> None:
    """Look at everything once; text, which most values are, is passed over in the shortest way."""
    if not levels and isinstance(value, dict | list | tuple):
        raise RenderError(f"a resource is nested deeper than {MAX_DEPTH}")
    if isinstance(value, dict):
        found.append(value)
        for key, item in value.items():
            if type(key) is not str:
                raise RenderError("a key is not text")
            if type(item) is not str:
                _look_at(item, found, levels - 1)
    elif isinstance(value, list | tuple):
        for item in value:
            if type(item) is not str:
                _look_at(item, found, levels - 1)
    else:
        _refuse_scalar(value)


def _refuse_scalar(value: Any) -> None:
    """A float is refused: it has lost its digits before it came here."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise RenderError("a decimal is not a finite number")
    elif value is not None and not isinstance(value, str | int):
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
