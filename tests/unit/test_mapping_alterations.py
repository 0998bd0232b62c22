"""Whatever happens to one line of a message, what is read of it changes, or a note names it, or it had said nothing."""

import re

import pytest
from test_mapping_examples import SAMPLES, example, folder_of
from test_mapping_fixtures import READ, essence, read, text

from adapter.hl7v2.message import Message
from adapter.mapping.cases_run import alone
from adapter.mapping.message_reading import Extraction, read_message
from adapter.mapping.narrative_sections import is_heading
from adapter.outcome import Held

TYPE, CODE, ROW, VALUE, UNIT, STATUS = 2, 3, 4, 5, 6, 11
MEASURED = {"126401", "126402", "103339001", "29593-1", "SUVMAX", "LESSIZE", "LIVSUV", "LEBERSUV"}
OURS = {"liver-suv", "spleen-suv", "blood-pool-suv"}


class Sample:
    """One message and what reads it."""

    def __init__(self, name, content, reader):
        self.name = name
        self.lines = content.removesuffix("\r").split("\r")
        self.reader = reader
        self.whole = self.read(self.lines)

    def read(self, lines):
        return self.reader("\r".join(lines))

    @property
    def observations(self):
        return [index for index, line in enumerate(self.lines) if line.startswith("OBX")]

    def number(self, index):
        return self.observations.index(index) + 1

    def changed(self, index, line):
        return self.read([*self.lines[:index], line, *self.lines[index + 1 :]])

    def says_nothing(self, index):
        """Was the observation listed as one that gives no fact?"""
        notes = [note for report in self.whole.reports for note in report.notes] + list(self.whole.notes)
        kinds = ("unused", "narrative", "no value", "retracted")
        return self.number(index) in {number for note in notes if note.startswith(kinds) for number in numbers_in(note)}


def numbers_in(note):
    for first, last in re.findall(r"OBX\[(\d+)(?:\.\.(\d+))?\]", note):
        yield from range(int(first), int(last or first) + 1)


def fixture(file):
    return Sample(file, text(file), read)


def sample(path):
    mappings = alone(example(folder_of(path)))
    return Sample(path, path.read_bytes().decode(), lambda message: read_message(Message.parse(message), mappings))


def is_read(path):
    return isinstance(sample(path).whole, Extraction)


EVERY = [pytest.param(fixture, file, id=file) for file in READ] + [
    pytest.param(sample, path, id=f"{path.parent.name}/{path.stem}") for path in SAMPLES if is_read(path)
]
EVERY_SAMPLE = pytest.mark.parametrize(("load", "name"), EVERY)


def notes_of(found):
    """All that was noted, without the numbers of segments and lines, which shift when a line goes or comes."""
    if isinstance(found, Held):
        return [found.rule]
    notes = [note for one in found.reports for note in one.notes] + list(found.notes)
    return [re.sub(r"[0-9.]+", "#", note) for note in notes]


def tells(one, other):
    """Does the difference show, in what was read or in what was noted beside it?"""
    return essence(one) != essence(other) or notes_of(one) != notes_of(other) or sizes(one) != sizes(other)


def sizes(found):
    """How many segments and lines the notes name."""
    if isinstance(found, Held):
        return None
    notes = [note for one in found.reports for note in one.notes] + list(found.notes)
    return sum(len(list(numbers_in(note))) for note in notes), sum(len(re.findall(r"[0-9]+", note)) for note in notes)


@pytest.mark.slow
@EVERY_SAMPLE
def test_an_observation_that_is_gone_is_missed_unless_it_had_said_nothing(load, name):
    one = load(name)
    for index in one.observations:
        rest = one.read(one.lines[:index] + one.lines[index + 1 :])

        assert tells(rest, one.whole) or one.says_nothing(index) or says_the_default(one.lines[index])


def says_the_default(line):
    """``nature`` tumour, ``in-field`` yes: what the canonical form means where it says nothing."""
    return any(default in line for default in ("|nature^", "|in-field^"))


@pytest.mark.slow
@EVERY_SAMPLE
def test_an_observation_that_stands_twice_shows(load, name):
    one = load(name)
    for index in one.observations:
        doubled = one.read([*one.lines[: index + 1], *one.lines[index:]])

        assert doubled != one.whole
        assert essence(doubled) == essence(one.whole) or isinstance(doubled, Held)


