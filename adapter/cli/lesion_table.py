"""The lesion table that ``score`` reads (docs/formats.md): JSON in, lesions, studies and policy out."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from adapter.outcome import AdapterError
from adapter.scoring.lesion import (
    SILENT,
    Count,
    Finding,
    Interval,
    Lesion,
    Nature,
    Relation,
    Suv,
    SuvStatistic,
    SuvType,
    Uptake,
)
from adapter.scoring.report import ReportStatus, Study
from adapter.scoring.result import Policy
from adapter.scoring.studies import StudyPair


class LesionTableError(AdapterError):
    """The table cannot be read; the text names each field at fault and never a value."""


_ISO_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
_RELATIONS = {"fdg-lower": Relation.FDG_LOWER, "fdg-equal": Relation.FDG_EQUAL, "fdg-higher": Relation.FDG_HIGHER}
_TYPES = {type_.value: type_ for type_ in SuvType}
_STATISTICS = {statistic.value: statistic for statistic in SuvStatistic}
_CALLS = {uptake.value: uptake for uptake in Uptake}
_NATURES = {nature.value: nature for nature in Nature}
_STATUSES = {status.value: status for status in ReportStatus}
_LARGEST = 1_000_000
"""No SUV, size or number of lesions comes near it; it keeps arithmetic finite."""


def _to_datetime(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not _ISO_DATE.fullmatch(value):
        raise ValueError("give a date as YYYY-MM-DD, or a date and time of ISO 8601")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("there is no such date, time or zone") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Number = Annotated[Decimal | int, Field(ge=-_LARGEST, le=_LARGEST)]
Moment = Annotated[datetime, BeforeValidator(_to_datetime)]
ReaderGrade = Annotated[str, Field(pattern=r"^(P[015]|P[234][ab]?)$")]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _Suv(_Part):
    low: Number | None = None
    high: Number | None = None
    type: Literal["SUVbw", "SUVlbm", "SUVlbm(Janma)", "SUVlbm(James128)", "SUVbsa", "SUVibw"] | None = None
    statistic: Literal["max", "peak", "mean"] | None = None

    @model_validator(mode="after")
    def _ends_in_order(self) -> "_Suv":
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("low is greater than high")
        return self

    def to_suv(self) -> Suv | None:
        if self.low is None and self.high is None:
            return None
        low = None if self.low is None else Decimal(self.low)
        high = None if self.high is None else Decimal(self.high)
        interval = Interval(low, high, low_open=high is None, high_open=low is None)
        return Suv(interval, _TYPES[self.type or "SUVbw"], _STATISTICS[self.statistic or "max"])


class _Finding(_Part):
    uptake: Literal["positive", "negative", "equivocal", "not-evaluable", "unknown"] | None = None
    krenning: Annotated[int, Field(ge=0, le=4)] | None = None
    suv: _Suv | None = None
    in_field: bool | None = None
    sstr_rads: Annotated[str, Field(pattern=r"^[0-5][ABCDabcd]?$")] | None = None

    def to_finding(self) -> Finding:
        uptake = _CALLS[self.uptake or "silent"]
        suv = None if self.suv is None else self.suv.to_suv()
        return Finding(uptake, self.krenning, suv, self.in_field is not False, self.sstr_rads)


class _Count(_Part):
    min: Annotated[int, Field(ge=1, le=_LARGEST)] = 1
    max: Annotated[int, Field(ge=1, le=_LARGEST)] | None = None

    @model_validator(mode="after")
    def _ends_in_order(self) -> "_Count":
        if self.max is not None and self.min > self.max:
            raise ValueError("max is less than min")
        return self


class _Lesion(_Part):
    id: Annotated[str, Field(min_length=1, max_length=200)]
    site: str | None = None
    laterality: str | None = None
    size_mm: Annotated[Decimal | int, Field(gt=0, le=_LARGEST)] | None = None
    nature: Literal["tumour", "uncertain", "not-tumour"] | None = None
    count: _Count | None = None
    paired: bool | None = None
    sstr: _Finding | None = None
    fdg: _Finding | None = None
    relative_uptake: Literal["fdg-lower", "fdg-equal", "fdg-higher"] | None = None

    def to_lesion(self) -> Lesion:
        return Lesion(
            id=self.id,
            sstr=SILENT if self.sstr is None else self.sstr.to_finding(),
            fdg=SILENT if self.fdg is None else self.fdg.to_finding(),
            relation=None if self.relative_uptake is None else _RELATIONS[self.relative_uptake],
            site=self.site,
            laterality=self.laterality,
            size_mm=None if self.size_mm is None else Decimal(self.size_mm),
            nature=_NATURES[self.nature or "tumour"],
            count=Count() if self.count is None else Count(self.count.min, self.count.max),
            paired=self.paired is not False,
        )


class _Study(_Part):
    tracer: str | None = None
    acquired: Moment | None = None
    status: str | None = None
    lesions_complete: bool | None = None
    no_tumour_uptake: bool | None = None
    intervening_therapy: bool | None = None
    reader_grade: ReaderGrade | None = None
    liver_suv: Annotated[Decimal | int, Field(gt=0, le=_LARGEST)] | None = None
    spleen_suv: Annotated[Decimal | int, Field(gt=0, le=_LARGEST)] | None = None
    blood_pool_suv: Annotated[Decimal | int, Field(gt=0, le=_LARGEST)] | None = None
    extent: Literal["metastatic", "unresectable", "localised"] | None = None
    primary_site: str | None = None

    @model_validator(mode="after")
    def _status_is_known(self) -> "_Study":
        if self.status is not None and self.status not in _STATUSES:
            raise ValueError("status is not a DiagnosticReport status of FHIR R4")
        return self

    def to_study(self) -> Study:
        return Study(
            tracer=self.tracer,
            acquired=self.acquired,
            status=_STATUSES[self.status or "unknown"],
            lesions_complete=self.lesions_complete,
            no_tumour_uptake=bool(self.no_tumour_uptake),
            therapy=self.intervening_therapy,
            reader_grade=self.reader_grade,
            liver_suv=_reference(self.liver_suv),
            spleen_suv=_reference(self.spleen_suv),
            blood_pool_suv=_reference(self.blood_pool_suv),
            extent=self.extent,
            primary_site=self.primary_site,
        )


def _reference(value: Decimal | int | None) -> Suv | None:
    return None if value is None else Suv(Interval.exactly(Decimal(value)))


class _Studies(_Part):
    sstr: _Study | None = None
    fdg: _Study | None = None


class _Policy(_Part):
    equality_tolerance: Annotated[Decimal | int, Field(ge=0, le=1)] | None = None
    interval_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    interval_limit_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    positivity_references: list[Literal["liver", "spleen", "blood-pool"]] | None = None

    def to_policy(self) -> Policy:
        given = self.model_dump(exclude_none=True)
        if "equality_tolerance" in given:
            given["equality_tolerance"] = Decimal(given["equality_tolerance"])
        if "positivity_references" in given:
            given["positivity_references"] = tuple(given["positivity_references"])
        return Policy(**given)


class _Table(_Part):
    lesions: list[_Lesion]
    studies: _Studies | None = None
    policy: _Policy | None = None


def read_table(text: str | bytes) -> tuple[list[Lesion], StudyPair | None, Policy]:
    """Turn a lesion table in JSON into what the core scores; raises LesionTableError naming every field at fault."""
    try:
        table = _Table.model_validate(_read_json(text))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        raise LesionTableError("; ".join(dict.fromkeys(_fault(fault) for fault in faults))) from None
    policy = Policy() if table.policy is None else table.policy.to_policy()
    return [lesion.to_lesion() for lesion in table.lesions], _pair(table.studies), policy


def _pair(studies: _Studies | None) -> StudyPair | None:
    if studies is None:
        return None
    sstr = None if studies.sstr is None else studies.sstr.to_study()
    fdg = None if studies.fdg is None else studies.fdg.to_study()
    return StudyPair(sstr, fdg)


def _read_json(text: str | bytes) -> Any:
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_no_repeats)
    except json.JSONDecodeError as error:
        raise LesionTableError(f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise LesionTableError("not JSON that can be read: nested too deeply") from None
    except (ValueError, ArithmeticError):
        raise LesionTableError("not JSON that can be read: not UTF-8, or a number that is too long") from None


def _no_constant(_name: str) -> None:
    raise LesionTableError("not JSON: NaN and Infinity are no numbers in JSON")


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _value in pairs]
        known = sorted({name for name in names if names.count(name) > 1} & _KNOWN_NAMES)
        raise LesionTableError(f"{', '.join(known) or 'a member'}: given twice in one object")
    return members


_PARTS: tuple[type[_Part], ...] = (_Table, _Studies, _Study, _Lesion, _Finding, _Suv, _Count, _Policy)
_KNOWN_NAMES = {name for part in _PARTS for name in part.model_fields}


_NUMBER_BRANCHES = {"int", "decimal"}
_MEMBER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")
"""A name that is none is not repeated: it may be a value in the wrong place."""
_WRONG_TYPE = {"int_type", "is_instance_of", "decimal_type", "int_from_float"}


def _fault(fault: Any) -> str:
    """Name a field as ``lesions[0].sstr.suv.low``; the branches of a union are pydantic's, not the table's."""
    path = ""
    for step in fault["loc"]:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step not in _NUMBER_BRANCHES:
            name = step if _MEMBER_NAME.fullmatch(step) else "(a member)"
            path += f".{name}" if path else name
    message = fault["msg"].removeprefix("Value error, ")
    if fault["loc"] and fault["loc"][-1] in _NUMBER_BRANCHES and fault["type"] in _WRONG_TYPE:
        message = "Input should be a number"
    return f"{path or 'the table'}: {message}"
