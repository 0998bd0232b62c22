"""``score --lines``: a table a line in, a result a line out, in order, and at once when a line comes alone."""

import json
import os
import select
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import BinaryIO, TextIO

from adapter.cli.exits import BAD_INPUT, OK
from adapter.cli.lesion_table import LesionTableError
from adapter.cli.score import score_table

CHUNK_LINES = 500
"""Lines that one core scores at a time: handing over fewer costs more than it gains."""

READ_BYTES = 1 << 20

Chunk = list[tuple[int, bytes]]
Scored = tuple[str, int]


def score_lines(source: BinaryIO, out: TextIO, *, explain: bool = False) -> int:
    """Read a table a line, write a result a line: a bad line's place is kept by ``{"error": ..., "line": n}``.

    Blank lines are passed over. The return value is the exit code: 2 when a line could not be read.
    """
    code = OK
    with _Workers(explain) as workers:
        for chunk in _chunks(source):
            for text, chunk_code in workers.score(chunk) if chunk else workers.drain():
                out.write(text)
                code = max(code, chunk_code)
            if not chunk:
                out.flush()
    return code


class _Workers:
    """Scores chunks in order: a short one here, long ones on a core each, a bounded number of them at a time."""

    def __init__(self, explain: bool) -> None:
        self._explain = explain
        self._count = os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None
        self._pending: deque[Future[Scored]] = deque()

    def __enter__(self) -> "_Workers":
        return self

    def __exit__(self, *_error: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def score(self, chunk: Chunk) -> Iterator[Scored]:
        if len(chunk) < CHUNK_LINES:
            yield from self.drain()
            yield _score_chunk(chunk, self._explain)
            return
        self._pool = self._pool or ProcessPoolExecutor(self._count)
        self._pending.append(self._pool.submit(_score_chunk, chunk, self._explain))
        if len(self._pending) > 2 * self._count:
            yield self._pending.popleft().result()

    def drain(self) -> Iterator[Scored]:
        while self._pending:
            yield self._pending.popleft().result()


def _score_chunk(chunk: Chunk, explain: bool) -> Scored:
    code = OK
    results = []
    for number, line in chunk:
        if not line.strip():
            continue
        try:
            members = score_table(line, explain=explain)
        except LesionTableError as error:
            members = {"error": str(error), "line": number}
            code = BAD_INPUT
        results.append(json.dumps(members) + "\n")
    return "".join(results), code


def _chunks(source: BinaryIO) -> Iterator[Chunk]:
    """Cut the input into numbered lines; an empty chunk says that nothing more is waiting for now."""
    number = 0
    chunk: Chunk = []
    rest = b""
    while data := _read(source):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            number += 1
            chunk.append((number, line))
            if len(chunk) == CHUNK_LINES:
                yield chunk
                chunk = []
        if not _more_waiting(source):
            if chunk:
                yield chunk
            yield []
            chunk = []
    if rest:
        chunk.append((number + 1, rest))
    if chunk:
        yield chunk
    yield []


def _read(source: BinaryIO) -> bytes:
    read1 = getattr(source, "read1", source.read)
    data: bytes = read1(READ_BYTES)
    return data


def _more_waiting(source: BinaryIO) -> bool:
    """A pipe with nothing in it has a sender who may be waiting for our answer; a file always has more or its end."""
    try:
        ready, _, _ = select.select([source.fileno()], [], [], 0)
    except (OSError, ValueError):
        return True
    return bool(ready)