@pytest.mark.slow
@EVERY_SAMPLE
def test_the_order_of_two_observations_says_nothing_or_holds_the_message(load, name):
    one = load(name)
    for first, second in zip(one.observations, one.observations[1:], strict=False):
        if second == first + 1:
            swapped = [*one.lines]
            swapped[first], swapped[second] = swapped[second], swapped[first]
            found = one.read(swapped)

            assert essence(found) == essence(one.whole) or isinstance(found, Held)


def altered(line, number, value):
    bar, caret = line[3], delimiter(line)
    fields = line.split(bar)
    fields += [""] * (number + 1 - len(fields))
    fields[number] = value.replace("^", caret)
    return bar.join(fields)


def delimiter(line):
    """What stands between components: OBX-3 has three of them."""
    return next((mark for mark in "^*$%:" if line.split(line[3])[CODE].count(mark) == 2), "^")


def code_of(line):
    return line.split(line[3])[CODE].split(delimiter(line))[0]


ALTERATIONS = [
    (CODE, "ZZ-1^Something else^99ZZ"),
    (CODE, ""),
    (ROW, "77"),
    (ROW, ""),
    (VALUE, "@@"),
    (VALUE, ""),
    (UNIT, "furlong"),
    (STATUS, "P"),
    (STATUS, "D"),
    (STATUS, "Q"),
    (STATUS, ""),
]


def is_irrelevant(line, number, value):
    """A unit is part of a measurement, and one foreign unit is as good as another; a text has no row key of its own.

    Whatever is said of therapy but "no" is therapy; what is the same is no change.
    """
    fields, code = line.split(line[3]), code_of(line)
    if number == UNIT:
        return code not in MEASURED | OURS or "kBq" in fields[UNIT]
    if number == VALUE and code == "intervening-therapy":
        return value != ""
    if number == ROW and code in {"LAESTAB", "GDT"}:
        return True
    return len(fields) > number and fields[number] == value


@pytest.mark.slow
@EVERY_SAMPLE
@pytest.mark.parametrize(("number", "value"), ALTERATIONS, ids=str)
def test_an_observation_that_is_altered_shows_unless_it_had_said_nothing(load, name, number, value):
    one = load(name)
    for index in one.observations:
        line = one.lines[index]
        if is_irrelevant(line, number, value) or one.says_nothing(index):
            continue
        found = one.changed(index, altered(line, number, value))

        assert tells(found, one.whole), line


BREAK = "\\.br\\"
TEXTS = [one for one in EVERY if one.values[0] is sample and "subid" not in one.id and "ihe" not in one.id]


def text_lines(one):
    """Each line of each text that holds rows: its segment, the lines there, and its index among them."""
    for index in one.observations:
        value = one.lines[index].split("|")[VALUE]
        if one.lines[index].split("|")[CODE].split("^")[0] in {"LAESTAB", "GDT"}:
            mark = BREAK if BREAK in value else "~"
            parts = value.split(mark)
            yield from ((index, mark, parts, at) for at, part in enumerate(parts) if part.strip())


def with_lines(one, index, mark, parts):
    return one.changed(index, altered(one.lines[index], VALUE, mark.join(parts)))


@pytest.mark.slow
@pytest.mark.parametrize(("load", "name"), TEXTS)
def test_a_line_of_a_text_that_is_gone_doubled_or_altered_shows(load, name):
    """A heading may go unseen where nothing below it was read anyway."""
    one = load(name)
    for index, mark, parts, at in text_lines(one):
        gone = with_lines(one, index, mark, parts[:at] + parts[at + 1 :])
        twice = with_lines(one, index, mark, [*parts[: at + 1], *parts[at:]])
        other = with_lines(one, index, mark, [*parts[:at], f"@@ {parts[at]} @@", *parts[at + 1 :]])

        assert tells(gone, one.whole) or is_heading(parts[at]), parts[at]
        assert twice != one.whole, parts[at]
        assert tells(other, one.whole) or at + 1 in listed_lines(one.whole), parts[at]


def listed_lines(found):
    """The lines that are listed because they gave no row."""
    notes = [note for report in found.reports for note in report.notes if "-5: line" in note]
    spans = [span.split("..") for note in notes for span in re.findall(r"[0-9.]+", note.partition(": line")[2])]
    return {number for first, *last in spans for number in range(int(first), int((last or [first])[0]) + 1)}
