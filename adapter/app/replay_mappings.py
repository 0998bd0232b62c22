"""The mapping that once read a message: found again by its name and digest, whether it is active or not."""

from functools import cache

from adapter.app.mappings_in_use import MappingsInUse
from adapter.mapping.cases_run import alone
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.site_mapping import SiteMapping
from adapter.settings import shipped_folder


class KnownMappings:
    """The site's mappings of every status, and those that the program brings; a version's content must be the same."""

    def __init__(self, in_use: MappingsInUse) -> None:
        self._in_use = in_use
        self._made: dict[str, MappingSet] = {}

    def alone(self, line: str) -> MappingSet | None:
        """Turn a line of versions.lock (``id@version sha256``) into that one mapping; None: it is not here."""
        for mapping in (*self._in_use.current.mappings, *_shipped()):
            if f"{mapping.name} {mapping.sha256}" == line:
                return self._once(line, mapping)
        return None

    def _once(self, line: str, mapping: SiteMapping) -> MappingSet:
        """Make a set once: a replay of ten thousand messages asks for it ten thousand times."""
        if line not in self._made:
            self._made[line] = alone(mapping)
        return self._made[line]


@cache
def _shipped() -> tuple[SiteMapping, ...]:
    return MappingSet.load(shipped_folder("mappings")).mappings
