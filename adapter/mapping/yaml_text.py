"""Text trees written as YAML that a person edits on: short things within a line, lists of them one a line."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.()/+-]*( [A-Za-z0-9_.()/+-]+)*")
_NOT_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""Words that an editor's YAML takes for something else than text."""


def block(members: Mapping[str, Any]) -> Iterator[str]:
    """Write a mapping as lines of YAML: reports and lesions one a line, all else within its line."""
    for name, value in members.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield f"{flow(name)}:"
            for item in value:
                yield from _item(item)
        else:
            yield f"{flow(name)}: {flow(value)}"


def _item(item: Mapping[str, Any]) -> Iterator[str]:
    if not any(isinstance(value, list) for value in item.values()):
        yield f"  - {flow(item)}"
        return
    mark = "  - "
    for line in block(item):
        yield mark + line
        mark = "    "


def flow(value: Any) -> str:
    """Write a value within one line: text is quoted where an editor's YAML would take it for something else."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(name)}: {flow(held)}" for name, held in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return value if _PLAIN.fullmatch(value) and value not in _NOT_TEXT else json.dumps(value, ensure_ascii=False)
