"""What one listener allows a sender to take: bytes, seconds, places."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one MLLP listener; sizes in bytes, times in seconds, None is without limit."""

    max_block: int = 16 * 1024 * 1024
    """A larger block is refused and drained; a report with a scanned PDF in it stays below."""
    max_junk: int = 1024
    """Bytes that belong to no block before the connection is given up."""
    max_unfinished: int = 64 * 1024 * 1024
    """Of all connections together: blocks that have begun and not ended. Beyond it the one that holds most is told no:
    a report of usual size never is that one, whatever many slow senders hold."""
    block_timeout: float = 30.0
    """From the last byte inside a block: senders do pause there, for seconds, and a pause must lose nothing."""
    idle_timeout: float | None = None
    """Between blocks: a quiet night is not a fault, and TCP keepalive finds the dead peers."""
    handler_timeout: float = 30.0
    """For one answer. Most senders wait 30 s or longer before they send again."""
    write_timeout: float = 30.0
    """For a peer whose unread answers fill the buffers."""
    handshake_timeout: float = 10.0
    """For TLS, from the first byte to the last of the handshake."""
    linger: float = 2.0
    """After our last answer, until the peer closes too: closing on unread bytes sends a reset that can overtake it."""
    quiet: float = 0.2
    """Silence after an FS without CR that ends the block."""
    max_connections: int = 256
    max_connections_per_peer: int = 64
    """Generous: behind a load balancer all senders share one address."""
    max_refusals: int = 64
    """Connections over a cap that wait for their NAK at one time; any more are closed at once."""
    max_outstanding: int = 32
    """Blocks of one connection that are received and not yet answered, before its socket is read no further."""
    max_outstanding_bytes: int = 32 * 1024 * 1024
    """The same bound in bytes of payload."""
