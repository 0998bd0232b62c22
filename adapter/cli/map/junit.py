"""Results of cases as the XML that a site's CI reads (JUnit's: one suite a mapping, one testcase a case)."""

from collections.abc import Iterator, Sequence
from html import escape

from adapter.mapping.cases_run import CaseResult

Suite = tuple[str, Sequence[CaseResult]]
"""A test file's name, and the results of its cases."""


def junit(suites: Sequence[Suite]) -> str:
    """Turn suites of results into one XML document; what control characters there are is left out."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites{_counts(suites)}>"]
    for suite in suites:
        lines += [f'  <testsuite name="{_text(suite[0])}"{_counts([suite])}>', *_cases(suite), "  </testsuite>"]
    return "\n".join([*lines, "</testsuites>", ""])


def _counts(suites: Sequence[Suite]) -> str:
    results = [result for _, suite in suites for result in suite]
    failed = sum(not result.holds for result in results)
    return f' tests="{len(results)}" failures="{failed}" errors="0" skipped="0"'


def _cases(suite: Suite) -> Iterator[str]:
    file, results = suite
    for result in results:
        start = f'    <testcase classname="{_text(file)}" name="{_text(result.case.name)}"'
        if result.holds:
            yield f"{start}/>"
            continue
        told = "\n".join(f"{one.path}: expected {one.expected}; got {one.got}" for one in result.differences)
        yield f"{start}>"
        message = f"{len(result.differences)} differences"
        yield f'      <failure message="{message}">{_text(told)}</failure>'
        yield "    </testcase>"


def _text(text: str) -> str:
    """XML 1.0 knows no control characters but tab and line ends, whatever way they are written."""
    return escape("".join(char for char in text if char.isprintable() or char in "\t\n"))
