"""What persons decided on scores: kept for good, each with the digest of what was seen."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Connection, ForeignKey, Index, Table, Text, insert, select

from adapter.decision import Decision
from adapter.fhir.rendering import Verdict
from adapter.outcome import AdapterError
from adapter.store import patients
from adapter.store.codec import load, milliseconds, moment, storable
from adapter.store.prepared import Prepared, among
from adapter.store.schema import Sequence as Number
from adapter.store.schema import audit, metadata, score

score_decision = Table(
    "score_decision",
    metadata,
    Column("id", Number, primary_key=True),
    Column("score", Text, ForeignKey("score.id"), nullable=False),
    Column("patient", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("grade", Text),  # of an override alone
    Column("at", BigInteger, nullable=False),
    Column("client", Text, nullable=False),  # whose API key it came by
    Index("ix_score_decision_patient", "patient"),
    sqlite_autoincrement=True,
)

DECIDABLE = ("published", "rejected")
"""States of a score on which a person may decide: it was sent, and it stands."""


class NoSuchScoreError(AdapterError):
    """There is no score of that id."""


class NotDecidableError(AdapterError):
    """The score waits, is withdrawn or has not arrived yet: there is nothing to decide on."""


class OutdatedDecisionError(AdapterError):
    """The score is another one than the person saw: look again."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision on a score, and the client that brought it."""

    score_id: str
    decision: Decision
    client: str


_OF_PATIENTS = Prepared(
    lambda dialect: (
        select(*(score_decision.c[name] for name in ("score", "basis", "verdict", "person", "at", "reason", "grade")))
        .where(among(score_decision.c.patient, "lanes", dialect))
        .order_by(score_decision.c.id)
    )
)


def decisions_of(connection: Connection, keys: Sequence[str]) -> dict[str, tuple[Decision, ...]]:
    """Turn patients into the decisions on each score, the last one last."""
    found: defaultdict[str, tuple[Decision, ...]] = defaultdict(tuple)
    for score_id, basis, verdict, person, at, reason, grade in _OF_PATIENTS.rows(connection, {"lanes": [*keys]}):
        found[score_id] += (Decision(basis, Verdict(verdict), person, moment(at), reason, grade),)
    return found


def decide(connection: Connection, decided: Decided) -> None:
    """Keep a decision, with its audit entry, and mark the patient.

    Raises NoSuchScoreError, NotDecidableError, and OutdatedDecisionError when the score is not what was seen.
    """
    decision = decided.decision
    this = select(score.c.patient, score.c.state, score.c.summary).where(score.c.id == decided.score_id)
    found = connection.execute(this.with_for_update()).one_or_none()
    if found is None:
        raise NoSuchScoreError("there is no score of this id")
    if found.state not in DECIDABLE:
        raise NotDecidableError(f"the score is {found.state}: only one that was sent and stands can be decided on")
    if load(found.summary).get("basis") != decision.basis:
        raise OutdatedDecisionError(
            "the score changed since it was looked at: look again, and decide on what it is now"
        )
    at, reason = milliseconds(decision.at), storable(decision.reason)
    values = {"score": decided.score_id, "patient": found.patient, "basis": decision.basis}
    values |= {"verdict": decision.verdict.value, "person": storable(decision.person), "reason": reason}
    values |= {"grade": decision.grade, "at": at, "client": decided.client}
    connection.execute(insert(score_decision), values)
    by = f"{storable(decision.person)} ({decided.client})"
    entry = {"at": at, "action": f"score-{decision.verdict.value}", "subject": decided.score_id, "reason": reason}
    connection.execute(insert(audit), entry | {"by": by})
    patients.mark(connection, [found.patient], at)
