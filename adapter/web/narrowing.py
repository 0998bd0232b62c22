"""A search narrows step by step: every parameter must hold ("and"), in each one alternative is enough ("or")."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from adapter.fhir.resource_filter import ResourceFilter, Span, Token

ANYTHING = ResourceFilter()

TextField = Literal["ids", "patients", "statuses"]
TokenField = Literal["codes", "identifiers"]


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What is asked for so far; ``impossible`` says that nothing can match, which no filter can say by itself.

    An empty field of a filter is no bound at all: two alternatives that exclude each other must never end as one.
    """

    filters: ResourceFilter = ANYTHING
    impossible: bool = False

    @property
    def nothing(self) -> "Narrowing":
        """Ask for what cannot be."""
        return replace(self, impossible=True)

    def among(self, field: TextField, values: Iterable[str]) -> "Narrowing":
        """Ask for one of the values."""
        former: tuple[str, ...] = getattr(self.filters, field)
        kept = tuple(dict.fromkeys(value for value in values if not former or value in former))
        return self._with({field: kept}) if kept else self.nothing

    def with_token(self, field: TokenField, values: Sequence[Token]) -> "Narrowing":
        """Ask for one of the tokens. Each resource has one code and one patient: two tokens hold only as one."""
        former: tuple[Token, ...] = getattr(self.filters, field)
        met = [_both(one, other) for one in former for other in values] if former else values
        kept = tuple(dict.fromkeys(token for token in met if token))
        return self._with({field: kept}) if kept else self.nothing

    def during(self, bounds: Span) -> "Narrowing":
        """Ask for what begins and ends within the bounds."""
        former = self.filters.effective
        effective = Span(
            _bound(max, former.starts_from, bounds.starts_from),
            _bound(min, former.starts_before, bounds.starts_before),
            _bound(max, former.ends_from, bounds.ends_from),
            _bound(min, former.ends_before, bounds.ends_before),
        )
        return self._with({"effective": effective})

    def updated(self, first: datetime | None, before: datetime | None) -> "Narrowing":
        """Ask for what was last changed from ``first`` on and before ``before``."""
        return self._with(
            {
                "updated_from": _bound(max, self.filters.updated_from, first),
                "updated_before": _bound(min, self.filters.updated_before, before),
            }
        )

    def _with(self, fields: dict[str, Any]) -> "Narrowing":
        return replace(self, filters=replace(self.filters, **fields))


def _both(one: Token, other: Token) -> Token | None:
    """Turn two tokens into the one that holds when both do, if there is any."""
    if one.value != other.value:
        return None
    if one.system is None or one.system == other.system:
        return other
    return one if other.system is None else None


def _bound(
    tighter: Callable[[datetime, datetime], datetime], one: datetime | None, other: datetime | None
) -> datetime | None:
    if one is None or other is None:
        return one or other
    return tighter(one, other)
