"""The closed form of ``<id>.test.yaml``: what a mapping must make of which messages (schema ``netpet-mapping-test/1``).

It is read as a mapping is (`loader`): every value is the text that was written. A part that ``expect`` does not name is
not compared.
"""

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from adapter.mapping.errors import MappingFileError
from adapter.mapping.form_faults import form_faults
from adapter.mapping.loader import Tree, read_tree
from adapter.mapping.rules import Flag, Form, Text
from adapter.outcome import Problem
from adapter.scoring.reasons import Reason

TEST_SUFFIX = ".test.yaml"
"""The tests of ``site.yaml`` stand beside it in ``site.test.yaml``."""

NONE = "none"
"""Written for a fact, a grade or a group that must not be there."""

MAX_INPUT = 200_000
"""Characters of one inline message; the test file itself ends at 256 KB."""

MAX_VALUES = 30_000
"""A case with two reports of twenty lesions expects some four hundred values; the file itself ends at 256 KB."""

ReportFact = Literal[
    "patient", "accession", "order", "procedure", "acquired", "issued", "kind", "status", "tracer", "lesions_complete",
    "no_tumour_uptake", "therapy", "reader_grade", "liver_suv", "spleen_suv", "blood_pool_suv", "extent",
    "primary_site", "who_grade", "ki67", "suv_cutoff", "from_prose",
]  # fmt: skip
LesionFact = Literal[
    "row", "tracking_id", "tracking_uid", "cross_reference", "site", "laterality", "size_mm", "nature", "count",
    "paired", "relation", "uptake", "krenning", "suv", "in_field", "sstr_rads",
]  # fmt: skip

_Ack = Literal["AA", "AE", "AR"]
_State = Literal["read", "held", "ignored", "refused"]


def _one_or_more(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _with_row(lesion: dict[Any, Any]) -> dict[Any, Any]:
    if "row" not in lesion:
        raise ValueError("name the lesion by its `row`, as the message numbers it")
    return lesion


Words = Annotated[dict[ReportFact, Text], Field(min_length=1)]
"""Report-level facts as text: ``tracer: 18F-FDG``, ``liver_suv: "4.1"``, ``extent: none``."""

LesionWords = Annotated[dict[LesionFact, Text], AfterValidator(_with_row)]
"""One lesion's facts as text, with its row: ``{row: "1", uptake: positive, suv: "12", size_mm: "23"}``."""

Input = Annotated[str, Field(min_length=1, max_length=MAX_INPUT)]
"""A file, relative to the test file; or, when it has several lines or begins with MSH or {, the message itself."""


_PROBLEMS = (*(problem.value for problem in Problem), NONE)


def _known(word: str) -> str:
    if word not in _PROBLEMS:
        raise ValueError(f"a problem is one of: {', '.join(_PROBLEMS)}")
    return word


ProblemWord = Annotated[str, AfterValidator(_known), Field(json_schema_extra={"enum": list(_PROBLEMS)})]
"""A problem of the closed list, in its word, or none."""


class ExpectedReport(Form):
    """One report: its facts, and its lesions. A part that is not named is not compared."""

    report: Words | None = None
    lesions: tuple[LesionWords, ...] | None = None

    @model_validator(mode="after")
    def _names_each_row_once(self) -> Self:
        if self.lesions is not None and len(self.rows) < len(self.lesions):
            raise ValueError("two lesions name the same `row`: keep one of them")
        return self

    @property
    def facts(self) -> dict[str, str]:
        """The report's facts by name."""
        return {str(name): text for name, text in (self.report or {}).items()}

    @property
    def rows(self) -> dict[str, dict[str, str]]:
        """The lesions' facts by row."""
        return {lesion["row"]: {str(name): text for name, text in lesion.items()} for lesion in self.lesions or ()}


class Expected(ExpectedReport):
    """What must come of a case. ``report`` and ``lesions`` are those of the only report, ``reports`` of all in order.

    ``flags`` are the notes beside the reports and the message. ``problem``, ``place`` and ``rule`` are those of the
    first input that is held or refused. ``state`` and ``ack`` are said once for all inputs, or once for each. The rest
    is the one score of all inputs together; ``none`` stands for what must not be there.
    """

    reports: tuple[ExpectedReport, ...] | None = None
    flags: tuple[Text, ...] | None = None
    state: Annotated[
        tuple[_State, ...] | None,
        BeforeValidator(_one_or_more, json_schema_input_type=_State | tuple[_State, ...]),
    ] = None
    problem: ProblemWord | None = None
    place: Text | None = None
    rule: Text | None = None
    ack: Annotated[
        tuple[_Ack, ...] | None, BeforeValidator(_one_or_more, json_schema_input_type=_Ack | tuple[_Ack, ...])
    ] = None
    outcome: Literal["scored", "group-only", "not-scorable", "none"] | None = None
    grade: Text | None = None
    group: Literal["P0", "P1", "P2-4", "P5", "none"] | None = None
    reasons: tuple[Reason, ...] | None = None
    review: Literal["yes", "no", "none"] | None = None

    @model_validator(mode="after")
    def _names_reports_once(self) -> Self:
        if self.reports is not None and (self.report is not None or self.lesions is not None):
            raise ValueError("`report` and `lesions` are for the only report: put them into `reports`")
        return self


class Case(Form):
    """One sentence of what the mapping promises. Several inputs are messages of one patient in the order of sending.

    ``contains: subset`` compares the facts, flags and reasons that are named, and an empty list says that there are
    none; ``equals`` lets nothing else be there. Rows of ``lesions`` and ``reports`` are always compared as a whole.
    """

    name: Text
    input: Annotated[
        tuple[Input, ...],
        Field(min_length=1, max_length=20),
        BeforeValidator(_one_or_more, json_schema_input_type=Input | tuple[Input, ...]),
    ]
    expect: Expected
    contains: Literal["subset", "equals"] = "subset"
    refuse_unmappable: Flag = False


class CaseFile(Form):
    """The tests of one mapping, beside it."""

    schema_name: Literal["netpet-mapping-test/1"] = Field(alias="schema")
    cases: tuple[Case, ...] = Field(min_length=1)


def read_cases(content: bytes, file: str) -> tuple[CaseFile, Tree]:
    """Turn a test file's bytes into its cases and their positions; raises MappingFileError with every fault."""
    tree = read_tree(content, file, most=MAX_VALUES)
    try:
        return CaseFile.model_validate(tree.root), tree
    except ValidationError as error:
        raise MappingFileError(form_faults(tree, error)) from None


REPORT_WORDS: tuple[str, ...] = get_args(ReportFact)
LESION_WORDS: tuple[str, ...] = get_args(LesionFact)
