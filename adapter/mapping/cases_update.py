"""A test file's text with what was read in place of what was expected; all else of the file stays as it was written."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapter.mapping.cases_renew import renewed
from adapter.mapping.cases_run import CaseResult
from adapter.mapping.loader import Tree

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.()/+-]*( [A-Za-z0-9_.()/+-]+)*")
_NOT_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""Words that an editor's YAML takes for something else than text."""


@dataclass(frozen=True, slots=True)
class Updated:
    """The new text of a test file, and the names of failing cases that it could not rewrite."""

    text: str
    left: tuple[str, ...]


def updated(text: str, tree: Tree, results: Sequence[CaseResult]) -> Updated:
    """Turn a test file and its results into the file in which each case expects what was read.

    Left as it is: a case that holds, one whose input cannot be read, and one whose ``expect`` is not on a line of its
    own. Comments within a rewritten ``expect`` are lost.
    """
    lines = text.splitlines(keepends=True)
    left = []
    for index, result in reversed([*enumerate(results)]):
        if result.holds:
            continue
        start, column = tree.positions["cases", index, "expect"]
        indent = lines[start - 1][: column - 1]
        if result.got is None or indent.strip(" -"):
            left.append(result.case.name)
            continue
        written = [f"{' ' * (column + 1)}{line}\n" for line in _block(renewed(result.case, result.got))]
        lines[start - 1 : _end(lines, start, column)] = [f"{indent}expect:\n", *written]
    return Updated("".join(lines), tuple(reversed(left)))


def _end(lines: Sequence[str], start: int, column: int) -> int:
    """The end of a block whose key stands at a line and column: what follows is indented less, or no more."""
    end = start
    for number, line in enumerate(lines[start:], start=start + 1):
        bare = line.lstrip(" ")
        if bare.startswith(("\n", "#")):
            continue
        if len(line) - len(bare) < column:
            break
        end = number
    return end


def _block(members: Mapping[str, Any]) -> Iterator[str]:
    """Write a mapping as lines of YAML: reports and lesions one a line, all else within its line."""
    for name, value in members.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield f"{name}:"
            for item in value:
                yield from _item(item)
        else:
            yield f"{name}: {_flow(value)}"


def _item(item: Mapping[str, Any]) -> Iterator[str]:
    if not any(isinstance(value, list) for value in item.values()):
        yield f"  - {_flow(item)}"
        return
    mark = "  - "
    for line in _block(item):
        yield mark + line
        mark = "    "


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_flow(text)}" for name, text in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return value if _PLAIN.fullmatch(value) and value not in _NOT_TEXT else json.dumps(value, ensure_ascii=False)
