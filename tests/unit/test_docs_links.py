"""Every page that a page or a comment names is there."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
OURS = ("acknowledgement.md", "clinical.md", "conformance.md", "formats.md", "mapping.md", "settings.md")
PAGES = sorted([*(DOCS / name for name in OURS), *(DOCS / "adr").glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_links_only_to_pages_that_are_there(page):
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#[^)]*)?\)", page.read_text("utf-8"))

    assert [link for link in links if not (page.parent / link).is_file()] == []


def test_the_decisions_are_numbered_without_gap():
    numbers = [int(page.name[:4]) for page in sorted((DOCS / "adr").glob("*.md"))]

    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_line_that_is_no_table_row_can_be_read_on_one_screen(page):
    prose = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL).split("\n")

    assert [line for line in prose if len(line) > 120 and not line.startswith("|")] == []
