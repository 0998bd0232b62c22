"""What waits for a person: how much of it, and whose messages stay whole until that person has seen to it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from adapter.store import identities
from adapter.store.answers import count_given_up
from adapter.store.codec import load
from adapter.store.destinations import IS_DEAD, SEEN_TO, count_dead
from adapter.store.messages import HELD
from adapter.store.schema import dead_letter, message, patient, report, score

SETTLED = ("retracted", "superseded", "rejected")
"""States of a score of which nothing is open."""
_CLOSED = select(dead_letter.c.score).where(dead_letter.c.score == score.c.id, IS_DEAD, SEEN_TO)


@dataclass(frozen=True, slots=True)
class OpenProblems:
    """How many messages are held, scores a dead letter, answers given up, which no person has closed or replayed."""

    held: int
    dead_letters: int
    answers: int


def open_problems(connection: Connection) -> OpenProblems:
    """Count what waits for a person."""
    held = connection.scalar(select(func.count()).select_from(message).where(message.c.state == HELD))
    return OpenProblems(held or 0, count_dead(connection), count_given_up(connection))


def messages_held_back(connection: Connection, sequences: Collection[int]) -> set[int]:
    """Turn messages into those of them whose patient, or the record that survives it, has something open."""
    lanes = _lanes(connection, sequences)
    keys = {key for _, key in lanes}
    survivors = identities.survivors_around(connection, keys)
    published = {key: survivors[key].key if key in survivors else key for key in keys}
    waiting = patients_with_problems(connection, keys | set(published.values()))
    return {sequence for sequence, key in lanes if waiting & {key, published[key]}}


def _lanes(connection: Connection, sequences: Collection[int]) -> set[tuple[int, str]]:
    """The patients that a message was taken for, and those that its reports turned out to be of."""
    named = select(message.c.sequence, message.c.patient).where(message.c.sequence.in_(sequences))
    found = select(report.c.message, report.c.patient).where(report.c.message.in_(sequences))
    return {(row[0], row[1]) for row in connection.execute(named.union(found))}


def patients_with_problems(connection: Connection, keys: Collection[str]) -> set[str]:
    """Turn patients into those whose work fails, or with a score that waits, is stopped, or asks for a person.

    A dead letter that a person closed is no problem any more.
    """
    failing = select(patient.c.key).where(patient.c.key.in_(keys), patient.c.failing_since.is_not(None))
    scores = select(score.c.patient, score.c.state, score.c.summary)
    is_closed = _CLOSED.correlate(score).exists()
    unsettled = scores.where(score.c.patient.in_(keys), score.c.state.not_in(SETTLED), ~is_closed)
    return set(connection.scalars(failing)) | {
        row.patient for row in connection.execute(unsettled) if _is_open(row.state, load(row.summary))
    }


def _is_open(state: str, summary: dict[str, Any]) -> bool:
    """Waiting, stopped, on its way or a dead letter; or published with a review that nobody has made."""
    return state != "published" or bool(summary.get("review_required") and not summary.get("decision"))
