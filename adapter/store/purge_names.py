"""What a patient is called: its numbers and its names, as they stand in the messages that came."""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from adapter.scoring.report import PatientIdentity

PATIENT_SEGMENT, PATIENT_NUMBERS, PATIENT_NAMES = b"PID", 3, 5
FURTHER_GIVEN = 3
"""XPN.1 to XPN.3 are the family name, the given name and further given names."""
SHORTEST = 3
"""Characters of what is looked for by itself; what is shorter stands everywhere."""

Name = tuple[str, ...]
"""The family name and the given ones; of one that is not known there is nothing."""


@dataclass(frozen=True, slots=True)
class Called:
    """Numbers and whole names, each of which is the patient; and names by their parts, which are so together."""

    numbers: tuple[str, ...]
    whole: tuple[str, ...] = ()
    names: tuple[Name, ...] = ()

    @property
    def count_of_names(self) -> int:
        """How many names are known, whole or by their parts; 0 after the patient's own messages have gone."""
        return len(self.whole) + len(self.names)


@dataclass(frozen=True, slots=True)
class _Person:
    """One patient that a message speaks of."""

    numbers: frozenset[str]
    whole: tuple[str, ...]
    names: tuple[Name, ...]


def called(identities: Iterable[PatientIdentity], bodies: Iterable[tuple[str, bytes]]) -> Called:
    """Turn a patient's identities and messages (format, body) into what it is called."""
    numbers = dict.fromkeys(one.value for one in identities)
    every = (_persons_in_json(body) if format_ == "fhir" else _persons_in_hl7v2(body) for format_, body in bodies)
    persons = [person for some in every for person in _meant(list(some), numbers)]
    whole = [text for person in persons for text in person.whole if not one_word(text)]
    names = [name for person in persons for name in (*person.names, *map(one_word, person.whole)) if name]
    return Called(_long_enough(numbers), _long_enough(whole), tuple(dict.fromkeys(names)))


def _long_enough(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if len(text) >= SHORTEST and _says_something(text)))


def _says_something(text: str) -> bool:
    """HL7 v2's null (``""``) is no name."""
    return any(map(str.isalnum, text))


def one_word(text: object) -> Name:
    """Turn a whole name of one word into the name that it is: alone it is anybody's.

    In a script without capitals one word is a family and a given name.
    """
    word = text.strip() if isinstance(text, str) else ""
    return () if word.upper() == word.lower() or re.search(r"[\s,^&]", word) else (word,)


def _meant(persons: list[_Person], numbers: Collection[str]) -> list[_Person]:
    """Who has other numbers alone is another, unless nobody in the message has one of ours."""
    return [one for one in persons if not one.numbers.isdisjoint(numbers)] or persons


def _persons_in_hl7v2(body: bytes) -> Iterator[_Person]:
    """PID-5 as it was sent, each repetition whole, without the empty components at its end, and by its parts."""
    separator, component, repetition, within = (body[at : at + 1] for at in (3, 4, 5, 7))
    for line in re.split(rb"[\r\n]+", body):
        fields = line.split(separator) if separator else []
        if fields and fields[0].strip().upper() == PATIENT_SEGMENT and repetition:
            numbers, names = (_repetitions(fields, at, repetition) for at in (PATIENT_NUMBERS, PATIENT_NAMES))
            yield _Person(
                frozenset(decoded(one.split(component)[0]) for one in numbers),
                tuple(decoded(one.rstrip(component)) for one in names),
                tuple(_parts(one.split(component)[:FURTHER_GIVEN], within) for one in names),
            )


def _repetitions(fields: list[bytes], at: int, repetition: bytes) -> list[bytes]:
    return fields[at].split(repetition) if len(fields) > at else []


def _parts(components: list[bytes], within: bytes) -> Name:
    """A family name has subcomponents, of which the first is the whole."""
    family, *given = (decoded(one.split(within)[0] if within else one) for one in components)
    return _name(family, given)


def _name(family: object, given: Iterable[object]) -> Name:
    """Several given names may stand in one place."""
    words = [word for one in given if isinstance(one, str) for word in one.split()]
    whole = family.strip() if isinstance(family, str) else ""
    return tuple(part for part in (whole, *words) if _says_something(part))


def decoded(text: bytes) -> str:
    """Turn bytes into text of which nothing is lost: UTF-8, or each byte a character."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _persons_in_json(body: bytes) -> Iterator[_Person]:
    """Wherever a Patient stands."""
    for one in members(loaded(body)):
        if isinstance(one, dict) and one.get("resourceType") == "Patient":
            names = [name for name in _listed(one.get("name")) if isinstance(name, dict)]
            numbers = [number for number in _listed(one.get("identifier")) if isinstance(number, dict)]
            yield _Person(
                frozenset(str(number.get("value")) for number in numbers),
                tuple(str(name["text"]) for name in names if name.get("text")),
                tuple(name_of(name) for name in names),
            )


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def loaded(body: str | bytes) -> Any:
    """Turn JSON into what it says; None for what is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def members(value: object) -> Iterator[object]:
    """Turn what JSON says into all that stands in it, itself first, members in their order."""
    ahead = [value]
    while ahead:
        one = ahead.pop()
        yield one
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        ahead += reversed(list(inner))


def name_of(name: dict[str, Any]) -> Name:
    """Turn a HumanName into its parts."""
    return _name(name.get("family"), _listed(name.get("given")))
