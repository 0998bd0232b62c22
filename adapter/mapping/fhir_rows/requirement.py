"""What must hold of a report's resources: a value at a path is among those named."""

from collections.abc import Iterable

from adapter.fhir.fhirpath import Resolver, compile_path
from adapter.fhir.node import Node
from adapter.fhir.resource import Element
from adapter.mapping.codes import Key, Systems, fold


class FhirRequirement:
    """One condition. An entry with ``^`` is compared with code and system, one without with the text or the code."""

    def __init__(self, path: str, wanted: Iterable[str], systems: Systems) -> None:
        self.path = compile_path(path)
        self._systems = systems
        self._words = frozenset(fold(entry) for entry in wanted if "^" not in entry)
        self._keys: frozenset[Key] = frozenset(systems.key_of(entry) for entry in wanted if "^" in entry)

    def holds(self, nodes: Iterable[Node], resolve: Resolver) -> bool:
        """Does any element at the path fulfil it?"""
        return any(self._holds_of(node.value) for node in self.path.find(nodes, resolve))

    def _holds_of(self, value: object) -> bool:
        if isinstance(value, str):
            return fold(value) in self._words
        if isinstance(value, bool):
            return ("true" if value else "false") in self._words
        return isinstance(value, dict) and any(map(self._holds_of_coding, _codings(value)))

    def _holds_of_coding(self, coding: Element) -> bool:
        code = coding.get("code")
        if not isinstance(code, str):
            return False
        key = self._systems.key(code, str(coding.get("system", "")))
        return fold(code) in self._words or key in self._keys or ("", key[1]) in self._keys


def _codings(value: Element) -> list[Element]:
    """The codings of a CodeableConcept, or the Coding itself."""
    found = value.get("coding", [value])
    return [coding for coding in found if isinstance(coding, dict)] if isinstance(found, list) else []
