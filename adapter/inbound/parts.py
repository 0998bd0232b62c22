"""What all connections of one listener share."""

from dataclasses import dataclass
from typing import Protocol

from adapter.inbound.events import Events
from adapter.inbound.limits import Limits
from adapter.inbound.receiver import Receiver
from adapter.inbound.tls import ServerTls
from adapter.inbound.unfinished import Unfinished


class Holder(Protocol):
    """A connection with a half-received block."""

    def give_up(self) -> None:
        """Refuse that block, and end."""
        ...


@dataclass(frozen=True, slots=True)
class ListenerParts:
    """One listener's name, the receiver behind it, its limits, its voice, and its TLS if it has any.

    ``unfinished`` counts what the half-received blocks of all its connections take of the memory.
    """

    name: str
    receiver: Receiver
    limits: Limits
    events: Events
    tls: ServerTls | None
    unfinished: Unfinished["Holder"]
