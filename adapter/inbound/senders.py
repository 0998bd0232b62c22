"""Who sends: what the connection shows turned into the sender with whom the site agreed something."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapter.arrival import NO_AGREEMENT, Origin, Sender
from adapter.inbound.peers import PeerList
from adapter.inbound.receiver import Connection


@dataclass(frozen=True, slots=True)
class SenderRule:
    """How a sender is known: by its networks, by its certificate's subject (RFC 4514 text), or by both at once."""

    sender: Sender
    peers: PeerList | None = None
    subjects: frozenset[str] | None = None

    def fits(self, connection: Connection) -> bool:
        """Turn a connection into whether it is this sender's."""
        if self.peers is not None and not self.peers.allows(connection.peer):
            return False
        return self.subjects is None or connection.certificate_subject in self.subjects


class Senders:
    """The senders of one listener, in order: the first whose rule fits a connection; for all others ``default``."""

    def __init__(self, rules: Sequence[SenderRule] = (), default: Sender = NO_AGREEMENT) -> None:
        self._rules = tuple(rules)
        self._default = default

    @classmethod
    def of(cls, *senders: Sender, default: Sender = NO_AGREEMENT) -> "Senders":
        """Turn senders that are known by other means than a connection into ones to be found by name."""
        return cls([SenderRule(sender) for sender in senders], default)

    def origin(self, connection: Connection) -> Origin:
        """Turn a connection into where its messages come from."""
        fitting = (rule.sender for rule in self._rules if rule.fits(connection))
        return Origin(connection.listener, connection.peer, next(fitting, self._default))

    @property
    def default(self) -> Sender:
        """Who is meant where no rule fits."""
        return self._default

    def named(self, name: str) -> Sender:
        """Turn the name that is kept with a message into the sender; one that is no longer configured has no name."""
        every = (*(rule.sender for rule in self._rules), self._default)
        return next((sender for sender in every if sender.name == name), self._default)


class DoorSenders:
    """The senders of all doors, by the name of the listener that their messages are kept under."""

    def __init__(self, doors: Mapping[str, Senders]) -> None:
        self._doors = dict(doors)

    def named(self, listener: str, name: str) -> Sender:
        """Turn what is kept with a message into its sender; of a listener that is gone, the first of that name."""
        if listener in self._doors:
            return self._doors[listener].named(name)
        found = (door.named(name) for door in self._doors.values())
        return next((sender for sender in found if sender.name == name), NO_AGREEMENT)
