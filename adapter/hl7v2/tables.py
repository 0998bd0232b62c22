"""Segment and field definitions of each HL7 version, taken from hl7apy's tables once a version and then plain tuples.

hl7apy is the source of truth for names and data types; a full parse with it costs a hundred times more than reading
lazily, so only its tables are on the hot path. It knows no 2.7.1 (read as 2.7) and no 2.9 (read as 2.8.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import hl7apy

NEWEST = "2.8.2"
_TABULATED = ("2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.8.1", NEWEST)
_STAND_INS = {"2.7.1": "2.7", "2.9": NEWEST, "2.9.1": NEWEST}

VERSIONS = (*_TABULATED[:9], "2.7.1", *_TABULATED[9:], "2.9", "2.9.1")
"""Every version of MSH-12 that is read and answered, the oldest first."""


@dataclass(frozen=True, slots=True)
class FieldDefinition:
    """One field of a segment: its long name, data type and code table, each empty where the standard gives none."""

    name: str
    datatype: str
    table: str


SegmentTable = tuple[FieldDefinition, ...]
_WITHDRAWN = FieldDefinition("", "", "")


def table_version(version: str) -> str:
    """Turn MSH-12 into the version whose tables describe it; one that is empty or not known is read as the newest."""
    return version if version in _TABULATED else _STAND_INS.get(version, NEWEST)


@lru_cache(maxsize=len(_TABULATED))
def _tables(version: str) -> Mapping[str, SegmentTable]:
    segments: dict[str, Any] = hl7apy.load_library(version).SEGMENTS
    standard = {name: reference for name, reference in segments.items() if len(name) == 3 and name[0] != "Z"}
    return MappingProxyType({name: _segment_table(reference) for name, reference in standard.items()})


def _segment_table(reference: tuple[Any, ...]) -> SegmentTable:
    """Lay the fields out by number; hl7apy leaves withdrawn ones out, and slips at ORO in 2.1 (read as withdrawn)."""
    children = reference[1] if reference[0] == "sequence" and len(reference) == 2 else ()
    numbered = {int(name.rsplit("_", 1)[1]): _field(reference) for name, reference, *_ in children}
    return tuple(numbered.get(number, _WITHDRAWN) for number in range(1, max(numbered, default=0) + 1))


def _field(reference: tuple[Any, ...]) -> FieldDefinition:
    _, _, datatype, name, table, *_ = reference
    return FieldDefinition(name or "", datatype or "", table or "")


def segment_tables(version: str) -> Mapping[str, SegmentTable]:
    """Turn MSH-12 into the tables of all segments of that version: ``["OBX"][4]`` is OBX-5."""
    return _tables(table_version(version))


@lru_cache(maxsize=len(_TABULATED))
def _field_counts(version: str) -> Mapping[str, int]:
    return MappingProxyType({name: len(table) for name, table in _tables(version).items()})


def field_counts(version: str) -> Mapping[str, int]:
    """Turn MSH-12 into the number of fields that each segment of that version has."""
    return _field_counts(table_version(version))


def warm(versions: tuple[str, ...] = _TABULATED) -> None:
    """Load the tables at the start rather than inside the first message of each version (up to 0.5 s each)."""
    for version in versions:
        field_counts(version)
