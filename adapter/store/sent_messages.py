"""Result messages that left: kept before they are sent, then their answers."""

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from adapter.delivery import SentMessage
from adapter.publication import Claim
from adapter.store import patients
from adapter.store.codec import milliseconds, moment
from adapter.store.schema import sent_message


def last(connection: Connection, score_id: str) -> SentMessage | None:
    """Turn a score's id into its newest message; None when there is none."""
    table = sent_message.c
    newest = select(sent_message).where(table.score == score_id).order_by(table.number.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    if row is None:
        return None
    return SentMessage(
        score_id=row.score,
        number=row.number,
        digest=row.digest,
        control_id=row.control_id,
        payload=row.payload,
        made=moment(row.made),
        answer=row.answer,
        accepted=bool(row.accepted),
    )


def keep(connection: Connection, claim: Claim, message: SentMessage) -> None:
    """Keep a message under its number; raises StaleClaimError when the claim no longer stands."""
    patients.require(connection, claim, claim.patient)
    connection.execute(
        insert(sent_message).values(
            score=message.score_id,
            number=message.number,
            patient=claim.patient,
            digest=message.digest,
            control_id=message.control_id,
            payload=message.payload,
            made=milliseconds(message.made),
        )
    )


def answer(connection: Connection, message: SentMessage, text: bytes, accepted: bool, at: datetime) -> None:
    """Keep what a message was answered, unless it was accepted before."""
    table = sent_message.c
    this = (table.score == message.score_id) & (table.number == message.number)
    standing = table.accepted.is_(None) | table.accepted.is_(False)
    values = {"answer": text, "accepted": accepted, "answered": milliseconds(at)}
    connection.execute(update(sent_message).where(this & standing).values(values))
