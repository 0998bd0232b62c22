"""What was read, in the words of a test case: each fact as text, what is not stated left out."""

from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from enum import Enum

from adapter.hl7v2.datatypes import parse_interval
from adapter.mapping.facts import LESION_FACTS
from adapter.mapping.tables import interval_text
from adapter.scoring.lesion import Count, Interval, Relation, Suv, SuvStatistic, SuvType
from adapter.scoring.report import PatientIdentity, PetReport, ReportRow, SuvCutoff

NUMBERS = frozenset({"size_mm", "suv", "liver_suv", "spleen_suv", "blood_pool_suv", "ki67", "count", "krenning"})
"""Facts that are compared as numbers: 3, 3.0 and 3.00 are one."""

_NOT_A_NUMBER = "not-a-number"
_RELATIONS = {meaning: word for word, meaning in LESION_FACTS["relation"].words.items()}


def report_words(report: PetReport) -> dict[str, str]:
    """Turn a report into its facts as text, without its lesions."""
    own = {name: getattr(report, name) for name in ("patient", "accession", "order", "procedure", "issued", "kind")}
    study = {field.name: getattr(report.study, field.name) for field in fields(report.study)}
    only_yes = {name: study[name] or None for name in ("no_tumour_uptake", "from_prose")}
    return dict(_stated(own | study | only_yes))


def lesion_words(row: ReportRow) -> dict[str, str]:
    """Turn a row into its facts as text; what it says by saying nothing (seen in the field of view) is left out."""
    found = {field.name: getattr(row, field.name) for field in fields(row) if field.name != "finding"}
    finding = {field.name: getattr(row.finding, field.name) for field in fields(row.finding)}
    return dict(_stated(found | finding | {"in_field": None if row.finding.in_field else False}))


def same_words(fact: str, expected: str, got: str) -> bool:
    """Does the text say what was read? A number may be written with or without trailing zeros."""
    return expected == got or (fact in NUMBERS and _plain(expected) == got)


def _plain(text: str) -> str:
    number, *rest = text.split(" ")
    try:
        return " ".join([interval_text(parse_interval(number)), *rest])
    except ValueError:
        return text


def _stated(found: dict[str, object]) -> Iterator[tuple[str, str]]:
    return ((name, _text(value)) for name, value in found.items() if value is not None)


def _text(value: object) -> str:
    if isinstance(value, Enum) and not isinstance(value, Relation):
        return str(value.value)
    return _TEXTS.get(type(value), str)(value)


def _suv(suv: Suv) -> str:
    """The number, then whatever of it is not the usual: another normalisation or statistic, a foreign unit."""
    number = interval_text(suv.value) or _NOT_A_NUMBER
    unusual = (
        suv.type.value if suv.type is not SuvType.BODY_WEIGHT else "",
        suv.statistic.value if suv.statistic is not SuvStatistic.MAX else "",
        "" if suv.unit_supported else "foreign-unit",
    )
    return " ".join([number, *filter(None, unusual)])


def _count(count: Count) -> str:
    low = Decimal(count.min)
    return interval_text(Interval(low, None if count.max is None else Decimal(count.max)))


def _patient(patient: PatientIdentity) -> str:
    return "^".join((patient.value, patient.authority_oid or patient.authority, patient.type)).rstrip("^")


def _cutoff(cutoff: SuvCutoff) -> str:
    return f"{_decimal(cutoff.value)} signed by {cutoff.signed_by}"


def _decimal(number: Decimal) -> str:
    return interval_text(Interval.exactly(number))


_TEXTS: dict[type, Callable[..., str]] = {
    bool: lambda value: "yes" if value else "no",
    Suv: _suv,
    Count: _count,
    Relation: lambda value: _RELATIONS[value],
    Decimal: _decimal,
    datetime: datetime.isoformat,
    PatientIdentity: _patient,
    SuvCutoff: _cutoff,
}
