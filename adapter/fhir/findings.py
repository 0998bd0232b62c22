"""The components of a lesion Observation: the facts of the SSTR and of the FDG study under codes of their own."""

from collections.abc import Iterator
from decimal import Decimal
from functools import cache

from adapter.fhir.components import coded, component, own_concept
from adapter.fhir.datatypes import concept, count_value, interval_value, quantity
from adapter.fhir.resource import Element
from adapter.fhir.terminology import (
    DICOM,
    EQUIVOCAL,
    ERROR,
    LATERALITY,
    LONG_AXIS,
    MAXIMUM,
    NEGATIVE,
    PEAK,
    POSITIVE,
    SIDES,
    SIDES_BY_CODE,
    UNKNOWN,
    UNSUPPORTED,
    Code,
)
from adapter.fhir.text import clean
from adapter.fhir.vocabulary import term
from adapter.scoring.lesion import Finding, Interval, Lesion, Relation, Suv, SuvStatistic, SuvType, Uptake

_SUV_CODES = {
    SuvType.BODY_WEIGHT: ("126401", "g/mL"),
    SuvType.LEAN_BODY_MASS: ("126402", "g/mL"),
    SuvType.BODY_SURFACE: ("126403", "cm2/mL"),
    SuvType.IDEAL_WEIGHT: ("126404", "g/mL"),
    SuvType.LEAN_BODY_MASS_JANMA: ("126405", "g/mL"),
    SuvType.LEAN_BODY_MASS_JAMES: ("126406", "g/mL"),
}
"""Normalisation -> (DCM code, UCUM unit before its annotation), as in DICOM CID 85; UCUM writes millilitre ``mL``."""

_SUV_UNITS = {kind: f"{unit}{{{kind.value}}}" for kind, (_, unit) in _SUV_CODES.items()}

_LATERALITY, _LONG_AXIS = concept(LATERALITY), concept(LONG_AXIS)
_CALLS = {Uptake.POSITIVE: POSITIVE, Uptake.NEGATIVE: NEGATIVE, Uptake.EQUIVOCAL: EQUIVOCAL}
_STATISTICS = {SuvStatistic.MAX: MAXIMUM, SuvStatistic.PEAK: PEAK}
_RELATIONS = {Relation.FDG_LOWER: "fdg-lower", Relation.FDG_EQUAL: "fdg-equal", Relation.FDG_HIGHER: "fdg-higher"}


def lesion_components(name: str, lesion: Lesion, patterns: tuple[int, ...]) -> list[Element]:
    """Turn a lesion and its possible patterns into components; what a report does not say is said to be unknown."""
    return [
        *_identity(name, lesion),
        *_finding("sstr", lesion.sstr),
        *_finding("fdg", lesion.fdg),
        *_together(lesion),
        *(component("possible-pattern", {"valueInteger": pattern}) for pattern in patterns),
    ]


def _identity(name: str, lesion: Lesion) -> Iterator[Element]:
    if clean(name):
        yield component("lesion-name", {"valueString": clean(name)})
    side = clean(lesion.laterality or "")
    if side:
        code = SIDES.get(side.lower()) or SIDES_BY_CODE.get(side)
        value = concept(code) if code else concept(text=side)
        yield {"code": _LATERALITY, "valueCodeableConcept": value}
    if lesion.size_mm is not None:
        yield {"code": _LONG_AXIS} | _size(lesion.size_mm)


def _size(millimetres: Decimal) -> Element:
    if not millimetres.is_finite():
        return {"dataAbsentReason": concept(ERROR)}
    return {"valueQuantity": quantity(millimetres, "mm", "mm")}


def _finding(study: str, finding: Finding) -> Iterator[Element]:
    yield component(f"{study}-uptake", _uptake(finding.uptake))
    if finding.krenning is not None:
        yield component(f"{study}-krenning", {"valueInteger": finding.krenning})
    if finding.suv is not None:
        yield _suv(study, finding.suv)
        yield from coded(f"{study}-suv-statistic", _statistic(finding.suv.statistic))
    if not finding.in_field:
        yield component(f"{study}-in-field", {"valueBoolean": False})
    if study == "sstr" and clean(finding.sstr_rads or ""):
        yield component("sstr-rads", {"valueString": clean(finding.sstr_rads or "")})


@cache
def _statistic(statistic: SuvStatistic) -> Element:
    return concept(_STATISTICS.get(statistic) or term("mean"))


@cache
def _uptake(uptake: Uptake) -> Element:
    """Silence is not a negative, and a stated unknown is not silence."""
    if uptake is Uptake.NOT_EVALUABLE:
        return {"valueCodeableConcept": own_concept("not-evaluable")}
    if uptake in _CALLS:
        return {"valueCodeableConcept": concept(_CALLS[uptake])}
    words = "Not mentioned in the report" if uptake is Uptake.SILENT else "Unknown"
    return {"dataAbsentReason": concept(UNKNOWN, text=words)}


def _suv(study: str, suv: Suv) -> Element:
    """The component's code says which study, which normalisation; the statistic is a component beside it."""
    return {"code": _suv_code(study, suv.type)} | _suv_value(suv, _SUV_UNITS[suv.type])


@cache
def _suv_code(study: str, kind: SuvType) -> Element:
    dicom = Code(DICOM, _SUV_CODES[kind][0], kind.value)
    return concept(term(f"{study}-suv"), dicom, text=f"{study.upper()} {kind.value}")


def _suv_value(suv: Suv, unit: str) -> Element:
    if not suv.unit_supported:
        return {"dataAbsentReason": concept(UNSUPPORTED, text="Reported in a unit that cannot be used")}
    if not _is_positive(suv.value):
        return {"dataAbsentReason": concept(ERROR, text="Not a positive number, dropped")}
    return interval_value(suv.value, unit, unit)


def _is_positive(interval: Interval) -> bool:
    """As the core judges it (``suv-invalid``): an interval without any end is a value that is no number."""
    ends = [end for end in (interval.low, interval.high) if end is not None]
    return bool(ends) and all(end.is_finite() and end > 0 for end in ends)


def _together(lesion: Lesion) -> Iterator[Element]:
    if lesion.relation is not None:
        yield from coded("relative-uptake", own_concept(_RELATIONS[lesion.relation]))
    yield from coded("nature", own_concept(lesion.nature.value))
    yield component("lesion-count", count_value(lesion.count.min, lesion.count.max))
    if lesion.count.may_be_several:
        yield component("paired", {"valueBoolean": lesion.paired})
