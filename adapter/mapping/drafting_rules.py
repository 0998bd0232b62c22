"""The draft of one fact's rules: where it was seen, by which table, in which unit, and what a person has to settle."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from adapter.mapping.codes import fold
from adapter.mapping.drafting_survey import MOST_VALUES, Coding, Seen
from adapter.mapping.drafting_words import SUV_TYPES, Recognised, has_words, recognised_value
from adapter.mapping.drafting_yaml import inline, listed, quoted
from adapter.mapping.facts import LESION_FACTS, REPORT_FACTS, Kind
from adapter.mapping.units import LENGTHS, PERCENT, is_suv_spelling

_CENTIMETRES = frozenset({"cm", "zentimeter", "centimetre", "centimeter", "centimètre"})
_MILLIMETRES = frozenset({"mm", "millimeter", "millimetre", "millimètre"})
BODY_WEIGHT = "SUVbw"


@dataclass(slots=True)
class Tables:
    """The tables and spellings that the rules of a draft need, as lines of the file."""

    lines: list[str] = field(default_factory=list)
    spellings: dict[str, dict[str, None]] = field(default_factory=dict)

    def spelt(self, unit: str, spellings: Sequence[str]) -> None:
        """Let spellings mean a unit."""
        if spellings:
            self.spellings.setdefault(unit, {}).update(dict.fromkeys(spellings))


@dataclass(frozen=True, slots=True)
class FactDraft:
    """One fact of a draft: the codes that seem to carry it."""

    name: str
    seen: tuple[tuple[Seen, Recognised], ...]

    @property
    def kind(self) -> Kind:
        """How its value is read."""
        return {**REPORT_FACTS, **LESION_FACTS}[self.name].kind

    def lines(self, tables: Tables) -> Iterator[str]:
        """Turn it into the lines of its rules, and its table into ``tables``."""
        if self.kind is Kind.SUV:
            rules = [self._suv(one, known, tables) for one, known in self.seen]
        else:
            rules = [self._rule(tables)]
        if self.name == "nature":
            rules[0][0]["absent"] = "uncertain"
            rules[0][1].append("what is a row that does not say so? uncertain keeps the score open")
        guesses = [todo for _, todos in rules for todo in todos]
        if len(rules) == 1:
            yield f"  {self.name}: {inline(rules[0][0])}"
        else:
            yield f"  {self.name}:"
            yield from (f"    - {inline(parts)}" for parts, _ in rules)
        yield from (f"  # TODO {self.name}: {todo}" for todo in (*self._check(), *guesses))

    def _check(self) -> Iterator[str]:
        for one, known in self.seen:
            if not known.is_sure:
                yield f"is {one.coding.reference} this fact? it was taken for it by its words"

    def _rule(self, tables: Tables) -> tuple[dict[str, str], list[str]]:
        parts = {"obx": listed(one.coding.reference for one, _ in self.seen)}
        values = dict.fromkeys(value for one, _ in self.seen for value in one.values)
        todos: list[str] = []
        if has_words(self.name) and values and any(not one.is_numeric for one, _ in self.seen):
            parts |= table(self.name, list(values), tables, is_code=self.kind is Kind.CODE)
        if self.kind is Kind.LENGTH:
            unit, todos = _length(self._units, tables)
            parts["unit"] = quoted(unit)
        if self.kind is Kind.PERCENT:
            tables.spelt(PERCENT, [unit for unit in self._units if unit != PERCENT])
            parts["unit"] = quoted(PERCENT)
        return parts | _decimal(any(one.decimal_comma for one, _ in self.seen)), todos

    @property
    def _units(self) -> list[str]:
        return list(dict.fromkeys(unit for one, _ in self.seen for unit in one.units))

    @staticmethod
    def _suv(one: Seen, known: Recognised, tables: Tables) -> tuple[dict[str, str], list[str]]:
        """By DICOM's code the normalisation is known; by words it is taken for body weight, and asked."""
        suv_type = SUV_TYPES.get(one.coding.code, BODY_WEIGHT) if known.is_sure else BODY_WEIGHT
        unit = f"{'cm2' if suv_type == 'SUVbsa' else 'g'}/mL{{{suv_type}}}"
        tables.spelt(unit, [spelling for spelling in one.units if spelling != unit and is_suv_spelling(spelling)])
        reference = one.coding.reference
        todos = [] if known.is_sure else [f"is {reference} normalised by body weight (SUVbw), and the maximum?"]
        foreign = [spelling for spelling in one.units if not is_suv_spelling(spelling)]
        todos += [f"{reference} is sent in {spelling}, which is no SUV: it is not read" for spelling in foreign]
        todos += [] if one.units else [f"{reference} is sent without a unit: it is read, and flagged"]
        parts = {"obx": listed([reference]), "type": quoted(suv_type), "unit": quoted(unit)}
        return parts | _decimal(one.decimal_comma), todos


def _decimal(comma: bool) -> dict[str, str]:
    return {"decimal": quoted(",")} if comma else {}


def _length(units: Sequence[str], tables: Tables) -> tuple[str, list[str]]:
    """The first unit that is a length; the others are read as what they are."""
    found = []
    for unit in units:
        name = "cm" if fold(unit) in _CENTIMETRES else "mm" if fold(unit) in _MILLIMETRES else ""
        if name:
            found.append(name)
            tables.spelt(name, [unit] if unit not in LENGTHS else [])
    strange = [f"is {unit} a length? it is not read" for unit in units if not _is_length(unit)]
    return (found[0] if found else "mm"), strange + ([] if units else ["no unit is sent: is it mm?"])


def _is_length(unit: str) -> bool:
    return fold(unit) in _CENTIMETRES | _MILLIMETRES


def table(name: str, values: Sequence[Coding], tables: Tables, *, is_code: bool = False) -> dict[str, str]:
    """Turn the values seen of a fact into its table; gives the ``lookup`` of its rule, if there is a table.

    What is not recognised stands in it as a question. A fact that takes any code (`is_code`) gets a table that holds
    nothing yet, so that a message is held rather than a code taken as it comes.
    """
    if len(values) > MOST_VALUES:
        tables.lines.append(f"  # TODO {name}: more than {MOST_VALUES} different texts were seen: is it free text?")
        return {}
    entries, questions = [], []
    for value in values:
        meant = recognised_value(name, value)
        if meant is None:
            questions.append(f"    # TODO {name}: what does {quoted(value.reference)} mean? add its entry")
        else:
            check = "" if meant.is_sure else f"  # TODO {name}: check, taken by its words"
            entries.append(f"    {quoted(value.reference)}: {quoted(meant.word)}{check}")
    if not entries and is_code:
        entries = ["    TODO: TODO"]
    tables.lines += [f"  {name}:", *entries, *questions] if entries else questions
    return {"lookup": name} if entries else {}
