"""What all connections of one listener share."""

from dataclasses import dataclass

from adapter.inbound.events import Counters, Events
from adapter.inbound.limits import Limits
from adapter.inbound.receiver import Receiver
from adapter.inbound.tls import ServerTls


@dataclass(frozen=True, slots=True)
class ListenerParts:
    """One listener's name, the receiver behind it, its limits, its numbers, its voice, and its TLS if it has any."""

    name: str
    receiver: Receiver
    limits: Limits
    counters: Counters
    events: Events
    tls: ServerTls | None
