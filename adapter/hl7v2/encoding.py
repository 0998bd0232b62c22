"""The delimiters of one message: any characters the sender chose, three to five of them after the field separator."""

from dataclasses import dataclass
from dataclasses import field as field_of
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Encoding:
    r"""Field separator (MSH-1) and encoding characters (MSH-2, usually ``^~\&``).

    ``subcomponent`` is empty where MSH-2 has three characters, ``truncation`` where it has fewer than five (v2.7).
    """

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""
    meanings: dict[str, str] = field_of(init=False, repr=False, compare=False)
    """What the escape sequences that are mostly sent stand for; ``escapes.py`` knows all of them."""

    def __post_init__(self) -> None:
        meanings = {
            "F": self.field,
            "S": self.component,
            "T": self.subcomponent or "&",
            "R": self.repetition,
            "E": self.escape,
            "P": self.truncation or "#",
            "H": "",
            "N": "",
            ".br": "\n",
        }
        object.__setattr__(self, "meanings", meanings)

    def __hash__(self) -> int:
        """Two encodings rarely share these two; the whole would be hashed once a text."""
        return hash((self.field, self.escape))

    @property
    def characters(self) -> str:
        """MSH-2 as it was sent."""
        return self.component + self.repetition + self.escape + self.subcomponent + self.truncation

    @property
    def delimiters(self) -> str:
        """All delimiters, the field separator first."""
        return self.field + self.characters

    @classmethod
    def read(cls, header: str) -> "Encoding":
        r"""Turn the start of a header segment (``MSH|^~\&|``) into its delimiters; raises ValueError.

        A delimiter is a printable ASCII character, neither letter nor digit nor space, and stands for one thing only
        (v2.5 section 2.5.4): two equal ones would let one text be read in two ways.
        """
        field = header[3:4]
        characters = header[4:].split(field, 1)[0] if field else ""
        return _delimiters(field, characters)


@lru_cache(maxsize=64)
def _delimiters(field: str, characters: str) -> Encoding:
    """Senders share a handful of them, so each is checked once."""
    if not 3 <= len(characters) <= 5:
        raise ValueError("MSH-2 has three to five encoding characters")
    delimiters = field + characters
    if not all("!" <= character <= "~" and not character.isalnum() for character in delimiters):
        raise ValueError("a delimiter is a printable ASCII character, no letter and no digit")
    if len(set(delimiters)) < len(delimiters):
        raise ValueError("each delimiter differs from the others")
    return Encoding(field, *characters, *[""] * (5 - len(characters)))


STANDARD = Encoding()
