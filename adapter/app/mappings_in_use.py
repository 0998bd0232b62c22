"""The mappings by which messages are read now: exchanged as a whole, so that a message keeps the set it began with."""

from datetime import datetime

from adapter.mapping.catalogue import MappingSet


class MappingsInUse:
    """Holds the one set in use, and since when it is."""

    def __init__(self, mappings: MappingSet, since: datetime) -> None:
        self._mappings = mappings
        self._since = since

    @property
    def current(self) -> MappingSet:
        """The set by which the next message is read."""
        return self._mappings

    @property
    def since(self) -> datetime:
        """When the set came into use."""
        return self._since

    def swap(self, mappings: MappingSet, at: datetime) -> None:
        """Read with another set from now on; who reads a message already goes on with the one he asked for."""
        self._mappings = mappings
        self._since = at
