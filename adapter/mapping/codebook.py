"""What an OBX-3 leads to, found once for each way in which senders write it: codes are few, and stand in every row."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from adapter.hl7v2.message import Segment
from adapter.mapping.codes import Key, Systems
from adapter.mapping.errors import ExtractionError
from adapter.mapping.readers import Reader
from adapter.outcome import Problem

KEPT = 4096
"""A site's codes are some hundreds; whoever sends a new one in every message must not fill the memory."""

LONGEST = 256
"""What has more characters is no code, and is looked up anew."""

Fault = tuple[Problem, int, str]
"""Why a code cannot be read: the problem, the component of OBX-3 and the rule."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The readers of the code's facts; is it the code of a narrative; has a reader conditions of its own?

    ``is_text``: its text holds rows.
    """

    readers: tuple[Reader, ...]
    is_prose: bool
    is_tested: bool
    fault: Fault | None
    is_text: bool = False


class Codebook:
    """The codes of one mapping. ``own`` are the systems of which no new code may pass unseen.

    ``texts`` are the codes whose text holds rows.
    """

    def __init__(
        self,
        readers: Mapping[Key, tuple[Reader, ...]],
        narrative: frozenset[Key],
        systems: Systems,
        own: frozenset[str],
        texts: frozenset[Key] = frozenset(),
    ) -> None:
        self._readers = readers
        self._narrative = narrative
        self._systems = systems
        self._own = own
        self._texts = texts
        self._entries: dict[tuple[str, ...], Entry] = {}

    def __len__(self) -> int:
        """The number of codes kept, at most KEPT."""
        return len(self._entries)

    def entry(self, obx: Segment) -> Entry:
        """Turn OBX-3 into its entry; raises ExtractionError."""
        components = obx.components(3)
        entry = self._entries.get(components) or self._new_entry(components, self._keys(components))
        if entry.fault:
            problem, component, rule = entry.fault
            raise ExtractionError(problem, obx.place(3, component=component), f"OBX-3: {rule}")
        return entry

    def _new_entry(self, components: tuple[str, ...], keys: list[Key]) -> Entry:
        entry = self._found(keys)
        if sum(map(len, components)) <= LONGEST:
            if len(self._entries) == KEPT:
                self._entries.clear()
            self._entries[components] = entry
        return entry

    def entry_of(self, codings: tuple[tuple[str, str], ...]) -> Entry:
        """Turn the codings of a concept, each a code and its system, into its entry; its fault is the caller's."""
        wording = tuple(chain.from_iterable(codings))
        return self._entries.get(wording) or self._new_entry(wording, [self._systems.key(*one) for one in codings])

    def _found(self, keys: list[Key]) -> Entry:
        found = [self._readers[key] for key in keys if key in self._readers]
        readers = found[0] if found else ()
        is_prose = not self._narrative.isdisjoint(keys)
        is_text = not self._texts.isdisjoint(keys)
        fault: Fault | None = None
        if any(other is not readers for other in found) or (found and is_text):
            fault = (Problem.VALUE_CONFLICT, 0, "its codings name different facts")
        elif not (found or is_prose or is_text) and any(system in self._own for _, system in keys):
            fault = (Problem.CODE_UNKNOWN, 1, "a code of the mapping's own system that no rule knows")
        return Entry(readers, is_prose, any(reader.requirements for reader in readers), fault, is_text)

    def _keys(self, components: tuple[str, ...]) -> list[Key]:
        """The code and the alternate code, as far as they are stated."""
        code, _, system, other, _, other_system, *_ = (*components, *[""] * 6)
        pairs = ((code, system), (other, other_system))
        return [self._systems.key(one, its_system) for one, its_system in pairs if one]
