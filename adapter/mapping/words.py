"""Facts that are words or codes: read by a table, else by what the fact's kind makes of the text."""

from collections.abc import Callable

from adapter.hl7v2.datatypes import Number, Value, parse_interval
from adapter.mapping.errors import ExtractionError
from adapter.mapping.facts import LEFT_OUT, Fact, Kind
from adapter.mapping.meaning import count_of, krenning_of, meaning_of
from adapter.mapping.origin import Origin, text_of
from adapter.mapping.rules import Rule
from adapter.mapping.tables import UNKNOWN, CodeTable
from adapter.outcome import Problem
from adapter.scoring.lesion import Interval

_OF_NUMBERS: dict[Kind, Callable[[Interval], object]] = {Kind.COUNT: count_of, Kind.KRENNING: krenning_of}
"""Facts that are numbers where the sender says that they are (OBX-2)."""


class WordReader:
    """Reads one fact by one rule; a value that the table does not hold is held, flagged, or ``otherwise``."""

    def __init__(self, name: str, fact: Fact, rule: Rule, table: CodeTable | None, *, holds: bool) -> None:
        self._name = name
        self._fact = fact
        self._table = table
        self._table_name = f"table {rule.lookup}" if rule.lookup else "the fact's words"
        self._holds = holds
        self._meaning = meaning_of(fact)
        self._of_number = _OF_NUMBERS.get(fact.kind)
        self._otherwise = LEFT_OUT if rule.otherwise is None else self._meaning(rule.otherwise)

    def read(self, value: Value, origin: Origin) -> object:
        """Turn a value into the fact's; raises ExtractionError."""
        if self._table is None:
            return self._parsed(value, origin)
        try:
            found = self._table.find(value)
        except ValueError as error:
            raise ExtractionError(Problem.VALUE_CONFLICT, origin.place, f"{self._name}: {error}") from None
        return self._outside(value, origin) if found is UNKNOWN else found

    def _outside(self, value: Value, origin: Origin) -> object:
        if self._otherwise is not LEFT_OUT:
            return self._otherwise
        if self._fact.kind is Kind.COUNT and _is_number(value):
            return self._parsed(value, origin)
        if self._holds:
            rule = f"{self._name}: the value is not in {self._table_name}"
            raise ExtractionError(Problem.CODE_UNKNOWN, origin.place_of(value), rule)
        origin.note(f"not in {self._table_name}", self._name)
        return self._fact.doubted

    def _parsed(self, value: Value, origin: Origin) -> object:
        try:
            if self._of_number and isinstance(value, Number):
                return self._of_number(value.interval)
            return self._meaning(text_of(value))
        except ValueError as error:
            raise origin.unreadable(self._name, error) from None


def _is_number(value: Value) -> bool:
    """A count may stand as a plain number beside a table of words."""
    try:
        parse_interval(text_of(value))
    except ValueError:
        return False
    return True
