"""The form of rows that stand in a table inside an observation's text: its columns by name, and what is no row."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from adapter.mapping.codes import fold
from adapter.mapping.rules import CodeReference, Flag, Form, Name, Text

Separator = Literal[";", "|", "tab", "spaces", "fixed"]
r"""What stands between two cells: ``|`` is sent as ``\F\``, ``spaces`` are two or more, ``fixed`` needs ``starts``."""


class Column(Form):
    """One column: the names under which senders head it, and the unit that such a name itself says.

    A unit in brackets behind the name (``SUVmax [g/mL]``) is read from the message. The header of an ``optional``
    column may be missing.
    """

    names: tuple[Text, ...] = Field(min_length=1)
    unit: Text | None = None
    optional: Flag = False


def _as_column(value: object) -> object:
    """A plain list is the names of a column."""
    return {"names": value} if isinstance(value, list) else value


NamedColumn = Annotated[Column, BeforeValidator(_as_column, json_schema_input_type=Column | list[str])]


class TableRows(Form):
    r"""Rows that are the lines of a table in the text of these OBX; repetitions and ``\.br\`` end a line.

    ``key`` is the column that names a row (without it the rows are counted), ``empty`` the words that leave a cell
    empty, ``summary`` the words by which a line's first cell says that it is no row, ``end`` the words at the beginning
    of the first line behind the table.
    """

    kind: Literal["obx-table"]
    obx: tuple[CodeReference, ...] = Field(min_length=1)
    separator: Separator
    starts: tuple[Annotated[int, Field(ge=1, le=1000)], ...] = ()
    columns: dict[Name, NamedColumn] = Field(min_length=1)
    key: Name | None = None
    empty: tuple[Text, ...] = ()
    summary: tuple[Text, ...] = ()
    end: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _holds_together(self) -> "TableRows":
        if (self.separator == "fixed") != bool(self.starts):
            raise ValueError("`starts` says where fixed columns begin: it belongs to `separator: fixed` alone")
        if list(self.starts) != sorted(set(self.starts)):
            raise ValueError("`starts` are positions in a line, each beyond the one before it")
        if self.key is not None and self.key not in self.columns:
            raise ValueError("`key` is one of the columns")
        names = [fold(name) for column in self.columns.values() for name in column.names]
        if len(set(names)) < len(names):
            raise ValueError("one name heads two columns: keep it in one of them")
        if all(column.optional for column in self.columns.values()):
            raise ValueError("a header is known by its columns: one of them at least is not optional")
        return self
