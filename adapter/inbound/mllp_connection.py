"""One MLLP connection: bytes become blocks, blocks go to the receiver, its answers go back in order."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import cast

from adapter.hl7v2.mllp import HEAD_LIMIT, Fault, MllpDecoder
from adapter.inbound.answer_writer import AnswerWriter
from adapter.inbound.answering import Answering
from adapter.inbound.deadline import Deadline
from adapter.inbound.ordered_answers import Answer, Item, OrderedAnswers
from adapter.inbound.parts import ListenerParts
from adapter.inbound.peers import Seat
from adapter.inbound.receiver import Connection
from adapter.inbound.tls import certificate_subject
from adapter.outcome import Problem

Notice = Callable[["MllpConnection"], None]

_SLICE = 16 * 1024
"""Bytes decoded at one go, so that a read full of tiny blocks does not hold up the other connections."""


class MllpConnection(asyncio.Protocol):
    """Serves one peer until either side ends it; ``opened`` is called when it can, ``finished`` when nothing is left.

    It reads while there is room for more blocks and the peer takes its answers. After an item that ends the
    connection it answers what is in hand, then ends. What was received whole always reaches the receiver, even when
    its sender has left.
    """

    def __init__(self, parts: ListenerParts, seat: Seat, opened: Notice, finished: Notice) -> None:
        self.seat = seat
        self._parts = parts
        self._opened = opened
        self._finished = finished
        limits = parts.limits
        max_block = min(limits.max_block, HEAD_LIMIT) if seat.over_capacity else limits.max_block
        self._decoder = MllpDecoder(max_block, limits.max_junk)
        self._unread: deque[bytes] = deque()
        self._taking = True
        self._peer_ended = False
        self._draining = False
        self._paused = False
        self._lost = False
        self._block_deadline = Deadline(limits.block_timeout, self._block_overdue)
        self._quiet_deadline = Deadline(limits.quiet, self._silent)
        self._idle_deadline = Deadline(limits.idle_timeout or 0.0, self._idle)

    # What the transport says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take up the connection; one whose client certificate is not on the list is closed at once."""
        parts = self._parts
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("ssl_object")
        self._connection = Connection(parts.name, self.seat.peer, certificate_subject(peer), self.seat.number)
        self._writer = AnswerWriter(self._transport, parts.limits, self._write_overdue)
        work = Answering(parts, self._connection).answer
        self._answers = OrderedAnswers(parts.limits.max_outstanding, work, self._answered, self._moved)
        self._opened(self)
        self._tell("connection-opened", certificate=self._connection.certificate_subject)
        if peer is not None and parts.tls is not None and not parts.tls.admits(peer):
            self._tell("connection-refused", reason="certificate-not-listed")
            self.abort()
            return
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take bytes in; after an item that ends the connection they are thrown away."""
        if self._taking:
            self._unread.extend(data[start : start + _SLICE] for start in range(0, len(data), _SLICE))
            self._decode()

    def eof_received(self) -> bool:
        """Take the peer's end of stream: what it sent before is still answered, where TLS does not forbid it."""
        self._peer_ended = True
        self._decode()
        self._settle()
        return self._transport.can_write_eof() and not self._writer.ended

    def pause_writing(self) -> None:
        """Stop reading a peer that does not read."""
        self._writer.block()
        self._regulate()

    def resume_writing(self) -> None:
        """Read on."""
        self._writer.release()
        self._regulate()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the work in hand come to its end; its answers have nowhere to go."""
        self._lost = self._peer_ended = True
        self._tell("connection-closed", reason="ended" if exc is None else type(exc).__name__)
        self._writer.dispose()
        self._decode()
        for deadline in (self._block_deadline, self._quiet_deadline, self._idle_deadline):
            deadline.dispose()
        self._settle()

    # What the server asks

    @property
    def outstanding(self) -> int:
        """Count the items that are not answered."""
        return len(self._answers)

    def drain(self) -> None:
        """Read no more: answer what came whole, then end. A block cut by this gets no answer and is sent again."""
        self._draining = True
        self._decode()
        self._settle()

    def abort(self) -> None:
        """End at once; work in hand is cancelled."""
        self._stop_taking()
        self._transport.abort()
        self._answers.cancel()

    def give_up(self) -> None:
        """Refuse the block that is coming in, for want of memory, and end; the sender has it still."""
        self._take(_no_room(item) for item in self._decoder.end())
        self._stop_taking()
        self._settle()

    def push(self, payload: bytes) -> bool:
        """Send a payload between two answers, such as a later application acknowledgement; False when too late."""
        return self._writer.write(payload)

    # From bytes to items

    def _decode(self) -> None:
        fed = False
        while self._unread and self._taking and not self._answers.waiting:
            chunk = self._unread.popleft()
            self._decoded(self._decoder.feed(chunk))
            fed = True
        if self._taking and not self._unread and (self._peer_ended or self._draining):
            self._end_input()
        if fed:
            self._watch()
        self._regulate()

    def _decoded(self, items: Sequence[Item]) -> None:
        self._take(items)
        unfinished = self._decoder.held if self._taking and self._decoder.inside_block else 0
        largest = self._parts.unfinished.note(self, unfinished)
        if largest is not None:
            largest.give_up()

    def _end_input(self) -> None:
        # A block that only we cut off is no fault of its sender: no NAK, so that it is sent again, not given up.
        self._take(self._decoder.end() if self._peer_ended else self._decoder.quiet())
        self._stop_taking()

    def _take(self, items: Iterable[Item]) -> None:
        for arrived in items:
            item = _over_capacity(arrived) if self.seat.over_capacity else arrived
            self._note(item)
            self._answers.add(item)
            if isinstance(item, Fault) and item.close:
                self._stop_taking()
                return

    def _note(self, item: Item) -> None:
        if isinstance(item, Fault):
            self._tell("fault", problem=item.problem.value, rule=item.rule)

    def _stop_taking(self) -> None:
        self._taking = False
        self._unread.clear()
        self._parts.unfinished.note(self, 0)
        self._watch()

    # From answers to bytes

    def _answered(self, answer: Answer) -> None:
        for payload in answer.reply.payloads:
            if not self._writer.write(payload):
                self._tell("answer-undelivered")
        if answer.reply.then is not None:
            answer.reply.then()
        if answer.last:
            self._stop_taking()
            self._writer.end(self._peer_ended)

    def _moved(self) -> None:
        self._decode()
        self._settle()

    def _settle(self) -> None:
        if self._answers:
            return
        if not self._taking:
            self._writer.end(self._peer_ended)
            self._regulate()
        if self._lost and not self._unread:
            self._finished(self)

    # When to read, and how long to wait

    def _regulate(self) -> None:
        wanted = self._wants_bytes()
        if self._lost or wanted is not self._paused:
            return
        self._paused = not wanted
        if self._paused:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()
        # The silence of a peer that nobody reads is ours: its deadlines stand still.
        self._watch()

    def _wants_bytes(self) -> bool:
        if not self._taking:
            # Once all is answered, only the peer's end of stream is waited for.
            return self._writer.ended or not self._paused
        if self._unread or self._writer.blocked:
            return False
        bound = self._parts.limits.max_outstanding_bytes
        if self._paused:
            return self._answers.half_empty and self._answers.size * 2 < bound
        return not self._answers.full and self._answers.size < bound

    def _watch(self) -> None:
        for deadline, due in (
            (self._block_deadline, self._decoder.inside_block or self.seat.over_capacity),
            (self._quiet_deadline, self._decoder.settles_by_silence),
            (self._idle_deadline, self._parts.limits.idle_timeout is not None),
        ):
            if due and self._taking and not self._paused and not self._lost:
                deadline.start()
            else:
                deadline.stop()

    def _silent(self) -> None:
        self._decoded(self._decoder.quiet())
        self._watch()
        self._regulate()

    def _block_overdue(self) -> None:
        self._take(self._decoder.end())
        self._stop_taking()
        self._settle()

    def _idle(self) -> None:
        if self._answers or self._decoder.inside_block:
            self._idle_deadline.start()
            return
        self._stop_taking()
        self._settle()

    def _write_overdue(self) -> None:
        self._tell("write-timed-out")

    def _tell(self, name: str, **facts: str | None) -> None:
        self._parts.events.tell(name, connection=self._connection.id, peer=self._connection.peer, **facts)


def _over_capacity(item: Item) -> Fault:
    head = item.head if isinstance(item, Fault) else item.payload
    rule = "the listener has no room for one more connection"
    return Fault(Problem.OVERLOADED, head, rule, close=True, deviations=item.deviations)


def _no_room(item: Item) -> Item:
    """A block that happens to be whole is served; a half one is not waited for."""
    if not isinstance(item, Fault):
        return item
    rule = "the listener has no room for more unfinished blocks"
    return Fault(Problem.OVERLOADED, item.head[:HEAD_LIMIT], rule, close=True, deviations=item.deviations)
