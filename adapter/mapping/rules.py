"""One rule of a mapping: where a fact comes from, and what is done to what stands there. Nothing executable."""

import re
from datetime import date
from typing import Annotated, Any, Literal

import re2
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Strict, StringConstraints, model_validator
from pydantic import Field as PydanticField

from adapter.fhir.fhirpath import FhirPathError, compile_path
from adapter.mapping.codes import checked_reference
from adapter.scoring.lesion import SuvStatistic, SuvType

MAX_PATTERN = 200
"""Characters of one pattern: RE2 is linear in the text, but a pattern of thousands of terms makes every step dear."""


class Form(BaseModel):
    """The root of every part of the form: immutable, and a key that it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _truth(value: object) -> object:
    """YAML is read as text alone, so the two words are turned here and no others."""
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _one_or_more(value: object) -> object:
    return (value,) if isinstance(value, dict) else value


def _checked_date(text: str) -> str:
    date.fromisoformat(text)
    return text


def compiled(pattern: str) -> Any:
    """Turn a pattern into RE2's; raises ValueError for what RE2 refuses (back-references, huge repeats)."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"RE2 does not take this pattern: {said}") from None


def _checked_pattern(pattern: str) -> str:
    compiled(pattern)
    return pattern


Text = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Flag = Annotated[bool, Strict(), BeforeValidator(_truth, json_schema_input_type=bool)]
Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_checked_date)]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=MAX_PATTERN), AfterValidator(_checked_pattern)]
Doubt = Literal["flag", "hold"]
"""What a doubt leads to: a note beside the report, or the message held until a person has looked."""

FieldPath = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{2}-[1-9][0-9]?(\.[1-9][0-9]?(\.[1-9][0-9]?)?)?$")]
"""A v2 position: segment, field, and perhaps component and subcomponent (``OBR-4.1``)."""

_POSITION = re.compile(r"[A-Z][A-Z0-9]{2}-[1-9][0-9]?(\.[1-9][0-9]?(\.[1-9][0-9]?)?)?")


def is_position(path: str) -> bool:
    """Is it a v2 position, and no path into a resource?"""
    return _POSITION.fullmatch(path) is not None


def _checked_path(path: str) -> str:
    if not is_position(path):
        try:
            compile_path(path)
        except FhirPathError as error:
            said = "it has not the pattern of a position (OBR-4.1), and of a FHIR mapping it is"
            raise ValueError(f"{said} {error}") from None
    return path


SourcePath = Annotated[Text, AfterValidator(_checked_path)]
"""Where something stands: a v2 position (``OBR-4.1``), or of a FHIR mapping a FHIRPath (``basedOn.identifier``)."""

FhirPathText = Annotated[Text, AfterValidator(_checked_path)]
"""A path into the resources, of the subset of FHIRPath (``adapter.fhir.fhirpath``)."""

CodeReference = Annotated[Text, AfterValidator(checked_reference)]
"""A code as it stands in a message: ``code^text^system``; the text is for the reader alone."""


class ComponentSource(Form):
    """One component of an OBX-5 into which the sender packs several facts (``LIV^R^23``)."""

    obx: tuple[CodeReference, ...] = PydanticField(min_length=1)
    number: int = PydanticField(ge=1, le=30)


ROW_GROUP = "row"
"""The group of a row key that is the row itself."""

SOURCES = ("obx", "field", "column", "group", "component", "code", "fhirpath", "const")


class Rule(Form):
    """How one fact is found: exactly one source, and what is done to the value found there.

    ``obx`` names the OBX-3 codes, ``field`` a position, ``column`` a column of a table, ``group`` a part of the row key
    or of a line of prose, ``component`` a part of an OBX-5, ``const`` a constant; of FHIR ``code`` names the codes of
    an Observation or a component, ``fhirpath`` an element. ``when`` restricts it (position or path -> allowed
    values), ``lookup`` names a table and ``otherwise`` what any value not in it means, ``unit`` the unit
    expected, ``decimal`` the decimal mark, ``unmapped`` what a value that is not in the table leads to.
    """

    obx: tuple[CodeReference, ...] | None = PydanticField(default=None, min_length=1)
    field: FieldPath | None = None
    column: Name | None = None
    group: Name | None = None
    component: ComponentSource | None = None
    code: tuple[CodeReference, ...] | None = PydanticField(default=None, min_length=1)
    fhirpath: FhirPathText | None = None
    const: Text | None = None
    when: dict[SourcePath, tuple[Text, ...]] = PydanticField(default_factory=dict)
    lookup: Name | None = None
    otherwise: Text | None = None
    unit: Text | None = None
    decimal: Literal[".", ","] = "."
    required: Flag = False
    unmapped: Doubt | None = None

    @model_validator(mode="after")
    def _has_one_source(self) -> "Rule":
        named = [source for source in SOURCES if getattr(self, source) is not None]
        if len(named) != 1:
            found = " and ".join(named) or "none"
            raise ValueError(f"a rule has exactly one source ({', '.join(SOURCES)}); this one has {found}")
        return self


class SuvRule(Rule):
    """A rule for an SUV: how it was normalised, and which statistic of the lesion's voxels it is."""

    type: SuvType = SuvType.BODY_WEIGHT
    statistic: SuvStatistic = SuvStatistic.MAX


class NatureRule(Rule):
    """A rule for what a row is; ``absent`` says what a row without a statement is (never ``not-tumour``)."""

    absent: Literal["tumour", "uncertain"] | None = None


Rules = Annotated[tuple[Rule, ...], BeforeValidator(_one_or_more, json_schema_input_type=Rule | tuple[Rule, ...])]
"""One rule, or several in order of preference: the first that finds a value is taken, the others are noted."""

SuvRules = Annotated[
    tuple[SuvRule, ...], BeforeValidator(_one_or_more, json_schema_input_type=SuvRule | tuple[SuvRule, ...])
]
NatureRules = Annotated[
    tuple[NatureRule, ...], BeforeValidator(_one_or_more, json_schema_input_type=NatureRule | tuple[NatureRule, ...])
]
