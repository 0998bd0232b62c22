"""Units: which spellings mean the same, what may be converted (lengths), and what may never be (SUVs)."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from adapter.scoring.lesion import SuvType

LENGTHS: dict[str, Decimal] = {"mm": Decimal(1), "cm": Decimal(10)}
"""UCUM lengths and how many millimetres each is."""

PERCENT = "%"

SUV_UNITS: dict[str, SuvType | None] = {
    "g/mL{SUVbw}": SuvType.BODY_WEIGHT,
    "g/mL{SUVlbm}": SuvType.LEAN_BODY_MASS,
    "g/mL{SUVlbm(Janma)}": SuvType.LEAN_BODY_MASS_JANMA,
    "g/mL{SUVlbm(James128)}": SuvType.LEAN_BODY_MASS_JAMES,
    "g/mL{SUVibw}": SuvType.IDEAL_WEIGHT,
    "cm2/mL{SUVbsa}": SuvType.BODY_SURFACE,
    "g/mL": None,
    "1": None,
}
"""UCUM units in which an SUV may be stated, and the normalisation that the annotation names (None: it names none)."""

_NEVER_AN_SUV = ("bq", "ci", "%", "id/")
"""An activity concentration or an injected fraction is no SUV, whatever a mapping says."""


def is_suv_spelling(unit: str) -> bool:
    """May the text be a site's way to write an SUV's unit?"""
    return not any(mark in unit.casefold() for mark in _NEVER_AN_SUV)


def contradicts(unit: str, suv_type: SuvType) -> bool:
    """Does the SUV unit's annotation name another normalisation?"""
    return SUV_UNITS[unit] not in (None, suv_type)


def length_factors(spellings: Mapping[str, Iterable[str]]) -> dict[str, Decimal]:
    """Turn a mapping's spellings into every accepted way to write a length unit, with its millimetres."""
    factors = dict(LENGTHS)
    for name, millimetres in LENGTHS.items():
        factors |= dict.fromkeys(spellings.get(name, ()), millimetres)
    return factors


def plain_factors(unit: str, spellings: Mapping[str, Iterable[str]]) -> dict[str, Decimal]:
    """Turn a unit that is never converted into its accepted spellings, each with factor 1."""
    return dict.fromkeys((unit, *spellings.get(unit, ())), Decimal(1))
