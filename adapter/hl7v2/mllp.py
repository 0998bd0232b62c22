"""MLLP without a socket: bytes in, blocks and faults out (HL7 v2 transport specification, MLLP release 1).

A block is ``VT payload FS CR``. Real senders depart from it in known ways; each is read with a deviation noted, or
becomes one fault with one answer, and the next block is read as if nothing had happened. However the stream is cut
into pieces, the blocks and faults are the same. Each byte is looked at once for each of the two marks, in C.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from adapter.hl7v2.deviations import Deviation
from adapter.outcome import Problem

VT, FS, CR, LF = 0x0B, 0x1C, 0x0D, 0x0A

HEAD_LIMIT = 64 * 1024
"""How much of an oversize block is kept for its answer: an MSH is never longer, and memory stays bounded."""

_START = re.compile(rb"\x0b|(?<![^\r\n\x00\x1c ])(?:MSH|FHS|BHS)")
"""Where a block may begin: the mark, or a header segment at the start of a line when the sender forgot the mark."""


@dataclass(frozen=True, slots=True)
class Block:
    """One decoded block: its payload without the marks, and what was tolerated to get it."""

    payload: bytes
    deviations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """Bytes that are no message: to be answered by a NAK built from ``head``, closing the connection when told.

    ``head`` is as much of the block as there was, at most 64 KiB of an oversize one; it may hold a readable MSH.
    """

    problem: Problem
    head: bytes
    rule: str
    close: bool = False
    deviations: tuple[str, ...] = ()


def encode_block(payload: bytes) -> bytes:
    """Turn a payload into one block, ready for a single write."""
    return b"\x0b%b\x1c\r" % payload


class _Mark:
    """The next place of one byte in a growing buffer; no byte is searched twice, however the stream is cut."""

    def __init__(self, byte: int) -> None:
        self._byte = byte
        self._place = 0

    def after(self, buffer: bytearray, index: int) -> int:
        """The first place of the byte at ``index`` or later, or the end of the buffer."""
        place = max(self._place, index)
        if place < len(buffer) and buffer[place] != self._byte:
            found = buffer.find(self._byte, place)
            place = len(buffer) if found < 0 else found
        self._place = place
        return place

    def shift(self, count: int) -> None:
        """Follow a buffer that lost its first ``count`` bytes."""
        self._place = max(0, self._place - count)


class MllpDecoder:
    """A stream's bytes in, its blocks and faults out; one decoder a connection.

    ``max_block`` limits a payload (16 MiB holds any report with an embedded PDF), ``max_junk`` the bytes between
    two blocks.
    """

    def __init__(self, max_block: int = 16 * 1024 * 1024, max_junk: int = 1024) -> None:
        self._max_block = max_block
        self._max_junk = max_junk
        self._buffer = bytearray()
        self._start = 0
        self._scan = 0
        self._oversize = False
        self._vt, self._fs = _Mark(VT), _Mark(FS)
        self._events: list[Block | Fault] = []
        self._counts: dict[Deviation, int] = {}
        self._step: Callable[[], bool] = self._between

    @property
    def inside_block(self) -> bool:
        """Are bytes of an unfinished block (or of an oversize one that is being skipped) under way?"""
        return self._step == self._inside

    @property
    def held(self) -> int:
        """How many bytes of the stream are in memory: of the block under way, or of junk; a refused block's are not."""
        return len(self._buffer)

    @property
    def settles_by_silence(self) -> bool:
        """Does the stream stand at an FS without what must follow it? Then call `quiet` after 200 ms of silence."""
        return self.inside_block and self._scan < len(self._buffer)

    def feed(self, data: bytes) -> list[Block | Fault]:
        """Turn the next bytes of the stream into the blocks and faults that they complete, in order."""
        self._buffer += data
        while self._step():
            pass
        return self._take()

    def quiet(self) -> list[Block | Fault]:
        """The stream paused for 200 ms: a block that ended in FS without CR is released."""
        if self.settles_by_silence:
            self._complete(self._scan, self._scan + 1, proper=False)
        return self._take()

    def end(self) -> list[Block | Fault]:
        """The stream ended, or stalled inside a block for too long: what is held becomes a block or a fault."""
        events = self.quiet()
        if self.inside_block and not self._oversize:
            head = bytes(self._buffer[self._start :])
            self._fault(Problem.BLOCK_UNTERMINATED, head, "the block never ended", close=True)
        self._step = self._closed
        return events + self._take()

    def _closed(self) -> bool:
        self._start = self._scan = len(self._buffer)
        return False

    def _between(self) -> bool:
        """Skip to the next block; false when more bytes are needed."""
        limit = self._start + self._max_junk
        found = _START.search(self._buffer, self._scan, limit + 3)
        if found and found.start() <= limit:
            self._open(found.start(), marked=found[0] == b"\x0b")
            return True
        if found or len(self._buffer) >= limit + 3:
            self._step = self._closed
            head = bytes(self._buffer[self._start : limit])
            self._fault(Problem.JUNK_BETWEEN_BLOCKS, head, "too many bytes outside of a block", close=True)
            return True
        self._scan = max(self._start, len(self._buffer) - 2)
        return False

    def _open(self, place: int, *, marked: bool) -> None:
        self._note(Deviation.JUNK_SKIPPED, place - self._start)
        self._note(Deviation.START_MISSING, 0 if marked else 1)
        self._start = self._scan = place + 1 if marked else place
        self._step = self._inside

    def _inside(self) -> bool:
        """Look for the end of the block; false when more bytes are needed."""
        buffer = self._buffer
        fs, vt = self._fs.after(buffer, self._scan), self._vt.after(buffer, self._scan)
        if vt < fs:
            self._cut_off(vt)
            return True
        if fs + 1 < len(buffer):
            self._at_fs(fs)
            return True
        self._scan = fs
        self._skip_oversize()
        return False

    def _at_fs(self, fs: int) -> None:
        """FS ends the block when CR, LF or VT follows; followed by any other byte it is payload."""
        follower = self._buffer[fs + 1]
        if follower not in (CR, LF, VT):
            self._scan = fs + 1
            return
        self._complete(fs, fs + 1 if follower == VT else fs + 2, proper=follower == CR)

    def _complete(self, end: int, resume: int, *, proper: bool) -> None:
        """Emit the block that ends at ``end`` (in FS CR, if proper), and go on at ``resume``."""
        if not self._refuse_oversize(end):
            self._note(Deviation.END_WITHOUT_CR, 0 if proper else 1)
            self._emit(bytes(self._buffer[self._start : end]))
        self._leave(resume)

    def _emit(self, payload: bytes) -> None:
        if payload:
            self._events.append(Block(payload, self._noted()))
        else:
            self._note(Deviation.EMPTY_BLOCK)

    def _cut_off(self, vt: int) -> None:
        """A block begins inside a block: the earlier one never ended and is no message."""
        if vt == self._start and not self._oversize:
            self._note(Deviation.EMPTY_BLOCK)
        elif not self._refuse_oversize(vt):
            head = bytes(self._buffer[self._start : vt])
            self._fault(Problem.BLOCK_UNTERMINATED, head, "a block began before the earlier one ended")
        self._leave(vt)

    def _leave(self, resume: int) -> None:
        self._oversize = False
        self._start = self._scan = resume
        self._step = self._between

    def _skip_oversize(self) -> None:
        """Drop what is certain to be payload of an oversize block, so that no more than the limit is ever held."""
        if self._refuse_oversize(self._scan):
            self._start = self._scan

    def _refuse_oversize(self, end: int) -> bool:
        """Is the block up to ``end`` over the limit? It is refused once, as soon as that is certain."""
        if not self._oversize and end - self._start > self._max_block:
            self._oversize = True
            head = bytes(self._buffer[self._start : self._start + min(HEAD_LIMIT, self._max_block)])
            self._fault(Problem.BLOCK_TOO_LARGE, head, "the block is larger than the limit")
        return self._oversize

    def _fault(self, problem: Problem, head: bytes, rule: str, *, close: bool = False) -> None:
        self._events.append(Fault(problem, head, rule, close, self._noted()))

    def _note(self, deviation: Deviation, count: int = 1) -> None:
        if count:
            self._counts[deviation] = self._counts.get(deviation, 0) + count

    def _noted(self) -> tuple[str, ...]:
        """The deviations since the last block or fault."""
        noted = tuple(deviation.note(str(count)) for deviation, count in self._counts.items())
        self._counts.clear()
        return noted

    def _take(self) -> list[Block | Fault]:
        """Hand out the events, and let go of the bytes that were read."""
        events, self._events = self._events, []
        del self._buffer[: self._start]
        self._vt.shift(self._start)
        self._fs.shift(self._start)
        self._scan -= self._start
        self._start = 0
        return events
