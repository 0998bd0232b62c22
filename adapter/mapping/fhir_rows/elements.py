"""An Observation or one of its components, or an element that a path found, with the values that stand in it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from adapter.fhir.node import Node, choice
from adapter.fhir.resource import Element
from adapter.hl7v2.datatypes import Coded, Number, Ratio, Text, Unsupported, Value
from adapter.hl7v2.numbers import between, compared
from adapter.mapping.errors import ExtractionError
from adapter.mapping.measures import NOT_A_NUMBER
from adapter.outcome import Place, Problem
from adapter.scoring.lesion import Interval

Units = tuple[str, ...]
Read = tuple[Value, Units]
"""A value, and the unit that stands with it (none, or one)."""

MAX_DIGITS, MAX_EXPONENT = 32, 15
"""No measurement has more digits or is larger; what is would cost more than it says."""

NOT_COMPUTED = "not-a-number"
"""The dataAbsentReason of a number that could not be computed."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a body, as the readers of all formats name places: of a path the field numbers say nothing more."""

    path: str
    id: str = "FHIR"

    def place(self, number: int = 0, repetition: int = 0, component: int = 0) -> Place:  # noqa: ARG002 - v2's numbers
        """Name the place."""
        return Place(path=self.path)


def unreadable(path: str, rule: str, problem: Problem = Problem.VALUE_UNREADABLE) -> ExtractionError:
    """Turn what an element should be into the error that holds the report."""
    return ExtractionError(problem, Place(path=path), rule)


@dataclass(frozen=True, slots=True)
class Stated:
    """What an Observation or a component states: its value's type, the value as sent, and where it stands."""

    type: str
    content: Any
    path: str

    def read(self) -> Read:
        """Turn the value into what the readers of facts take; raises ExtractionError."""
        reader = _READERS.get(self.type)
        return reader(self.content, self.path) if reader else (Unsupported(self.type), ())

    @property
    def says_nothing(self) -> bool:
        """Is it a Quantity without a number, a concept without code and text?"""
        content = self.content
        if self.type == "Quantity":
            return "value" not in content
        if self.type == "Range":
            return not any("value" in content.get(end, {}) for end in ("low", "high"))
        return self.type == "CodeableConcept" and "text" not in content and not _codings(content)


def stated(element: Element, path: str) -> Stated | None:
    """Turn an Observation or a component into its value, None where it has none; raises ExtractionError.

    R4 allows one value, and none beside a dataAbsentReason (obs-6).
    """
    found = choice(element, "value")
    if not found:
        return None
    if len(found) > 1:
        raise unreadable(path, "value[x]: two values for one Observation", Problem.VALUE_CONFLICT)
    if "dataAbsentReason" in element:
        rule = "dataAbsentReason: there is a value, and a reason why there is none"
        raise unreadable(f"{path}.dataAbsentReason", rule, Problem.VALUE_CONFLICT)
    (key, type_name), *_ = found
    return Stated(type_name, element[key], f"{path}.{key}")


def is_not_computed(element: Element) -> bool:
    """Does the element say that its number could not be computed?"""
    return any(coding.get("code") == NOT_COMPUTED for coding in _codings(element.get("dataAbsentReason", {})))


def read_node(node: Node) -> Read | None:
    """Turn an element that a path found into its value, None where it says nothing; raises ExtractionError."""
    name = node.type or _type_of(node.value)
    if name in ("Observation", "Reference"):
        raise unreadable(node.path, "the path leads to a resource or a reference, which is no value")
    found = Stated(name, node.value, node.path)
    return None if found.says_nothing else found.read()


_SHAPES: tuple[tuple[str, frozenset[str]], ...] = (
    ("CodeableConcept", frozenset({"coding", "text"})),
    ("Range", frozenset({"low", "high"})),
    ("Reference", frozenset({"reference"})),
)


def _type_of(value: Any) -> str:
    """The type of an element whose name does not tell it, by what stands in it."""
    if not isinstance(value, dict):
        return _PRIMITIVES.get(type(value), "")
    for name, members in _SHAPES:
        if members & value.keys():
            return name
    if "value" in value:
        return "Identifier" if isinstance(value["value"], str) else "Quantity"
    return "Coding" if "code" in value else "Observation" if "resourceType" in value else "Element"


