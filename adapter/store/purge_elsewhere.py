"""What of a patient stands at other servers: it does not go with what is here."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from adapter.store.purge import Subject
from adapter.store.schema import placement, score, sent_message


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """One thing at a destination: a resource (its type, and its id there or ours), or a result message.

    ``state`` is that of its score here: what is ``retracted`` is entered-in-error there.
    """

    destination: str
    what: str
    state: str


def elsewhere(connection: Connection, subject: Subject) -> list[Elsewhere]:
    """List what stands at other servers, or may stand there; not what this service serves itself."""
    of_patient = score.c.patient.in_(subject.keys)
    placed = select(placement, score.c.state.label("stands")).join(score, score.c.id == placement.c.score)
    resources = [
        Elsewhere(row.destination, f"{row.type}/{row.server_id or row.id}", row.stands)
        for row in connection.execute(placed.where(of_patient).order_by(placement.c.destination, placement.c.id))
    ]
    last = (
        select(sent_message.c.score, func.max(sent_message.c.number).label("number"))
        .group_by(sent_message.c.score)
        .subquery()
    )
    sent = select(sent_message.c.control_id, score.c.state).join(score, score.c.id == sent_message.c.score)
    newest = sent.join(last, (last.c.score == sent_message.c.score) & (last.c.number == sent_message.c.number))
    return resources + [
        Elsewhere("ORU receiver", f"result message {row.control_id}", row.state)
        for row in connection.execute(newest.where(of_patient).order_by(sent_message.c.score))
    ]
