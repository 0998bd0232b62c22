"""Paths into received resources: a subset of FHIRPath, compiled once, without expressions that compute.

::

    path      := step ('.' step)*
    step      := name | name '[' number ']' | function
    function  := where(test) | ofType(Type) | resolve() | extension('url') | first()
    test      := term ('and' term)*
    term      := path '=' 'text' | path '.' exists() | path '.' exists(test) | path '.' empty()

A path that begins with a resource's type is of the resources of that type; any other is of the resource at hand.
Indexes count from 0, as FHIRPath counts them. Each of these paths means what it means in FHIRPath
(http://hl7.org/fhirpath, normative release 1), where ``=`` holds of exactly one element on its left side.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

from adapter.fhir.node import Node

MAX_LENGTH = 300
"""Characters of one path: longer ones are programs."""

MAX_STEPS = 40
"""Steps of one path, those of its tests included."""

Resolver = Callable[[Node], Node | None]
"""Turns a Reference into the resource that it names, None when that is not at hand. Never asks the network."""

Step = Callable[[list[Node], Resolver], list[Node]]
Test = Callable[[Node, Resolver], bool]
Ending = Callable[[list[Node], Resolver], bool]


class FhirPathError(ValueError):
    """The text is no path of the subset; says what was expected, and where."""


@dataclass(frozen=True, slots=True)
class FhirPath:
    """A compiled path. ``root`` is the type that it begins with, or empty."""

    text: str
    root: str
    steps: tuple[Step, ...]

    def find(self, start: Iterable[Node], resolve: Resolver) -> list[Node]:
        """Turn the resources at hand into the elements at the path, in their order."""
        nodes = [node for node in start if not self.root or node.type == self.root]
        for step in self.steps:
            nodes = step(nodes, resolve)
        return nodes


@lru_cache(maxsize=1024)
def compile_path(text: str) -> FhirPath:
    """Turn a path's text into what finds its elements; raises FhirPathError."""
    if len(text) > MAX_LENGTH:
        raise FhirPathError(f"a path has at most {MAX_LENGTH} characters")
    parser = _Parser(text)
    root, steps = parser.whole_path()
    parser.expect("")
    return FhirPath(text, root, steps)


_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z][A-Za-z0-9]*)|(?P<text>'[^'\\]*')|(?P<number>[0-9]{1,4})|(?P<sign>[.()\[\]=]))"
)


class _Parser:
    """Reads a path from left to right, one token ahead."""

    def __init__(self, text: str) -> None:
        self._text = text.rstrip()
        self._end = 0
        self._steps = 0
        self._kind, self._word = "", ""
        self._next()

    def _next(self) -> str:
        """Give the token at hand, and read the one after it."""
        taken = self._word
        if self._end == len(self._text):
            self._kind, self._word = "", ""
            return taken
        match = _TOKEN.match(self._text, self._end)
        if match is None:
            self._refuse("a name, '.', '[', '(', '=' or a text in single quotes")
        self._end = match.end()
        self._kind, self._word = str(match.lastgroup), str(match[str(match.lastgroup)])
        return taken

    def expect(self, sign: str) -> None:
        """Read the sign that must stand here; the empty one is the end."""
        if self._word != sign:
            self._refuse(f"'{sign}'" if sign else "the end, or '.'")
        self._next()

    def _refuse(self, expected: str) -> NoReturn:
        raise FhirPathError(f"no path of the subset: {expected} was expected near character {self._end}")

    def _taken(self, kind: str, called: str) -> str:
        if self._kind != kind:
            self._refuse(called)
        return self._next()

    def whole_path(self) -> tuple[str, tuple[Step, ...]]:
        """Read a path that may begin with a resource's type."""
        if self._kind == "name" and self._word[0].isupper():
            root = self._next()
            if not self._word:
                return root, ()
            self.expect(".")
            return root, self._elements()
        return "", self._elements()

    def _elements(self) -> tuple[Step, ...]:
        steps, ending = self._path()
        if ending is not None:
            raise FhirPathError("a path leads to elements: exists() and empty() stand in a test")
        return steps

    def _path(self) -> tuple[tuple[Step, ...], Ending | None]:
        """Read steps; in a test the last one may be exists() or empty(), which is given beside them."""
        steps: list[Step] = []
        while True:
            self._steps += 1
            if self._steps > MAX_STEPS:
                raise FhirPathError(f"a path has at most {MAX_STEPS} steps")
            name = self._taken("name", "a name")
            if name in ("exists", "empty") and self._word == "(":
                return tuple(steps), self._ending(name)
            steps += self._function(name) if self._word == "(" else self._member(name)
            if self._word != ".":
                return tuple(steps), None
            self._next()

    def _member(self, name: str) -> list[Step]:
        steps = [_member(name)]
        while self._word == "[":
            self._next()
            steps.append(_at(int(self._taken("number", "a number"))))
            self.expect("]")
        return steps

    def _function(self, name: str) -> list[Step]:
        self._next()
        if name == "where":
            found = [_where(self._test())]
        elif name == "ofType":
            found = [_of_type(self._taken("name", "a type"))]
        elif name == "extension":
            found = [_member("extension"), _where(_equals((_member("url"),), self._literal()))]
        elif name in ("resolve", "first"):
            found = [_resolved if name == "resolve" else _at(0)]
        else:
            raise FhirPathError("the functions are where, exists, ofType, resolve, extension and first")
        self.expect(")")
        return found

    def _literal(self) -> str:
        return self._taken("text", "a text in single quotes")[1:-1]

    def _test(self) -> Test:
        terms = [self._term()]
        while self._word == "and":
            self._next()
            terms.append(self._term())
        return lambda node, resolve: all(term(node, resolve) for term in terms)

    def _term(self) -> Test:
        steps, ending = self._path()
        if ending is not None:
            return lambda node, resolve: ending(_walked(node, steps, resolve), resolve)
        self.expect("=")
        return _equals(steps, self._literal())

    def _ending(self, name: str) -> Ending:
        """Read the parentheses of exists() or empty(), which say of elements whether there are any."""
        self._next()
        if name == "empty":
            self.expect(")")
            return lambda nodes, _resolve: not nodes
        test: Test = _always if self._word == ")" else self._test()
        self.expect(")")
        return lambda nodes, resolve: any(test(node, resolve) for node in nodes)


def _always(_node: Node, _resolve: Resolver) -> bool:
    return True


def _walked(node: Node, steps: Iterable[Step], resolve: Resolver) -> list[Node]:
    nodes = [node]
    for step in steps:
        nodes = step(nodes, resolve)
    return nodes


def _member(name: str) -> Step:
    return lambda nodes, _resolve: [child for node in nodes for child in node.children(name)]


def _at(index: int) -> Step:
    return lambda nodes, _resolve: nodes[index : index + 1]


def _where(test: Test) -> Step:
    return lambda nodes, resolve: [node for node in nodes if test(node, resolve)]


def _of_type(name: str) -> Step:
    return lambda nodes, _resolve: [node for node in nodes if node.type == name]


def _resolved(nodes: list[Node], resolve: Resolver) -> list[Node]:
    return [found for node in nodes if (found := resolve(node)) is not None]


def _equals(steps: tuple[Step, ...], text: str) -> Test:
    def holds(node: Node, resolve: Resolver) -> bool:
        found = _walked(node, steps, resolve)
        return len(found) == 1 and found[0].value == text

    return holds
