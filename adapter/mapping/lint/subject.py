"""What lint looks at: one mapping with its text, its tests and what they touch, and the record of versions."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from adapter.mapping.cases import CaseFile
from adapter.mapping.cases_run import CaseResult, Fetch
from adapter.mapping.consistency import every_rule
from adapter.mapping.coverage import Coverage
from adapter.mapping.facts import Fact
from adapter.mapping.form import Mapping as Form
from adapter.mapping.loader import Path, Tree
from adapter.mapping.rules import Rule
from adapter.mapping.site_mapping import SiteMapping

_COMMENT = re.compile(r"(^|\s)#")


@dataclass(frozen=True, slots=True)
class Tested:
    """A mapping's test file: its cases, their places, how they went, what they touch, and where inputs come from."""

    cases: CaseFile
    tree: Tree
    results: tuple[CaseResult, ...]
    coverage: Coverage
    fetch: Fetch


@dataclass(frozen=True, slots=True)
class Subject:
    """One mapping as lint sees it. ``versions`` is the record: ``id@version`` -> sha256; ``today`` is given."""

    mapping: SiteMapping
    tree: Tree
    text: str
    tested: Tested | None
    versions: Mapping[str, str]
    today: date
    lines: list[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lines", self.text.splitlines())

    @property
    def form(self) -> Form:
        """The mapping's form."""
        return self.mapping.form

    def rules(self, part: str, *facts: str) -> Iterator[tuple[Path, Fact, Rule]]:
        """The rules of a part (header, report, lesion), of all its facts or of those named."""
        return (
            (path, fact, rule)
            for path, fact, rule in every_rule(self.form)
            if path[0] == part and (not facts or path[1] in facts)
        )

    def entries(self, part: str, *facts: str) -> Iterator[tuple[Path, str, str]]:
        """The entries of the tables in which these facts are looked up: (path, as sent, what it means)."""
        names = dict.fromkeys(rule.lookup for _, _, rule in self.rules(part, *facts) if rule.lookup)
        for name in names:
            for sent, meant in self.form.tables[name].items():
                yield ("tables", name, sent), sent, meant

    def is_explained(self, path: Path) -> bool:
        """Does a comment stand at the end of the part's line, or on the line above it?"""
        line = self.tree.fault(path, "").line
        above = self.lines[line - 2].lstrip() if line > 1 else ""
        return above.startswith("#") or bool(_COMMENT.search(self.lines[line - 1]))
