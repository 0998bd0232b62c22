"""A pattern is refused when the mapping is loaded, or it costs less than 10 ms, however long and wicked the text is."""

import random

import pytest
from mapping_messages import SITE, held, outcome, seconds, site, site_oru
from narrative_reports import PROSE

from adapter.mapping.errors import MappingFileError
from adapter.mapping.narrative_rows import LONGEST_LINE, MAX_CHARACTERS, MAX_LINES, Pattern
from adapter.outcome import Held

LIMIT = 0.01
PARSING = 0.1
"""Seconds to take a message of a megabyte apart, whatever is then read of it; a wicked pattern would take several."""

MEGABYTE = 1 << 20

PATTERNS = [
    "(a+)+$",
    "(?:a+)+b",
    "(?:a|aa)*b",
    "(?:a|a)*b",
    "(?:a*)*b",
    "(?:a?){100}a{100}",
    "(?:a?){40}a{40}",
    ".*a.{10}b",
    ".*a.{40}b",
    ".*a.{60}b",
    ".*a.{900}b",
    ".*.*.*.*.*x",
    "(?:.*,){11}x",
    "(?:.*a){30}.*b",
    "(?:x+x+)+y",
    "(?:[a-z]+)*[0-9]",
    "(?:.{1,20}){2}b",
    "(?:.{1,500}){2}b",
    "(?:(?:a|b|ab|ba|aba)*){10}c",
    "(?:a.{0,20}){8}b",
    r"(?:\w+\s?)*$",
    r"\pL{3}.*\pN{5}",
    r"(?i)(?:.*lesion.*)(?:.*suv.*)(?:.*x.*)y",
    "(?s)(?:.*\n)*x",
    "^(?:(?:.*)*)*$",
    "(?:a{1,30}){1,30}b",
    "(?:0|[1-9][0-9]*)(?:[.,][0-9]+)*x",
    "[^b]*[^c]*[^d]*[^e]*b",
    "(?:.?){99}x",
    "".join(f"(?P<g{number}>.*)" for number in range(12)),
    "".join(f"(?P<g{number}>.*)" for number in range(12)) + "x",
    "".join(rf"(?P<g{number}>\w*)" for number in range(12)) + "x",
    r"(?P<row>[0-9]+).*(?P<where>[a-z ]*)[a-z ]*[a-z ]*SUVmax (?P<suv>[0-9.]+)",
]


def random_line(length):
    return "".join(random.Random(length).choices("ab ", k=length))


LINES = {
    "one letter": ["a" * LONGEST_LINE] * (MAX_CHARACTERS // LONGEST_LINE),
    "a letter that fits, at the end": ["a" * 499 + "b"] * (MAX_CHARACTERS // LONGEST_LINE),
    "short lines": ["a" * 39 + "x"] * MAX_LINES,
    "short random lines": [random_line(30 + number % 10) for number in range(MAX_LINES)],
    "long random lines": [random_line(400 + number) for number in range(MAX_CHARACTERS // LONGEST_LINE)],
    "words": ["lesion suv x, " * 35] * 24,
}


def patterns_that_load():
    return [pattern for pattern in PATTERNS if not is_refused(pattern)]


def is_refused(pattern):
    try:
        site(PROSE.replace("negations: ['", f"negations: ['{pattern}', '"))
    except MappingFileError as error:
        return all("pattern" in fault.text or "group" in fault.text for fault in error.faults)
    return False


def test_there_are_thirty_wicked_patterns_and_some_of_them_load():
    assert len(PATTERNS) >= 30
    assert 15 < len(patterns_that_load()) < len(PATTERNS)


@pytest.mark.slow
@pytest.mark.parametrize("pattern", patterns_that_load())
@pytest.mark.parametrize("lines", LINES.values(), ids=LINES)
def test_a_pattern_that_loads_costs_less_than_10_ms_on_the_longest_text_that_is_read(pattern, lines):
    one = Pattern.of(pattern)

    assert seconds(lambda: [one.groups(line) for line in lines]) < LIMIT
    assert seconds(lambda: [one.is_in(line) for line in lines]) < LIMIT


@pytest.mark.parametrize("text", ["a" * MEGABYTE, "a b \\.br\\" * (MEGABYTE // 9), "~" * MEGABYTE])
def test_a_megabyte_of_prose_is_held_without_a_pattern_being_tried(text):
    mapping = site(PROSE)
    message = site_oru(("FT", "GDT^^L", "", text))

    found = outcome(message, mapping)

    assert isinstance(found, Held)
    assert (found.problem.value, str(found.place)) == ("value-unreadable", "OBX[1]-5")
    assert found.rule == "rows: more text than any report has"


@pytest.mark.parametrize("pattern", ["(?P<row>[a-z]+)", "(?P<row>.*a.{60}b)", "(?P<row>.*a.{900}b)", "(?P<row>(a+)+)$"])
def test_a_row_key_of_a_megabyte_is_held_without_its_pattern_being_tried(pattern):
    mapping = site(SITE.replace("{parts: 1}", f"{{pattern: '{pattern}'}}"))
    message = site_oru(("CWE", "LESCLASS^^99STE", "a" * MEGABYTE, "MAL^^99STE"))

    assert held(message, mapping) == ("value-unreadable", "OBX[1]-4")
    assert seconds(lambda: outcome(message, mapping)) < PARSING
