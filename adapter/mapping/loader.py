"""YAML text into a plain tree of strings with positions: no type guessing, no aliases, no tags, no second meaning.

YAML reads ``on`` as true, ``010`` as 8 and ``1:30`` as 90. A code table cannot live with that, so every scalar stays
the text that was written, and what makes a file hard to read or costly to load is refused: anchors and aliases, tags,
directives, several documents, duplicate keys, merge keys, and files beyond the limits below.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

from adapter.mapping.errors import MappingFault, MappingFileError

MAX_BYTES = 256 * 1024
"""The largest shipped mapping is under 16 KB; a file beyond this is no mapping."""

MAX_DEPTH = 16
"""The form itself nests seven deep."""

MAX_NODES = 5_000
"""A code table of two thousand entries fits; composing this many takes well under 50 ms."""

Path = tuple[str | int, ...]
Node = dict[str, Any] | list[Any] | str

_EVENTS = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""libyaml's scanner where PyYAML has it: twenty times faster, and it stops at the first fault either way."""

_HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff]")
"""Characters that control, reorder or hide text on a screen: what a physician approves must be what is there."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A file as written: nested dicts, lists and strings, and the (line, column) at which each node stands."""

    file: str
    root: dict[str, Any]
    positions: dict[Path, tuple[int, int]]

    def fault(self, path: Path, text: str) -> MappingFault:
        """Turn a fault of one node into its place in the file: that of the node, or the nearest one above it."""
        return MappingFault(self.file, *self._position(path), text)

    def _position(self, path: Path) -> tuple[int, int]:
        found = self.positions[()]
        walked: Path = ()
        for step in path:
            if (*walked, step) in self.positions:
                walked = (*walked, step)
                found = self.positions[walked]
        return found


def read_tree(content: bytes, file: str, *, most: int = MAX_NODES) -> Tree:
    """Turn a file's bytes into its tree; raises MappingFileError with line and column at the first fault.

    ``most`` is how many values the file may hold.
    """
    if len(content) > MAX_BYTES:
        raise MappingFileError([MappingFault(file, 0, 0, f"the file is larger than {MAX_BYTES // 1024} KB: split it")])
    composer = _Composer(_decode(content, file), file, most)
    return Tree(file, composer.document(), composer.positions)


def _decode(content: bytes, file: str) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        fault = MappingFault(file, line, column, "a byte is not UTF-8: save the file as UTF-8")
        raise MappingFileError([fault]) from None
    hidden = _HIDDEN.search(text)
    if hidden:
        raise MappingFileError([_fault_at(text, hidden.start(), file, "an invisible character: delete it")])
    return text


def _fault_at(text: str, index: int, file: str, said: str) -> MappingFault:
    return MappingFault(file, text.count("\n", 0, index) + 1, index - (text.rfind("\n", 0, index) + 1) + 1, said)


class _Composer:
    """Turns the parser's events into the tree, and refuses at the first event that does not belong."""

    def __init__(self, text: str, file: str, most: int) -> None:
        self.positions: dict[Path, tuple[int, int]] = {}
        self._file = file
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=_EVENTS))
        self._nodes = 0
        self._most = most

    def document(self) -> dict[str, Any]:
        """Turn the whole stream into the tree of its one document."""
        self._next()
        start = self._next()
        if isinstance(start, yaml.StreamEndEvent):
            self._refuse(start, "the file is empty: a mapping starts with `schema: netpet-mapping/1`")
        if start.version or start.tags:
            self._refuse(start, "YAML directives (%YAML, %TAG) are not used here: delete the line")
        first = self._next()
        if not isinstance(first, yaml.MappingStartEvent):
            self._refuse(first, "a mapping file is `key: value` lines, beginning with `schema: netpet-mapping/1`")
        self._check(first, ())
        root = self._mapping(())
        self.positions[()] = (1, 1)
        self._next()
        end = self._next()
        if not isinstance(end, yaml.StreamEndEvent):
            self._refuse(end, "a second document begins here: one file holds one mapping")
        return root

    def _next(self) -> Any:
        try:
            return next(self._events)
        except yaml.MarkedYAMLError as error:
            mark: Any = error.problem_mark
            said = f"not YAML: {error.problem}; look for a missing quote, bracket or colon, or a tab in the indentation"
            raise MappingFileError([MappingFault(self._file, mark.line + 1, mark.column + 1, said)]) from None

    def _node(self, event: Any, path: Path) -> Node:
        self._check(event, path)
        if isinstance(event, yaml.ScalarEvent):
            return str(event.value)
        return self._mapping(path) if isinstance(event, yaml.MappingStartEvent) else self._sequence(path)

    def _check(self, event: Any, path: Path) -> None:
        self._nodes += 1
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            self._refuse(event, "anchors (&) and aliases (*) are not used here: write the text out, or quote it")
        if event.tag:
            self._refuse(event, "tags (!) are not used here: every value is text; quote it if it begins with !")
        if len(path) > MAX_DEPTH:
            self._refuse(event, f"nested deeper than {MAX_DEPTH}: the form needs no more than seven")
        if self._nodes > self._most:
            self._refuse(event, f"more than {self._most} values: no file of this kind needs as many")

    def _mapping(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._key(event, path)
            if key in found:
                self._refuse(event, f"the key {key!r} stands here a second time: keep one of them")
            self.positions[(*path, key)] = _place(event)
            found[key] = self._node(self._next(), (*path, key))
        return found

    def _key(self, event: Any, path: Path) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse(event, "a key must be plain text")
        key = self._node(event, path)
        if key == "<<":
            self._refuse(event, "merge keys (<<) are not used here: write the lines out")
        return str(key)

    def _sequence(self, path: Path) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            item = (*path, len(found))
            self.positions[item] = _place(event)
            found.append(self._node(event, item))
        return found

    def _refuse(self, event: Any, text: str) -> NoReturn:
        raise MappingFileError([MappingFault(self._file, *_place(event), text)])


def _place(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1
