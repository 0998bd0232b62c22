"""Page one: what came in over a socket is kept on disk, and only then answered. Nothing beyond the header is parsed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as it came, with what its header says and the answer its sender gets once it is on disk.

    ``channel`` is the listener that received it: the sender's identity comes from the connection, never from the
    message. ``patient`` is the opaque key under which work is ordered. ``answer`` is stored beside the message, so
    that the same bytes sent again get the very same answer.
    """

    channel: str
    peer: str
    format: str
    raw: bytes
    received: datetime
    control_id: str
    sending_application: str
    sending_facility: str
    processing_id: str
    patient: str
    answer: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """The message is on disk; ``answer`` is the stored one, ``control_id_reused`` marks the same id with other bytes."""

    message_id: str
    answer: bytes
    duplicate: bool = False
    control_id_reused: bool = False


class MessageStore(Protocol):
    """What intake needs of the store: to return only after the commit."""

    async def keep(self, arrival: Arrival) -> Kept:
        """Turn an arrival into a kept message, durable when this returns; raises StoreUnavailableError."""
        ...
