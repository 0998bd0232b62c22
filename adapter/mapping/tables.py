"""A code table made ready: one dictionary look-up turns what stands in OBX-5 into what it means."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from adapter.hl7v2.datatypes import Coded, Number, Text, Value
from adapter.mapping.codes import Key, Systems, fold
from adapter.scoring.lesion import Interval

UNKNOWN = object()
"""What a table answers for a value that it does not hold."""


class CodeTable:
    """Codes and words -> meanings. An entry without system stands for the word, and for a code of the own systems."""

    def __init__(self, entries: Mapping[Key, object], systems: Systems, own: frozenset[str]) -> None:
        self._entries = dict(entries)
        self._systems = systems
        self._own = own | {""}

    def find(self, value: Value) -> object:
        """Turn a value into its meaning, UNKNOWN when no entry holds it.

        Raises ValueError when the value's alternate codings are in the table and mean different things.
        """
        meanings = [self._entries[key] for key in self._keys(value) if key in self._entries]
        if any(meaning != meanings[0] for meaning in meanings[1:]):
            raise ValueError("its codings mean different things")
        return meanings[0] if meanings else UNKNOWN

    def _keys(self, value: Value) -> Iterator[Key]:
        if isinstance(value, Coded):
            for coding in (value, *value.alternates):
                yield from self._keys_of_coding(coding)
        elif isinstance(value, Text):
            yield fold(value.text), ""
        elif isinstance(value, Number):
            yield interval_text(value.interval), ""

    def _keys_of_coding(self, coding: Coded) -> Iterator[Key]:
        """A coding without a code is its text: senders leave CWE.1 empty and write the word in CWE.2."""
        code, system = self._systems.key(coding.code or coding.text, coding.system)
        if coding.code and system:
            yield code, system
        if system in self._own:
            yield code, ""


def interval_text(interval: Interval) -> str:
    """Turn an interval into how one would write it: ``12``, ``4-9``, ``<2.5``, ``>=3``; without any bound, empty."""
    low, high = interval.low, interval.high
    if low is not None and high is not None:
        return _plain(low) if low == high else f"{_plain(low)}-{_plain(high)}"
    if low is not None:
        return f"{'>' if interval.low_open else '>='}{_plain(low)}"
    return "" if high is None else f"{'<' if interval.high_open else '<='}{_plain(high)}"


def _plain(number: Decimal) -> str:
    """A number without exponent or trailing zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
