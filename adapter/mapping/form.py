"""The mapping file's closed form: every part of it, its default, and what it means (schema ``netpet-mapping/1``)."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from adapter.mapping.fhir_rows.form import FhirRows
from adapter.mapping.narrative_form import NarrativeRows
from adapter.mapping.rules import (
    CodeReference,
    Day,
    Doubt,
    Form,
    Name,
    NatureRules,
    Pattern,
    Rules,
    SourcePath,
    SuvRules,
    Text,
)
from adapter.mapping.table_form import TableRows

SCHEMA = "netpet-mapping/1"

Semver = Annotated[str, StringConstraints(pattern=r"^(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})$")]


def _as_table(value: object) -> object:
    """A plain list of codes is a table in which each code stands for itself."""
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        return value
    if len(set(value)) < len(value):
        raise ValueError("an entry stands here a second time: keep one of them")
    return {entry: entry.split("^")[0] for entry in value}


Table = Annotated[
    dict[CodeReference, Text],
    Field(min_length=1),
    BeforeValidator(_as_table, json_schema_input_type=dict[str, str] | list[str]),
]
"""Codes as sent (``code^text^system``, or a word) -> the content model's word for them."""


class Approval(Form):
    """Who has read the mapping and answers for it clinically, when, and where that is recorded."""

    by: Text
    on: Day
    ticket: Text


class Condition(Form):
    """One thing that must hold of a message: any value at ``path`` is among ``in``.

    An entry with ``^`` is compared with code and system of the whole field (``^^99NETPET``: any code of that system),
    one without with the component named, or the first.
    """

    path: SourcePath
    any_of: tuple[Text, ...] = Field(alias="in", min_length=1)


class PatientChoice(Form):
    """Which identifier of PID-3 names the patient: the first of these authorities and types, else the first.

    ``prefer`` are types that come before all others, without excluding them.
    """

    authority: tuple[Text, ...] = ()
    type: tuple[Text, ...] = ()
    prefer: tuple[Text, ...] = ()


class StatusSource(Form):
    """Where the report's own state stands; without a table it is OBR-25 as table 0123 reads it."""

    field: SourcePath = "OBR-25"
    lookup: Name | None = None


class Header(Form):
    """The facts that identify a study; a list of positions is tried in order, the first that is valued is taken.

    ``zone`` is the IANA zone of times that carry none, where MSH-7 carries none either.
    """

    patient: PatientChoice = PatientChoice()
    accession: tuple[SourcePath, ...] = ("OBR-3", "OBR-18", "OBR-2")
    order: tuple[SourcePath, ...] = ("OBR-2", "ORC-2")
    acquired: tuple[SourcePath, ...] = ("OBR-7",)
    issued: tuple[SourcePath, ...] = ("OBR-22", "MSH-7")
    status: StatusSource = StatusSource()
    zone: Text
    tracer: Rules


class ReportFacts(Form):
    """The facts that a report states once for the whole study; a fact without rule is not stated."""

    lesions_complete: Rules = ()
    no_tumour_uptake: Rules = ()
    therapy: Rules = ()
    reader_grade: Rules = ()
    liver_suv: SuvRules = ()
    spleen_suv: SuvRules = ()
    blood_pool_suv: SuvRules = ()
    extent: Rules = ()
    primary_site: Rules = ()
    who_grade: Rules = ()
    ki67: Rules = ()


class LesionFacts(Form):
    """The facts of one lesion row; a fact without rule is not stated, but what a row is (``nature``) must be said."""

    tracking_id: Rules = ()
    tracking_uid: Rules = ()
    cross_reference: Rules = ()
    site: Rules = ()
    laterality: Rules = ()
    size_mm: Rules = ()
    nature: NatureRules = Field(min_length=1)
    count: Rules = ()
    paired: Rules = ()
    relation: Rules = ()
    uptake: Rules = ()
    krenning: Rules = ()
    suv: SuvRules = ()
    in_field: Rules = ()
    sstr_rads: Rules = ()


class RowKey(Form):
    """Which part of OBX-4 is the row: its first ``parts`` dotted parts, a ``pattern`` with a group ``row``, or OG.

    ``og`` is for v2.8.2 and later: ``group`` takes OBX-4.2, ``original`` OBX-4.1 as a whole.
    """

    parts: int | None = Field(default=None, ge=1, le=8)
    pattern: Pattern | None = None
    og: Literal["group", "original"] | None = None

    @model_validator(mode="after")
    def _is_one_way(self) -> "RowKey":
        if sum(way is not None for way in (self.parts, self.pattern, self.og)) != 1:
            raise ValueError("a row key has exactly one of parts, pattern and og")
        return self


class SubidRows(Form):
    """Rows told apart by OBX-4: every OBX of one row carries one fact of it; an empty OBX-4 is the report level."""

    kind: Literal["obx-subid"]
    key: RowKey


Rows = Annotated[SubidRows | TableRows | NarrativeRows | FhirRows, Field(discriminator="kind")]
"""How a report's lesion rows are told apart; the kinds of rows."""


class Narrative(Form):
    """Which OBX are prose, counted and not read: by their type (OBX-2) or by their code."""

    types: tuple[Text, ...] = ("TX", "FT", "ED", "RP")
    obx: tuple[CodeReference, ...] = ()


class Doubts(Form):
    """What each kind of doubt leads to. Two different values for one fact always hold the message.

    ``unknown_code`` is a value that its table does not hold, ``own_obx`` an observation that no rule reads, its code of
    the mapping's own systems, ``unused_obx`` any other.
    """

    unknown_code: Doubt = "hold"
    own_obx: Doubt = "hold"
    unused_obx: Doubt = "flag"
    missing_unit: Doubt = "flag"
    equal_repeat: Doubt = "flag"


class Cutoff(Form):
    """A bare absolute SUV above which uptake is positive; it exists only with the name of who signed it off."""

    value: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3})?$")]
    signed_by: Text


class Cutoffs(Form):
    """The signed cut-offs, one a tracer."""

    sstr: Cutoff | None = None
    fdg: Cutoff | None = None


class Mapping(Form):
    """One sender's mapping: who answers for it, which messages it owns, and how each fact is read from them.

    ``own_systems`` are the coding systems it speaks for: a table entry without a system stands for their codes too, and
    an OBX-3 code of theirs that no rule knows is a doubt of its own. ``systems`` gives further names of coding systems,
    ``units`` further spellings of units.
    """

    schema_name: Literal["netpet-mapping/1"] = Field(alias="schema")
    id: Name
    version: Semver
    status: Literal["draft", "active", "retired"]
    owner: Text
    approval: Approval | None = None
    match: tuple[Condition, ...] = Field(min_length=1)
    header: Header
    report: ReportFacts = ReportFacts()
    rows: Rows
    lesion: LesionFacts
    tables: dict[Name, Table] = Field(default_factory=dict)
    units: dict[Text, tuple[Text, ...]] = Field(default_factory=dict)
    systems: dict[Text, tuple[Text, ...]] = Field(default_factory=dict)
    own_systems: tuple[Text, ...] = ()
    narrative: Narrative = Narrative()
    doubts: Doubts = Doubts()
    suv_cutoffs: Cutoffs = Cutoffs()
