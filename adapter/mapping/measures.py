"""Facts that are numbers with units. A missing unit is a doubt; a foreign one spoils an SUV, and holds the rest."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from adapter.hl7v2.datatypes import Coded, Number, Text, Value, parse_interval, parse_size
from adapter.mapping.errors import ExtractionError
from adapter.mapping.origin import Origin, text_of
from adapter.mapping.rules import Rule
from adapter.mapping.tables import interval_text
from adapter.mapping.units import length_factors, plain_factors
from adapter.outcome import Problem
from adapter.scoring.lesion import Interval, Suv, SuvStatistic, SuvType

NOT_A_NUMBER = "nan"
"""What workstations write where an SUV could not be computed: the value is dropped by scoring, the call stands."""

_NO_SUV = Interval(None, None)


class MeasureReader:
    """Reads one number with its unit by one rule."""

    def __init__(self, name: str, rule: Rule, units: Mapping[str, Iterable[str]], *, holds_missing: bool) -> None:
        self._name = name
        self._unit = rule.unit or ""
        self._comma = rule.decimal == ","
        self._holds_missing = holds_missing
        self._lengths = length_factors(units)
        self._plain = plain_factors(self._unit, units)

    def suv(self, suv_type: SuvType, statistic: SuvStatistic, value: Value, origin: Origin) -> Suv:
        """Turn a value into an SUV; in a foreign unit it is kept and marked as one that cannot be used."""
        is_supported = self._factor(origin, self._plain) is not None
        if not is_supported:
            origin.note("unit not supported", self._name, origin.unit_field)
        interval = value.interval if isinstance(value, Number) else self._suv_interval(value, origin)
        return Suv(interval, suv_type, statistic, is_supported)

    def _suv_interval(self, value: Value, origin: Origin) -> Interval:
        if isinstance(value, Text) and value.text == NOT_A_NUMBER:
            origin.note("not a number", self._name)
            return _NO_SUV
        return self._interval(value, origin)

    def percent(self, value: Value, origin: Origin) -> str:
        """Turn a value into a proportion as one writes it: ``12``, ``3-20``, ``<2``."""
        if self._factor(origin, self._plain) is None:
            raise self._foreign(origin)
        return interval_text(self._interval(value, origin))

    def millimetres(self, value: Value, origin: Origin) -> Decimal:
        """Turn a value into a length; a text may hold several axes (``1.2 x 0.9 cm``), of which the long one counts."""
        if isinstance(value, Text):
            size = self._written_size(value.text, origin)
        else:
            size = self._one_number(value, origin) * self._length_factor(origin)
        if size <= 0:
            raise origin.unreadable(self._name, "a size is more than nothing")
        return size

    def _written_size(self, text: str, origin: Origin) -> Decimal:
        unit = "" if not origin.units() and _has_own_unit(text) else self._length_unit(origin)
        try:
            return parse_size(text, unit, decimal_comma=self._comma).long_axis
        except ValueError as error:
            raise origin.unreadable(self._name, error) from None

    def _length_unit(self, origin: Origin) -> str:
        return "mm" if self._length_factor(origin) == 1 else "cm"

    def _length_factor(self, origin: Origin) -> Decimal:
        factor = self._factor(origin, self._lengths)
        if factor is None:
            raise self._foreign(origin)
        return factor

    def _one_number(self, value: Value, origin: Origin) -> Decimal:
        interval = self._interval(value, origin)
        if interval.low is None or not interval.is_point:
            raise origin.unreadable(self._name, "a size is one number")
        return interval.low

    def _interval(self, value: Value, origin: Origin) -> Interval:
        if isinstance(value, Number):
            return value.interval
        if isinstance(value, Coded) and value.system:
            raise origin.unreadable(self._name, "a code of a coding system is no number")
        try:
            return parse_interval(text_of(value), decimal_comma=self._comma)
        except ValueError as error:
            raise origin.unreadable(self._name, error) from None

    def _factor(self, origin: Origin, accepted: Mapping[str, Decimal]) -> Decimal | None:
        """What the value is multiplied with; None for a foreign unit. The first unit that is accepted counts."""
        units = origin.units()
        for unit in units:
            if unit in accepted:
                return accepted[unit]
        if units:
            return None
        if self._holds_missing:
            rule = f"{self._name}: the unit is missing"
            raise ExtractionError(Problem.FIELD_MISSING, origin.segment.place(origin.unit_field), rule)
        origin.note("unit missing", self._name, origin.unit_field)
        return accepted[self._unit]

    def _foreign(self, origin: Origin) -> ExtractionError:
        place = origin.segment.place(origin.unit_field)
        return ExtractionError(Problem.UNIT_UNSUPPORTED, place, f"{self._name}: a foreign unit")


def _has_own_unit(text: str) -> bool:
    return text.rstrip(" ").lower().endswith(("mm", "cm"))
