"""docs/hl7v2.md says what the code does: its tables are held to the code's."""

import codecs
import re
from pathlib import Path

import pytest

from adapter.hl7v2 import character_sets
from adapter.hl7v2.ack import ANSWERS
from adapter.hl7v2.character_sets import is_known
from adapter.hl7v2.deviations import Deviation
from adapter.hl7v2.oru import OBSERVATION_STANDINGS, REPORT_STATUSES
from adapter.hl7v2.tables import VERSIONS

PAGE = (Path(__file__).parents[2] / "docs/hl7v2.md").read_text("utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table whose first header cell is ``heading``."""
    table = PAGE.split(f"| {heading} |", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()[2:]]


def test_every_deviation_is_listed_and_no_other():
    assert [row[0] for row in rows("deviation")] == [f"`{deviation.value}`" for deviation in Deviation]


def test_every_answer_is_listed_as_it_is_given():
    expected = [[f"`{p.value}`", f"A{a.code}", str(a.condition), a.sentence] for p, a in ANSWERS.items()]
    assert rows("problem") == expected


@pytest.mark.parametrize(
    ("heading", "table"), [("OBR-25 (0123)", REPORT_STATUSES), ("OBX-11 (0085)", OBSERVATION_STANDINGS)]
)
def test_every_status_is_listed_as_it_is_read(heading, table):
    listed = {code: row[1] for row in rows(heading) for code in re.findall(r"`(\w)`", row[0])}
    assert {code: state for code, state in listed.items() if state != "held"} == {
        code: state.value for code, state in table.items()
    }


def test_the_newest_version_of_the_page_is_that_of_the_code():
    assert f"2.7 to {VERSIONS[-1]}" in PAGE


def test_every_character_set_that_the_page_names_is_known():
    names = ["ASCII", "ISO IR6", "UNICODE", "UNICODE UTF-8", "UNICODE UTF-16", "GB 18030-2000", "BIG-5", "KS X 1001"]
    names += [f"8859/{part}" for part in (*range(1, 12), 13, 14, 15, 16)] + [f"ISO IR{n}" for n in (13, 14, 87, 159)]
    names += [f"windows-{page}" for page in range(1250, 1259)] + ["UTF8", "ISO-8859-1", "CP1252", "LATIN1"]
    assert [name for name in names if not is_known(name)] == []


def test_every_codec_of_a_character_set_exists():
    assert all(codecs.lookup(codec) for codec in character_sets._CODECS.values())