_PRIMITIVES = {str: "string", bool: "boolean", int: "integer", Decimal: "decimal"}


def number(content: Any, path: str) -> Decimal:
    """Turn a JSON number into the number, all its digits kept; raises ExtractionError for what is beyond measure."""
    if isinstance(content, bool) or not isinstance(content, int | Decimal):
        raise unreadable(path, "a number is needed here")
    found = Decimal(content)
    if len(found.as_tuple().digits) > MAX_DIGITS or abs(found.adjusted()) > MAX_EXPONENT:
        raise unreadable(path, "the number is beyond all measure")
    return found


def units_of(quantity: Element) -> Units:
    """Turn a Quantity into its unit: the code, else the words."""
    unit = str(quantity.get("code") or quantity.get("unit") or "").strip()
    return (unit,) if unit else ()


def _quantity(content: Any, path: str) -> Read:
    found = number(content["value"], f"{path}.value")
    try:
        return Number(compared(content.get("comparator", ""), found)), units_of(content)
    except ValueError:
        raise unreadable(f"{path}.comparator", "the comparator is not one of <, <=, >=, >") from None


def _range(content: Any, path: str) -> Read:
    ends = [content[end] for end in ("low", "high") if "value" in content.get(end, {})]
    if any("comparator" in end for end in ends):
        raise unreadable(path, "an end of a range has no comparator")
    units = {units_of(end) for end in ends}
    if len(units) > 1:
        raise unreadable(path, "the ends of a range have different units")
    low, high = (
        number(content[end]["value"], f"{path}.{end}.value") if "value" in content.get(end, {}) else None
        for end in ("low", "high")
    )
    try:
        interval = Interval(low, high) if low is None or high is None else between(low, high)
    except ValueError as error:
        raise unreadable(path, str(error)) from None
    return Number(interval), units.pop()


def _ratio(content: Any, path: str) -> Read:
    parts = [content.get(name) for name in ("numerator", "denominator")]
    if not all(isinstance(part, dict) and "value" in part for part in parts):
        raise unreadable(path, "a ratio has two numbers")
    first, second = (number(part["value"], path) for part in parts if isinstance(part, dict))
    return Ratio(first, second, ":"), ()


def _codings(concept: Element) -> list[Element]:
    return [coding for coding in concept.get("coding", ()) if "code" in coding or "display" in coding]


def coded(concept: Element) -> Coded:
    """Turn a CodeableConcept into a code with its alternates; without any coding it is its text."""
    codings = [_coding(coding) for coding in _codings(concept)]
    if not codings:
        return Coded("", str(concept.get("text", "")).strip())
    first, *others = codings
    return Coded(first.code, first.text, first.system, tuple(others))


def _coding(coding: Element) -> Coded:
    code, text, system = (str(coding.get(name, "")).strip() for name in ("code", "display", "system"))
    return Coded(code, text, system)


def codes_of(concepts: Iterable[Element]) -> tuple[tuple[str, str], ...]:
    """Turn the codings of a concept into pairs of code and system."""
    return tuple([(coding["code"], coding.get("system", "")) for coding in concepts if "code" in coding])


def _identifier(content: Element) -> str:
    """An identifier's value; a DICOM UID without the ``urn:oid:`` that R4 puts before it."""
    value = str(content["value"]).strip()
    return value.removeprefix("urn:oid:") if content.get("system") == _DICOM_UID else value


_DICOM_UID = "urn:dicom:uid"

_READERS: dict[str, Callable[[Any, str], Read]] = {
    "Quantity": _quantity,
    "Range": _range,
    "Ratio": _ratio,
    "CodeableConcept": lambda content, _: (coded(content), ()),
    "Coding": lambda content, _: (_coding(content), ()),
    "Identifier": lambda content, _: (Text(_identifier(content)), ()),
    "boolean": lambda content, _: (Text("yes" if content else "no"), ()),
    **dict.fromkeys(
        ("integer", "decimal"), lambda content, path: (Number(Interval.exactly(number(content, path))), ())
    ),
    **dict.fromkeys(("string", "code", "id", "uri", "markdown"), lambda content, _: (Text(content.strip()), ())),
}
"""Type -> what reads it. All others are listed as unread (``Unsupported``)."""

NOT_A_NUMBER_READ: Read = (Text(NOT_A_NUMBER), ())
