"""An expectation brought up to what was read: the same parts and the same facts, with their present values."""

from collections.abc import Mapping
from typing import Any

from adapter.mapping.cases import NONE, Case, Expected, ExpectedReport
from adapter.mapping.cases_got import Got, GotReport

_OF_REPORTS = ("report", "lesions", "reports")
_OF_ALL = ("flags", "state", "ack", "problem", "place", "rule", "outcome", "grade", "group", "reasons", "review")
_READ = frozenset({*_OF_REPORTS, "flags", "outcome", "grade", "group", "reasons", "review"})
_NOT_READ = frozenset({"state", "ack", "problem", "place"})


def renewed(case: Case, got: Got) -> dict[str, Any]:
    """Turn a case and what came of it into what it should expect; an empty expectation gets every part."""
    expect = case.expect
    named = expect.model_fields_set or _all_of(got)
    reports = _reports(expect, got, is_exact=case.contains == "equals") if named & set(_OF_REPORTS) else {}
    members = got.members()
    return reports | {name: members[name] for name in _OF_ALL if name in named}


def _all_of(got: Got) -> frozenset[str]:
    """All that there is to say: of what was read, of what was not, or of both."""
    not_read = _NOT_READ if set(got.state) != {"read"} else frozenset()
    return not_read | (_READ if got.reports else frozenset())


def _reports(expect: Expected, got: Got, *, is_exact: bool) -> dict[str, Any]:
    several = expect.reports is not None or len(got.reports) != 1
    named: list[ExpectedReport | None] = [*expect.reports] if expect.reports is not None else [expect]
    if len(named) != len(got.reports) or not expect.model_fields_set:
        named = [None] * len(got.reports)
    found = [_report(wanted, one, is_exact=is_exact) for wanted, one in zip(named, got.reports, strict=True)]
    return {"reports": found} if several else found[0]


def _report(wanted: ExpectedReport | None, found: GotReport, *, is_exact: bool) -> dict[str, Any]:
    """Without a counterpart all is written."""
    if wanted is None:
        return {"report": found.report, "lesions": list(found.lesions)}
    parts: dict[str, Any] = {}
    if wanted.report is not None:
        parts["report"] = _facts(wanted.facts, found.report, is_exact=is_exact)
    if wanted.lesions is not None:
        rows = wanted.rows
        parts["lesions"] = [_facts(rows.get(row["row"]), row, is_exact=is_exact) for row in found.lesions]
    return parts


def _facts(named: Mapping[str, str] | None, found: Mapping[str, str], *, is_exact: bool) -> dict[str, str]:
    if named is None or is_exact:
        return dict(found)
    return {fact: found.get(fact, NONE) for fact in named}
