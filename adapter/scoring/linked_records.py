"""Records by their addresses: what a server says that they are, and links to those that are not known yet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from adapter.scoring.merges import Merge, paired
from adapter.scoring.report import PatientIdentity

Known = Mapping[str, tuple[PatientIdentity, ...]]
"""The identifiers of records, by their addresses; of one that nobody stated there are none."""


@dataclass(frozen=True, slots=True)
class StatedRecord:
    """A record as its server had it ``at`` a time (aware): the address there, and all its identifiers."""

    address: str
    identities: tuple[PatientIdentity, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class AwaitedLink:
    """A link to a record of which only the ``address`` is known, said ``at`` a time by the record ``own``.

    ``survives``: that other record is the patient's from now on; else ``own`` is. ``said_by`` as of a merge, ``path``
    is where the link stands.
    """

    own: tuple[PatientIdentity, ...]
    address: str
    survives: bool
    at: datetime
    said_by: str
    path: str

    def merges(self, other: Sequence[PatientIdentity]) -> Iterator[Merge]:
        """Turn the link and the identifiers of the other record into merges."""
        old, survivors = (self.own, other) if self.survives else (other, self.own)
        yield from (Merge(one, partner, self.at, said_by=self.said_by) for one, partner in paired(old, survivors))


@dataclass(frozen=True, slots=True)
class Links:
    """What a message has to do with records by their addresses: those that it states, and those that it waits for.

    ``known`` has the identifiers of each that it waits for, as the message was read with them.
    """

    stated: tuple[StatedRecord, ...] = ()
    known: Known = field(default_factory=dict)


NO_LINKS = Links()
