"""What is known of a patient and what was delivered of it: reports in, scores and their history out."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from adapter.publication import Claim, Delivered, Publication
from adapter.scoring.report import KeptReport, Source
from adapter.store import patients
from adapter.store.codec import dump, load, milliseconds, moment, report_from_text
from adapter.store.schema import message, report, score, score_history
from adapter.store.views import ScoreSummary, ScoreVersion


def reports(connection: Connection, key: str) -> list[KeptReport]:
    """List every report version of a patient in the order of arrival, within a message in the order of its studies."""
    rows = connection.execute(
        select(report, message.c.id, message.c.control_id, message.c.sha256, message.c.received)
        .join(message, message.c.sequence == report.c.message)
        .where(report.c.patient == key)
        .order_by(report.c.message, report.c.position)
    )
    return [
        KeptReport(
            report=report_from_text(row.body),
            source=Source(
                message_id=row.id,
                control_id=row.control_id,
                sha256=row.sha256,
                received=moment(row.received),
                mapping_id=row.mapping_id,
                mapping_version=row.mapping_version,
                mapping_sha256=row.mapping_sha256,
            ),
            sequence=row.message,
        )
        for row in rows
    ]


def delivered(connection: Connection, key: str) -> list[Delivered]:
    """List what stands at the destination for a patient, with the very resources that were delivered last."""
    last = (score_history.c.score == score.c.id) & (score_history.c.version == score.c.version)
    rows = connection.execute(
        select(score, score_history.c.resources)
        .join(score_history, last)
        .where(score.c.patient == key)
        .order_by(score.c.id)
    )
    return [Delivered(row.id, row.digest, row.state, tuple(load(row.resources))) for row in rows]


def record_delivery(connection: Connection, claim: Claim, publication: Publication, at: datetime) -> None:
    """Keep a score as it now stands; a new digest or state is a new version, and the same once more changes nothing."""
    patients.require(connection, claim, publication.patient)
    found = connection.execute(select(score).where(score.c.id == publication.score_id)).one_or_none()
    values: dict[str, Any] = {
        "patient": publication.patient,
        "state": publication.state,
        "digest": publication.digest,
        "summary": dump(publication.summary),
    }
    if found and {name: getattr(found, name) for name in values} == values:
        return
    same_version = found and (found.digest, found.state) == (publication.digest, publication.state)
    version = (found.version if found else 0) + (0 if same_version else 1)
    values |= {"version": version, "updated": milliseconds(at)}
    if found:
        connection.execute(update(score).where(score.c.id == publication.score_id).values(values))
    else:
        connection.execute(insert(score).values(id=publication.score_id, **values))
    if not same_version:
        _keep_version(connection, publication, version, at)


def _keep_version(connection: Connection, publication: Publication, version: int, at: datetime) -> None:
    connection.execute(
        insert(score_history).values(
            score=publication.score_id,
            version=version,
            state=publication.state,
            digest=publication.digest,
            summary=dump(publication.summary),
            resources=dump(publication.resources),
            at=milliseconds(at),
        )
    )


def scores(
    connection: Connection, states: tuple[str, ...], key: str | None, limit: int, before: tuple[datetime, str] | None
) -> list[ScoreSummary]:
    """List scores, the last changed first; ``before`` is the time and id of the last one seen."""
    query = select(score).order_by(score.c.updated.desc(), score.c.id.desc()).limit(limit)
    if states:
        query = query.where(score.c.state.in_(states))
    if key is not None:
        query = query.where(score.c.patient == key)
    if before is not None:
        time, last = milliseconds(before[0]), before[1]
        query = query.where((score.c.updated < time) | ((score.c.updated == time) & (score.c.id < last)))
    return [
        ScoreSummary(row.id, row.patient, row.state, load(row.summary), moment(row.updated), row.digest, row.version)
        for row in connection.execute(query)
    ]


def score_history_of(connection: Connection, score_id: str) -> list[ScoreVersion]:
    """List the versions that a score has had, the first one first."""
    query = select(score_history).where(score_history.c.score == score_id).order_by(score_history.c.version)
    return [
        ScoreVersion(row.version, row.state, load(row.summary), tuple(load(row.resources)), row.digest, moment(row.at))
        for row in connection.execute(query)
    ]
