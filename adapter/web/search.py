"""A whole search to what it asks for: which resources, which page of them, and what of it was not understood."""

from collections.abc import Sequence
from dataclasses import dataclass

from adapter.web.faults import Fault, RefusedError, printable
from adapter.web.narrowing import Narrowing
from adapter.web.negotiation import Handling
from adapter.web.query_text import Parameter
from adapter.web.search_parameters import SEARCHES

DEFAULT_COUNT = 50
MAX_COUNT = 500
"""Resources on a page: a score with its components is some ten kilobytes."""
_LONGEST_NUMBER = 9
"""Digits: more resources than that no site has, and no database takes just any number."""

_RESULT_PARAMETERS = {"_count", "_offset", "_format", "_total", "_summary", "_sort"}
_ONLY_VALUES = {
    "_total": ("none", "estimate", "accurate"),
    "_summary": ("false", "count"),
    "_sort": ("-date",),
}
"""Parameter -> its values that we can follow: totals are always accurate, the order is always newest first."""


@dataclass(frozen=True, slots=True)
class Search:
    """What a search asks for; ``understood`` are its parameters without those of paging, ``ignored`` are names."""

    type: str
    narrowing: Narrowing
    understood: tuple[Parameter, ...]
    ignored: tuple[str, ...]
    count: int
    offset: int


def read_search(type_: str, given: Sequence[Parameter], handling: Handling) -> Search:
    """Turn the parameters of a search into what it asks for; raises RefusedError.

    Of a parameter that we do not know: an error when the client wishes that (``handling=strict``); ignored and named
    when it wishes that (``lenient``). Without a wish a filter that we do not know is an error, because the answer
    would hold more patients than were asked for; what begins with ``_`` shapes the answer only, and is ignored.
    """
    known = SEARCHES[type_]
    narrowing = Narrowing()
    for parameter in given:
        if parameter.name in known:
            narrowing = known[parameter.name].narrow(narrowing, parameter)
    ignored = [one.name for one in given if one.name not in known and one.name not in _RESULT_PARAMETERS]
    _refuse_unknown(ignored, type_, handling)
    paging = _result_parameters(given, type_)
    count = 0 if paging.get("_summary") == "count" else _number(paging, "_count", DEFAULT_COUNT)
    understood = [one for one in given if one.name not in (*ignored, "_count", "_offset")]
    return Search(
        type_,
        narrowing,
        tuple(understood),
        tuple(dict.fromkeys(ignored)),
        min(count, MAX_COUNT),
        _number(paging, "_offset", 0),
    )


def _refuse_unknown(names: Sequence[str], type_: str, handling: Handling) -> None:
    bases = {name.split(":")[0].split(".")[0] for name in SEARCHES[type_]}
    for name in names:
        if name.split(":")[0].split(".")[0] in bases | _RESULT_PARAMETERS:
            raise RefusedError(
                Fault.PARAMETER_UNSUPPORTED, f"{printable(name)}: this modifier or chain is not supported", name
            )
        if handling is Handling.STRICT or (handling is Handling.UNSAID and not name.startswith("_")):
            rule = f"{printable(name)} is not supported; with Prefer: handling=lenient it is ignored"
            raise RefusedError(Fault.PARAMETER_UNSUPPORTED, rule, name)


def _result_parameters(given: Sequence[Parameter], type_: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for parameter in given:
        if parameter.name not in _RESULT_PARAMETERS:
            continue
        if parameter.name in found:
            raise RefusedError(Fault.PARAMETER_INVALID, "given more than once", parameter.name)
        if parameter.value not in _ONLY_VALUES.get(parameter.name, (parameter.value,)):
            allowed = " or ".join(_ONLY_VALUES[parameter.name])
            raise RefusedError(Fault.PARAMETER_UNSUPPORTED, f"takes only {allowed}", parameter.name)
        found[parameter.name] = parameter.value
    if "_sort" in found and "date" not in SEARCHES[type_]:
        raise RefusedError(Fault.PARAMETER_UNSUPPORTED, "this type has no date to sort by", "_sort")
    return found


def _number(given: dict[str, str], name: str, default: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise RefusedError(Fault.PARAMETER_INVALID, f"a number from 0 on, of at most {_LONGEST_NUMBER} digits", name)
    return int(text)
