"""What a listener asks of the program behind it: an answer to each block, in words that know no socket and no store."""

from dataclasses import dataclass
from typing import Protocol

from adapter.hl7v2.mllp import Block, Fault


@dataclass(frozen=True, slots=True)
class Connection:
    """Who is at the other end, as the connection itself shows it, never as a message claims it.

    ``peer`` is the address; ``certificate_subject`` is the verified client certificate's (RFC 4514 text), None
    without one; ``id`` is unique within one run of a listener.
    """

    listener: str
    peer: str
    certificate_subject: str | None
    id: int


class Receiver(Protocol):
    """Turns what came in over a connection into the payload of its answer (without VT, FS and CR).

    Calls for one connection start in the order of arrival, and several run at once. Each may be cancelled when it
    overruns the handler's time: the sender is then told no and sends again, so doing it twice must change nothing.
    """

    async def receive(self, block: Block, connection: Connection) -> bytes | None:
        """Turn a block into the payload of its answer, or None when the sender asked for none."""
        ...

    async def refuse(self, fault: Fault, connection: Connection) -> bytes | None:
        """Turn a fault into the payload of its NAK, or None when the sender asked for none."""
        ...
