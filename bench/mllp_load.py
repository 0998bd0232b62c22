"""A sender over real sockets, light enough to load a server on the other core: answers are counted and timed."""

import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

END = b"\x1c\r"
PATIENCE = 20.0
"""Seconds without any answer after which a run is given up."""

Address = tuple[str, int]
NextPayload = Callable[[], bytes]


class NoAnswerError(Exception):
    """The server did not answer in time, or did not accept."""


@dataclass(slots=True)
class Answers:
    """What came back: seconds from (intended) sending to answer, one a message, and how long it all took."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds


class _Link:
    """One connection, and the sending times of what it waits for, in order."""

    def __init__(self, address: Address) -> None:
        self.socket = socket.create_connection(address, PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.waiting: deque[float] = deque()
        self._buffer = b""

    def send(self, payload: bytes, at: float) -> None:
        self.waiting.append(at)
        self.socket.sendall(b"\x0b" + payload + END)

    def receive(self, latencies: list[float]) -> int:
        data = self.socket.recv(1 << 16)
        now = time.perf_counter()
        if not data:
            raise NoAnswerError("the server closed the connection")
        *answers, self._buffer = (self._buffer + data).split(END)
        for answer in answers:
            if b"\rMSA|AA|" not in answer:
                raise NoAnswerError("a message was not accepted")
            latencies.append(now - self.waiting.popleft())
        return len(answers)


class Sender:
    """Several connections to one server, or shared out among several; opened on entry, closed on exit."""

    def __init__(self, address: Address | Sequence[Address], connections: int) -> None:
        addresses = [address] if isinstance(address, tuple) else address
        self._links = [_Link(addresses[number % len(addresses)]) for number in range(connections)]
        self._selector = selectors.DefaultSelector()
        for link in self._links:
            self._selector.register(link.socket, selectors.EVENT_READ, link)

    def __enter__(self) -> "Sender":
        return self

    def __exit__(self, *_error: object) -> None:
        self._selector.close()
        for link in self._links:
            link.socket.close()

    def at_most(self, outstanding: int, seconds: float, payload: NextPayload) -> Answers:
        """Send for some seconds with so many unanswered blocks on each connection; every block is waited for."""
        until = time.perf_counter() + seconds
        return self._saturate(outstanding, payload, lambda: time.perf_counter() < until)

    def exactly(self, count: int, outstanding: int, payload: NextPayload) -> Answers:
        """Send so many blocks in all, with so many unanswered ones on each connection."""
        left = iter(range(count))
        return self._saturate(outstanding, payload, lambda: next(left, None) is not None)

    def _saturate(self, outstanding: int, payload: NextPayload, more: Callable[[], bool]) -> Answers:
        answers = Answers()
        started = time.perf_counter()
        for _ in range(outstanding):
            for link in self._links:
                if more():
                    link.send(payload(), time.perf_counter())
        while any(link.waiting for link in self._links):
            for link in self._ready(PATIENCE):
                for _ in range(link.receive(answers.latencies)):
                    if more():
                        link.send(payload(), time.perf_counter())
        answers.seconds = time.perf_counter() - started
        return answers

    def paced(self, rate: float, seconds: float, payload: NextPayload) -> Answers:
        """Send at a fixed pace whatever the server does; an answer's time counts from when its block was due."""
        answers = Answers()
        started = time.perf_counter()
        for number in range(int(rate * seconds)):
            due = started + number / rate
            self._take_until(due, answers)
            self._links[number % len(self._links)].send(payload(), due)
        while any(link.waiting for link in self._links):
            for link in self._ready(PATIENCE):
                link.receive(answers.latencies)
        answers.seconds = time.perf_counter() - started
        return answers

    def _take_until(self, due: float, answers: Answers) -> None:
        while (left := due - time.perf_counter()) > 0:
            for link in self._ready(left, patient=True):
                link.receive(answers.latencies)

    def _ready(self, seconds: float, *, patient: bool = False) -> Sequence[_Link]:
        ready = [key.data for key, _ in self._selector.select(seconds)]
        if not ready and not patient:
            raise NoAnswerError(f"no answer within {seconds:.0f} s")
        return ready


def percentile(values: Sequence[float], share: float) -> float:
    """The value that a share (0 to 1) of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
