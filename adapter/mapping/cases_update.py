"""A test file's text with what was read in place of what was expected; all else of the file stays as it was written."""

from collections.abc import Sequence
from dataclasses import dataclass

from adapter.mapping.cases_renew import renewed
from adapter.mapping.cases_run import CaseResult
from adapter.mapping.loader import Tree
from adapter.mapping.yaml_text import block


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
        written = [f"{' ' * (column + 1)}{line}\n" for line in block(renewed(result.case, result.got))]
        lines[start - 1 : _end(lines, start, column)] = [f"{indent}expect:\n", *written]
    return Updated("".join(lines), tuple(reversed(left)))


def _end(lines: Sequence[str], start: int, column: int) -> int:
    """The end of a block whose key stands at a line and column: what follows is indented less, or no more."""
    end = start
    for number, line in enumerate(lines[start:], start=start + 1):
        bare = line.lstrip(" ")
        if not bare.strip() or bare.startswith("#"):
            continue
        if len(line) - len(bare) < column:
            break
        end = number
    return end
