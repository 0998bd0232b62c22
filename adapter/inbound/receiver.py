"""What a listener asks of the program behind it: an answer to each block, in words that know no socket and no store."""

from collections.abc import Callable
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


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back for one block or fault: payloads (without VT, FS and CR), each a block of its own, or none.

    ``then`` is called once they were written, or could not be: what follows on them must not overtake them.
    """

    payloads: tuple[bytes, ...] = ()
    then: Callable[[], None] | None = None


class Receiver(Protocol):
    """Turns what came in over a connection into its reply.

    Calls for one connection start in the order of arrival, and several run at once. Each may be cancelled when it
    overruns the handler's time: the sender is then told no and sends again, so doing it twice must change nothing.
    """

    async def receive(self, block: Block, connection: Connection) -> Reply:
        """Turn a block into its reply: one payload a message, none when the sender asked for none."""
        ...

    async def refuse(self, fault: Fault, connection: Connection) -> Reply:
        """Turn a fault into its NAK, none when the sender asked for none."""
        ...
