"""The way back to one peer: each answer in one write, a bound on a peer that does not read, a polite end."""

import asyncio
from collections.abc import Callable

from adapter.hl7v2.mllp import encode_block
from adapter.inbound.deadline import Deadline
from adapter.inbound.limits import Limits


class AnswerWriter:
    """Writes answers to ``transport`` and ends the connection after the last.

    ``overdue`` is called when the peer has left a full buffer unread for the write time-out; the connection is then
    aborted.
    """

    def __init__(self, transport: asyncio.Transport, limits: Limits, overdue: Callable[[], None]) -> None:
        self._transport = transport
        self._overdue = overdue
        self._write_deadline = Deadline(limits.write_timeout, self._give_up)
        self._linger_deadline = Deadline(limits.linger, self._lingered)
        self.blocked = False
        """Whether the peer's unread answers fill the buffer."""
        self.ended = False
        """Whether the last answer was given."""

    def write(self, payload: bytes) -> bool:
        """Turn a payload into a block on its way, or say that nobody will get it any more."""
        if self.ended or self._transport.is_closing():
            return False
        # One write: a block in pieces meets Nagle's algorithm and the peer's delayed acknowledgement, 40 ms a message.
        self._transport.write(encode_block(payload))
        return True

    def block(self) -> None:
        """Note that the buffer is full."""
        self.blocked = True
        self._write_deadline.start()

    def release(self) -> None:
        """Note that the peer reads again."""
        self.blocked = False
        self._write_deadline.stop()

    def end(self, peer_ended: bool) -> None:
        """End the connection: what is written goes out, then our end of stream, then the peer has a moment for its own.

        Closing a socket that still holds unread bytes sends a reset, which can overtake the last answer. TLS has no
        half-closed state: there the moment comes first.
        """
        if self.ended:
            return
        self.ended = True
        self._linger_deadline.start()
        if peer_ended:
            self._transport.close()
        elif self._transport.can_write_eof():
            self._transport.write_eof()

    def dispose(self) -> None:
        """Forget the timers: the connection is gone."""
        self.ended = True
        self._write_deadline.dispose()
        self._linger_deadline.dispose()

    def _lingered(self) -> None:
        if self._transport.get_write_buffer_size():
            self._write_deadline.start()
        elif self._transport.can_write_eof():
            self._transport.abort()
        else:
            self._transport.close()

    def _give_up(self) -> None:
        self._overdue()
        self._transport.abort()
