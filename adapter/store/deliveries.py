"""What is known of a patient and what was delivered of it: reports in, scores and their history out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from adapter.publication import ON_ITS_WAY, Claim, Delivered, Publication
from adapter.scoring.report import KeptReport, Source
from adapter.store import confirmations, destinations, identities, patients
from adapter.store.codec import dump, dump_again, load, milliseconds, moment, report_from_text
from adapter.store.prepared import Prepared, among
from adapter.store.schema import message, report, score, score_history
from adapter.store.views import ScoreSummary, ScoreVersion

SUPERSEDED = "superseded"
"""State of a score that only waited, until another one took its place: it was never sent, and does not stand."""
_REPORTS = Prepared(
    lambda dialect: (
        select(
            report.c.patient,
            *(report.c[name] for name in ("body", "message", "mapping_id", "mapping_version", "mapping_sha256")),
            *(message.c[name] for name in ("id", "control_id", "sha256", "received")),
        )
        .join(message, message.c.sequence == report.c.message)
        .where(among(report.c.patient, "lanes", dialect))
        .order_by(report.c.message, report.c.position)
    )
)


def own_reports(connection: Connection, key: str) -> list[KeptReport]:
    """List the report versions of one record, in the order of arrival, within a message in that of its studies."""
    return reports_by_record(connection, [key])[key]


def reports_by_record(connection: Connection, keys: Sequence[str]) -> dict[str, list[KeptReport]]:
    """Turn records into the report versions of each, as `own_reports` does."""
    found: dict[str, list[KeptReport]] = {key: [] for key in keys}
    for key, *row in _REPORTS.rows(connection, {"lanes": [*found]}):
        found[key].append(_kept_report(*row))
    return found


def reports(connection: Connection, key: str) -> list[KeptReport]:
    """List every report version of a patient in the order of arrival, within a message in the order of its studies.

    Those of all records that are merged into it, as the surviving record's; none of one that is itself merged away.
    """
    survivor, records = identities.records_of(connection, key)
    every = (kept for record in records for kept in own_reports(connection, record))
    return identities.of_survivor(every, survivor)


def _kept_report(body: str, sequence: int, *source: Any) -> KeptReport:
    mapping_id, mapping_version, mapping_sha256, message_id, control_id, sha256, received = source
    return KeptReport(
        report=report_from_text(body),
        source=Source(
            message_id=message_id,
            control_id=control_id,
            sha256=sha256,
            received=moment(received),
            mapping_id=mapping_id,
            mapping_version=mapping_version,
            mapping_sha256=mapping_sha256,
        ),
        sequence=sequence,
    )


_LAST = (score_history.c.score == score.c.id) & (score_history.c.version == score.c.version)
_DELIVERED = Prepared(
    lambda dialect: (
        select(
            score.c.patient,
            score.c.id,
            score.c.digest,
            score.c.state,
            score_history.c.resources,
            score_history.c.summary,
        )
        .join(score_history, _LAST)
        .where(among(score.c.patient, "lanes", dialect))
        .order_by(score.c.id)
    )
)


def delivered(connection: Connection, key: str) -> list[Delivered]:
    """List what stands at the destination for a patient, with the very resources that were delivered last."""
    return delivered_by_patient(connection, [key])[key]


def delivered_by_patient(connection: Connection, keys: Sequence[str]) -> dict[str, list[Delivered]]:
    """Turn patients into what stands at the destination for each, as `delivered` does."""
    found: dict[str, list[Delivered]] = {key: [] for key in keys}
    standing = _DELIVERED.rows(connection, {"lanes": [*found]})
    decisions = confirmations.decisions_of(connection, [*found]) if standing else {}
    for key, score_id, digest, state, resources, summary in standing:
        kept = tuple(load(resources)), load(summary)
        found[key].append(Delivered(score_id, digest, state, *kept, decisions.get(score_id, ())))
    return found


@dataclass(frozen=True, slots=True)
class ScoreRecord:
    """A score as it is about to be kept, and its resources as JSON text, made before any transaction begins."""

    id: str
    patient: str
    state: str
    digest: str
    summary: str
    resources: str

    @classmethod
    def of(cls, publication: Publication) -> "ScoreRecord":
        """Turn a publication into what is kept of it."""
        return cls(
            id=publication.score_id,
            patient=publication.patient,
            state=publication.state,
            digest=publication.digest,
            summary=dump(publication.summary),
            resources=_listed(publication.texts) if publication.texts else dump_again(publication.resources),
        )


def _listed(texts: Sequence[bytes]) -> str:
    return f"[{b','.join(texts).decode()}]"


_SHOWN = ("patient", "state", "digest", "summary")
_CHANGING = (*_SHOWN, "version", "updated")
_STANDING = Prepared(
    lambda _: select(score.c.version, *(score.c[name] for name in _SHOWN)).where(score.c.id == bindparam("this"))
)
_INSERT = Prepared(lambda _: insert(score), columns=("id", *_CHANGING))
_UPDATE = Prepared(
    lambda _: (
        update(score)
        .where(score.c.id == bindparam("id"))
        .values({name: bindparam(f"new_{name}", type_=score.c[name].type) for name in _CHANGING})
    )
)
_HISTORY = Prepared(
    lambda _: insert(score_history), columns=("score", "version", "state", "digest", "summary", "resources", "at")
)


def record_delivery(connection: Connection, claim: Claim, record: ScoreRecord, at: datetime) -> None:
    """Keep a score as it now stands, under a claim that covers its patient."""
    patients.require(connection, claim, record.patient)
    keep_score(connection, record, at)


def keep_score(connection: Connection, record: ScoreRecord, at: datetime) -> None:
    """Keep a score as it now stands; a new digest or state is a new version, and the same once more changes nothing."""
    found = _STANDING.row(connection, {"this": record.id})
    shown = tuple(getattr(record, name) for name in _SHOWN)
    version, *former = found or (0,)
    if tuple(former) == shown:
        return
    if ON_ITS_WAY in former[1:2] and record.state != ON_ITS_WAY:
        destinations.forget_dead(connection, record.id)
    same_version = bool(former) and tuple(former[1:3]) == (record.state, record.digest)
    version += 0 if same_version else 1
    values: dict[str, Any] = dict(zip(_CHANGING, (*shown, version, milliseconds(at)), strict=True)) | {"id": record.id}
    if found:
        _UPDATE.change(connection, {f"new_{name}": values[name] for name in _CHANGING} | {"id": record.id})
    else:
        _INSERT.change(connection, values)
    if not same_version:
        facts = {"score": record.id, "resources": record.resources, "at": milliseconds(at)}
        _HISTORY.change(connection, values | facts)


def scores(
    connection: Connection, states: tuple[str, ...], key: str | None, limit: int, before: tuple[datetime, str] | None
) -> list[ScoreSummary]:
    """List scores, the last changed first, those that were superseded only where ``states`` names that state.

    ``before`` is the time and id of the last one seen.
    """
    query = select(score).order_by(score.c.updated.desc(), score.c.id.desc()).limit(limit)
    query = query.where(score.c.state.in_(states) if states else score.c.state != SUPERSEDED)
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
