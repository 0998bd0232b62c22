"""The closed list of facts that a mapping can fill, each with its kind and, where it has them, its only words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from adapter.scoring.lesion import Count, Nature, Relation, Uptake
from adapter.scoring.report import ReportStatus


class Kind(Enum):
    """How a fact's value is read from what a message holds."""

    TEXT = auto()
    CODE = auto()
    WORD = auto()
    TRACER = auto()
    UID = auto()
    KRENNING = auto()
    LENGTH = auto()
    COUNT = auto()
    SUV = auto()
    PERCENT = auto()


LEFT_OUT = object()
"""In place of a value: what stands there was noted and is not used."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: its kind, and the words it may have with what each means in the content model.

    ``doubted`` is what the fact becomes when a mapping has an unknown code flagged rather than held: the reading that
    keeps the score open. Where leaving the fact out does that already, it is left out.
    """

    kind: Kind
    words: Mapping[str, object] = field(default_factory=dict)
    doubted: object = LEFT_OUT


_WORDS = {"yes": True, "no": False}
_YES_NO = Fact(Kind.WORD, _WORDS)
_TEXT = Fact(Kind.TEXT)
_CODE = Fact(Kind.CODE)
_SUV = Fact(Kind.SUV)

_GRADES = ("P0", "P1", "P2", "P2a", "P2b", "P3", "P3a", "P3b", "P4", "P4a", "P4b", "P5")
_SIDES = ("24028007", "7771000", "51440002")
_SSTR_RADS = ("1", "1A", "1B", "2", "3", "3A", "3B", "3C", "3D", "4", "5")
_STATED_CALLS = (call for call in Uptake if call is not Uptake.SILENT)


def _themselves(*words: str) -> Fact:
    return Fact(Kind.WORD, {word: word for word in words})


REPORT_FACTS: dict[str, Fact] = {
    "lesions_complete": _YES_NO,
    "no_tumour_uptake": _YES_NO,
    "therapy": Fact(Kind.WORD, _WORDS, doubted=True),
    "reader_grade": _themselves(*_GRADES),
    "liver_suv": _SUV,
    "spleen_suv": _SUV,
    "blood_pool_suv": _SUV,
    "extent": _themselves("metastatic", "unresectable", "localised"),
    "primary_site": _CODE,
    "who_grade": _CODE,
    "ki67": Fact(Kind.PERCENT),
}

LESION_FACTS: dict[str, Fact] = {
    "tracking_id": _TEXT,
    "tracking_uid": Fact(Kind.UID),
    "cross_reference": _TEXT,
    "site": _CODE,
    "laterality": _themselves(*_SIDES),
    "size_mm": Fact(Kind.LENGTH),
    "nature": Fact(Kind.WORD, {nature.value: nature for nature in Nature}, doubted=Nature.UNCERTAIN),
    "count": Fact(Kind.COUNT, doubted=Count(1, None)),
    "paired": _YES_NO,
    "relation": Fact(
        Kind.WORD,
        {"fdg-lower": Relation.FDG_LOWER, "fdg-equal": Relation.FDG_EQUAL, "fdg-higher": Relation.FDG_HIGHER},
    ),
    "uptake": Fact(Kind.WORD, {call.value: call for call in _STATED_CALLS}, doubted=Uptake.UNKNOWN),
    "krenning": Fact(Kind.KRENNING),
    "suv": _SUV,
    "in_field": Fact(Kind.WORD, _WORDS, doubted=False),
    "sstr_rads": _themselves(*_SSTR_RADS),
}

TRACER = Fact(Kind.TRACER)

STATUS = Fact(Kind.WORD, {status.value: status for status in ReportStatus})
"""The report's own state, where a mapping reads it by a table of its own."""
