"""The form of rows that are read from prose: named sections, patterns of whole lines, and always a person after it."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from adapter.mapping.codes import fold
from adapter.mapping.rules import CodeReference, Form, Name, Text, compiled

MAX_PROGRAM = 350
"""RE2's instructions of one pattern: time is this times the text, and 350 on a report's prose stay below 10 ms."""

MAX_GROUPS = 12
"""Named parts of one pattern; each makes matching dearer, and a lesion has fewer facts."""


def _checked(pattern: str) -> str:
    expression = compiled(pattern)
    if expression.programsize > MAX_PROGRAM:
        cure = r"repeat less, and write letters out ([A-Za-zÄÖÜäöüß]) instead of \pL"
        raise ValueError(f"this pattern is too dear for a text of any length: {cure}")
    if expression.groups != len(expression.groupindex):
        raise ValueError("a group without name is read by no rule: write (?:...), or (?P<name>...)")
    if expression.groups > MAX_GROUPS:
        raise ValueError(f"a pattern has at most {MAX_GROUPS} named groups")
    return pattern


LinePattern = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_checked)]


class Section(Form):
    """One section of the prose: all text of these OBX, or the lines below one of these headings."""

    obx: tuple[CodeReference, ...] = ()
    headings: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _can_be_found(self) -> "Section":
        if not self.obx and not self.headings:
            raise ValueError("a section is found by `obx` or by `headings`")
        return self


class Statement(Form):
    """One pattern that matches a line as a whole: of a ``row`` (its group ``row`` names it), or of the ``report``.

    Without ``sections`` it is looked for in all of them.
    """

    sections: tuple[Name, ...] = ()
    row: LinePattern | None = None
    report: LinePattern | None = None

    @model_validator(mode="after")
    def _is_of_one_level(self) -> "Statement":
        if (self.row is None) == (self.report is None):
            raise ValueError("a pattern says something of a `row` or of the `report`: write exactly one of them")
        return self

    @property
    def pattern(self) -> str:
        """The pattern, of whichever level."""
        return self.row or self.report or ""

    @property
    def groups(self) -> frozenset[str]:
        """The names of its parts."""
        return frozenset(compiled(self.pattern).groupindex)


class NarrativeRows(Form):
    """Rows that are lines of prose. ``review`` admits one word: what a program reads from prose, a person looks at.

    ``obx`` hold prose whose sections begin with headings. ``negations`` are looked for anywhere in a line and keep it
    from being read; ``ignored`` lines as a whole say nothing of tumour. All other lines are listed as unread.
    """

    kind: Literal["narrative"]
    review: Literal["always"]
    obx: tuple[CodeReference, ...] = ()
    sections: dict[Name, Section] = Field(min_length=1)
    patterns: tuple[Statement, ...] = Field(min_length=1, max_length=40)
    negations: tuple[LinePattern, ...] = Field(default=(), max_length=40)
    ignored: tuple[LinePattern, ...] = Field(default=(), max_length=40)

    @model_validator(mode="after")
    def _holds_together(self) -> "NarrativeRows":
        headings = [fold(name) for section in self.sections.values() for name in section.headings]
        if len(set(headings)) < len(headings):
            raise ValueError("one heading begins two sections: keep it in one of them")
        if bool(headings) > bool(self.every_obx):
            raise ValueError("no OBX holds the text in which the headings stand: name it by `obx`")
        unknown = {name for one in self.patterns for name in one.sections} - self.sections.keys()
        if unknown:
            raise ValueError(f"a pattern names a section that is not there; there are: {', '.join(self.sections)}")
        return self

    @property
    def every_obx(self) -> tuple[str, ...]:
        """The codes of all OBX whose text is read, as written."""
        return (*self.obx, *(code for section in self.sections.values() for code in section.obx))

    def groups(self, *, of_row: bool) -> Iterator[frozenset[str]]:
        """The named parts of each pattern of one level."""
        return (one.groups for one in self.patterns if (one.row is not None) == of_row)
