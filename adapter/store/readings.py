"""What a reading leaves behind: its outcome on the message, and the reports that it found."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, case, delete, func, insert, select, update

from adapter.outcome import Held, Ignored
from adapter.publication import Claim, StaleClaimError
from adapter.reading import KeptMessage, Reading
from adapter.store import patients
from adapter.store.codec import milliseconds, place_to_text, report_to_text, storable
from adapter.store.messages import HELD, IGNORED, NOTHING_READ, READ, RECEIVED, Aftermath, Row, noted
from adapter.store.prepared import Prepared
from adapter.store.schema import message, report

NO_AFTERMATH = Aftermath()

RECORDED = ("state", *NOTHING_READ, "application_answer", "application_made")
"""The columns of a message that a reading sets; the body too, where it is not to be kept."""


def reading_row(reading: Reading, aftermath: Aftermath = NO_AFTERMATH) -> Row:
    """Turn what the reading found into the columns of its message."""
    row = _outcome(reading, keep_ignored=aftermath.keep_ignored)
    if aftermath.answer is None:
        return row
    made = None if aftermath.at is None else milliseconds(aftermath.at)
    return row | {"application_answer": aftermath.answer, "application_made": made}


def _outcome(reading: Reading, *, keep_ignored: bool) -> Row:
    match reading:
        case Held():
            place = place_to_text(reading.place)
            return NOTHING_READ | {
                "state": HELD,
                "problem": reading.problem.value,
                "place": place,
                "rule": storable(reading.rule),
                "notes": noted(reading.notes),
            }
        case Ignored() if keep_ignored:
            return NOTHING_READ | {"state": IGNORED, "rule": reading.reason}
        case Ignored():
            # Of a message that is none of ours nothing is kept but its envelope; a replay in waiting still needs it.
            return NOTHING_READ | {
                "state": IGNORED,
                "rule": reading.reason,
                "raw": None,
            }
        case _:
            return NOTHING_READ | {
                "state": READ,
                "mapping_id": reading.mapping_id,
                "mapping_version": reading.mapping_version,
                "mapping_sha256": reading.mapping_sha256,
                "notes": noted(reading.notes),
            }


def report_rows(kept: KeptMessage, reading: Reading) -> list[Row]:
    """Turn the reports of a reading into their rows (none unless it was understood); raises ReportNotKeepableError."""
    if isinstance(reading, Held | Ignored):
        return []
    return [
        {
            "message": kept.sequence,
            "position": position,
            "patient": one.patient.key,
            "accession": storable(one.accession),
            "body": report_to_text(one),
            "mapping_id": reading.mapping_id,
            "mapping_version": reading.mapping_version,
            "mapping_sha256": reading.mapping_sha256,
        }
        for position, one in enumerate(reading.reports)
    ]


def _record(values: Row) -> Prepared:
    """What came to a replay while the message was read is read once more; an answer that was given stays."""
    new = {name: bindparam(f"new_{name}", type_=message.c[name].type) for name in RECORDED}
    changed: Row = new | {
        "state": case((message.c.read_again, RECEIVED), else_=new["state"]),
        "read_again": False,
        **{name: func.coalesce(new[name], message.c[name]) for name in ("application_answer", "application_made")},
    }
    this = (message.c.sequence == bindparam("this")) & (message.c.patient == bindparam("lane"))
    return Prepared(lambda _: update(message).where(this).values(changed | values))


_RECORD = _record({})
_RECORD_BODILESS = _record({"raw": case((message.c.read_again, message.c.raw))})
_OF_MESSAGE = report.c.message == bindparam("this")
_CONCERNED = Prepared(lambda _: select(report.c.patient).where(_OF_MESSAGE))
_DELETE = Prepared(lambda _: delete(report).where(_OF_MESSAGE))
_INSERT = Prepared(lambda _: insert(report), columns=[column.name for column in report.c])


def record_reading(
    connection: Connection, claim: Claim, kept: KeptMessage, outcome: Row, reports: Sequence[Row]
) -> None:
    """Replace what was read from a message before, and mark the other patients whom that concerns.

    The claim's own patient is not marked: who holds the claim brings the patient up to date before giving it back.
    """
    patients.require(connection, claim, kept.patient)
    concerned = {found for (found,) in _CONCERNED.rows(connection, {"this": kept.sequence})}
    if concerned:
        _DELETE.change(connection, {"this": kept.sequence})
    _INSERT.change_many(connection, reports)
    concerned.update(row["patient"] for row in reports)
    record = _RECORD_BODILESS if "raw" in outcome else _RECORD
    new = {f"new_{name}": outcome.get(name) for name in RECORDED}
    if not record.change(connection, new | {"this": kept.sequence, "lane": claim.patient}):
        raise StaleClaimError(claim)
    patients.mark(connection, concerned - {claim.patient}, milliseconds(kept.received))
