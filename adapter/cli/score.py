"""``netpet-adapter score``: lesion tables in, results out."""

import json
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from adapter.cli.lesion_table import LesionTableError, read_table
from adapter.scoring.netpet import score
from adapter.scoring.result import Policy, Result

OK, BAD_INPUT = 0, 2
CHUNK_LINES = 500
"""Lines that one core scores at a time: long enough that handing them over costs nothing, short enough to keep order."""

Chunk = list[tuple[int, bytes]]


def score_table(text: str | bytes, *, explain: bool = False) -> dict[str, Any]:
    """Turn one lesion table into its result as JSON-able members; raises LesionTableError."""
    lesions, studies, policy = read_table(text)
    result = score(lesions, studies, policy)
    return to_members(result) | ({"explanation": result.explanation} if explain else {})


def score_one(source: BinaryIO, out: TextIO, errors: TextIO, *, explain: bool = False) -> int:
    """Read one table, write one result; the return value is the exit code."""
    try:
        members = score_table(source.read(), explain=explain)
    except LesionTableError as error:
        errors.write(f"netpet-adapter score: {error}\n")
        return BAD_INPUT
    out.write(json.dumps(members) + "\n")
    return OK


def score_lines(source: Iterable[bytes], out: TextIO, *, explain: bool = False) -> int:
    """Read a table a line, write a result a line: a bad line's place is kept by ``{"error": ..., "line": n}``.

    Blank lines are passed over. A long input is shared among the machine's cores; the order of lines stays.
    """
    code = OK
    chunks = _chunks(source)
    first = list(islice(chunks, 2))
    if len(first) < 2:
        results: Iterable[tuple[str, int]] = (_score_chunk(chunk, explain) for chunk in first)
    else:
        results = _in_parallel(chain(first, chunks), explain)
    for text, chunk_code in results:
        out.write(text)
        code = max(code, chunk_code)
    out.flush()
    return code


def _chunks(source: Iterable[bytes]) -> Iterator[Chunk]:
    numbered = enumerate(source, start=1)
    while chunk := list(islice(numbered, CHUNK_LINES)):
        yield chunk


def _score_chunk(chunk: Chunk, explain: bool) -> tuple[str, int]:
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


def _in_parallel(chunks: Iterable[Chunk], explain: bool) -> Iterator[tuple[str, int]]:
    """Keep every core busy and a bounded number of chunks in memory, whatever the length of the input."""
    workers = os.cpu_count() or 1
    with ProcessPoolExecutor(workers) as pool:
        pending: deque[Future[tuple[str, int]]] = deque()
        for chunk in chunks:
            pending.append(pool.submit(_score_chunk, chunk, explain))
            if len(pending) > 2 * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def run_score(file: str, *, lines: bool, explain: bool) -> int:
    """Read the named file, or standard input for ``-``; the return value is the exit code."""
    if file == "-":
        return _run(sys.stdin.buffer, lines=lines, explain=explain)
    try:
        with Path(file).open("rb") as source:
            return _run(source, lines=lines, explain=explain)
    except OSError as error:
        sys.stderr.write(f"netpet-adapter score: {file}: {error.strerror}\n")
        return BAD_INPUT


def _run(source: BinaryIO, *, lines: bool, explain: bool) -> int:
    if lines:
        return score_lines(source, sys.stdout, explain=explain)
    return score_one(source, sys.stdout, sys.stderr, explain=explain)


def to_members(result: Result) -> dict[str, Any]:
    """Turn a result into the members of docs/formats.md, in its order."""
    return {
        "outcome": result.outcome.value,
        "grade": result.grade,
        "group": result.group,
        "bounds": result.bounds,
        "patterns": result.patterns,
        "target_lesions": result.target_lesions,
        "reasons": result.reasons,
        "review_required": result.review_required,
        "karfis": result.karfis,
        "zidan": result.zidan,
        "interval_days": result.interval_days,
        "policy": _policy_members(result.policy),
        "algorithm": {"name": result.algorithm, "version": result.algorithm_version},
    }


def _policy_members(policy: Policy) -> dict[str, Any]:
    return {
        "equality_tolerance": _number(policy.equality_tolerance),
        "interval_days": policy.interval_days,
        "interval_limit_days": policy.interval_limit_days,
        "positivity_references": policy.positivity_references,
    }


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
