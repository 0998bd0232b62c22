"""Many blocks at work at once, their answers in the order in which the blocks came."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from adapter.hl7v2.mllp import Block, Fault
from adapter.inbound.receiver import Reply

Item = Block | Fault


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back for one item; ``last`` when the connection ends with it."""

    reply: Reply
    last: bool = False


def size_of(item: Item) -> int:
    """Turn an item into the bytes that it keeps in memory."""
    return len(item.head if isinstance(item, Fault) else item.payload)


class OrderedAnswers:
    """Starts ``work`` on items in order, at most ``bound`` at a time, and hands its answers on in that same order.

    ``answered`` gets each answer, ``moved`` is called after one or more were given. Work that is cancelled from
    outside ends the connection without an answer.
    """

    def __init__(
        self,
        bound: int,
        work: Callable[[Item], Coroutine[None, None, Answer]],
        answered: Callable[[Answer], None],
        moved: Callable[[], None],
    ) -> None:
        self._bound = bound
        self._work = work
        self._answered = answered
        self._moved = moved
        self._backlog: deque[Item] = deque()
        self._started: deque[tuple[asyncio.Task[Answer], int]] = deque()
        self.size = 0
        """Bytes of payload of all that is not answered."""

    def __len__(self) -> int:
        return len(self._started) + len(self._backlog)

    @property
    def waiting(self) -> bool:
        """Whether items wait for a place at work."""
        return bool(self._backlog)

    @property
    def full(self) -> bool:
        """Whether no further item should be brought."""
        return len(self) >= self._bound

    @property
    def half_empty(self) -> bool:
        """Whether fewer than half of the places are taken."""
        return len(self) * 2 < self._bound or not self

    def add(self, item: Item) -> None:
        """Take one more item, to be started in its turn."""
        self.size += size_of(item)
        self._backlog.append(item)
        self._start()

    def cancel(self) -> None:
        """Give up all work: what is started is cancelled, what waits is dropped."""
        for task, _ in self._started:
            task.cancel()
        self.size = sum(size for _, size in self._started)
        self._backlog.clear()

    def _start(self) -> None:
        # Tasks take their first step in the order of their creation, so the receiver sees the order of arrival.
        while self._backlog and len(self._started) < self._bound:
            item = self._backlog.popleft()
            task = asyncio.create_task(self._work(item))
            self._started.append((task, size_of(item)))
            task.add_done_callback(self._finished)

    def _finished(self, _: asyncio.Task[Answer]) -> None:
        before = len(self._started)
        while self._started and self._started[0][0].done():
            task, size = self._started.popleft()
            self.size -= size
            self._answered(Answer(Reply(), last=True) if task.cancelled() else task.result())
        if len(self._started) < before:
            self._start()
            self._moved()
