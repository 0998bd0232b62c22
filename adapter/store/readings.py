"""What a reading leaves behind: its outcome on the message, and the reports that it found."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, case, delete, func, insert, update

from adapter.outcome import Held, Ignored, Place, Problem
from adapter.publication import Claim, StaleClaimError
from adapter.reading import Cancelled, KeptMessage, Merged, Read
from adapter.scoring.linked_records import NO_LINKS, Known, Links
from adapter.scoring.merges import Merge
from adapter.scoring.reasons import Reason
from adapter.store import held_merges, identities, patients, standing, stated_records
from adapter.store.codec import milliseconds, place_to_text, report_to_text, storable
from adapter.store.messages import HELD, IGNORED, MAPPING, NOTHING_READ, READ, RECEIVED, Aftermath, Row, noted
from adapter.store.prepared import Prepared, among
from adapter.store.schema import audit, message, report

NO_AFTERMATH = Aftermath()

RECORDED = ("state", *NOTHING_READ, "application_answer", "application_made")
"""The columns of a message that a reading sets; the body too, where it is not to be kept."""


REMARKS = {
    Reason.STALE_MESSAGE: "a newer version of the study came before it, so it changes nothing",
    Reason.DUPLICATE_CONFLICT: "a version of the same time and state says something else, so the study is not scored",
}
"""What is noted on a message because of what came before it."""


Settling = Read | Held | Ignored | Merged


@dataclass(frozen=True, slots=True)
class Settled:
    """A reading whose every question to the store is answered; ``source`` holds the reports that are kept of it.

    ``merges`` are what it says of records; None: what the message said of them before stands. ``held`` are those that
    cannot hold together with what others said, ``links`` what it has to do with records by their addresses.
    """

    reading: Settling
    source: Read | None
    merges: tuple[Merge, ...] | None = ()
    held: tuple[Merge, ...] = ()
    links: Links = NO_LINKS

    @classmethod
    def of(cls, reading: Settling) -> "Settled":
        """Turn a reading into itself: its reports are kept when it was understood."""
        merges = reading.merges if isinstance(reading, Merged) else ()
        links = Links(reading.records) if isinstance(reading, Read | Merged) else NO_LINKS
        return cls(reading, reading if isinstance(reading, Read) else None, merges, links=links)

    @classmethod
    def of_links(cls, reading: Merged, known: Known) -> "Settled":
        """Turn links to records that are known by now into merges; held while one of them is not."""
        links = Links(reading.records, known)
        for link in reading.awaited:
            if not known[link.address]:
                rule = "nobody stated the record that the link names: it is read again when its Patient comes"
                return cls(Held(Problem.NOT_FOUND, Place(path=link.path), rule, reading.notes), None, links=links)
        merges = (*reading.merges, *(one for link in reading.awaited for one in link.merges(known[link.address])))
        return cls(reading, None, merges, links=links)

    @classmethod
    def of_cancellation(cls, reading: Cancelled, *, known: bool) -> "Settled":
        """Turn a bare cancellation into a retraction of what is known, or into what else it is."""
        if known:
            return cls.of(reading.read)
        return cls(reading.otherwise, None if isinstance(reading.otherwise, Held) else reading.read)

    def contradictory(self) -> "Settled":
        """Turn merges that cannot hold together with what stands into held ones; nothing that stood is changed."""
        rule = "the merge goes in a circle, or lets two records of one patient survive: undo one, and it is tried again"
        held = self.merges or ()
        place = Place(path="Patient.link") if any(one.said_by for one in held) else Place("MRG", 1, 1)
        return Settled(Held(Problem.VALUE_CONFLICT, place, rule), None, None, held, self.links)


@dataclass(frozen=True, slots=True)
class Left:
    """What a reading leaves behind: columns of its message, rows of reports, merges and links as in `Settled`."""

    outcome: Row
    reports: Sequence[Row]
    merges: tuple[Merge, ...] | None
    held: tuple[Merge, ...] = ()
    links: Links = NO_LINKS


def reading_row(reading: Settling, aftermath: Aftermath = NO_AFTERMATH) -> Row:
    """Turn what the reading found into the columns of its message."""
    row = _outcome(reading, keep_ignored=aftermath.keep_ignored)
    if aftermath.answer is None:
        return row
    made = None if aftermath.at is None else milliseconds(aftermath.at)
    return row | {"application_answer": aftermath.answer, "application_made": made}


def _outcome(reading: Settling, *, keep_ignored: bool) -> Row:
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
        case Merged():
            return NOTHING_READ | {"state": READ, "notes": noted(reading.notes)}
        case _:
            return NOTHING_READ | {
                "state": READ,
                "mapping_id": reading.mapping_id,
                "mapping_version": reading.mapping_version,
                "mapping_sha256": reading.mapping_sha256,
                "notes": noted(reading.notes),
            }


def report_rows(kept: KeptMessage, settled: Settled) -> list[Row]:
    """Turn the reports that are kept of a reading into their rows; raises ReportNotKeepableError."""
    reading = settled.source
    if reading is None:
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


def left_of(kept: KeptMessage, settled: Settled, aftermath: Aftermath) -> Left:
    """Turn a settled reading of a message into what it leaves behind; raises ReportNotKeepableError."""
    row, reports = reading_row(settled.reading, aftermath), report_rows(kept, settled)
    return Left(row, reports, settled.merges, settled.held, settled.links)


def _record(values: Row) -> Prepared:
    """What came to a replay while the message was read is read once more; an answer that was given stays."""
    new = {name: bindparam(f"new_{name}", type_=message.c[name].type) for name in RECORDED}
    changed: Row = new | {
        "state": case((message.c.read_again, RECEIVED), else_=new["state"]),
        "read_again": False,
        # What it is to be read with once more was said by the replay, not by the reading that it overtook.
        **{column.name: case((message.c.read_again, column), else_=new[column.name]) for column in MAPPING},
        **{name: func.coalesce(new[name], message.c[name]) for name in ("application_answer", "application_made")},
    }
    this = (message.c.sequence == bindparam("this")) & (message.c.patient == bindparam("lane"))
    return Prepared(lambda _: update(message).where(this).values(changed | values))


_RECORD = _record({})
_RECORD_BODILESS = _record({"raw": case((message.c.read_again, message.c.raw))})
_DELETE = Prepared(
    lambda dialect: delete(report).where(among(report.c.message, "these", dialect)).returning(report.c.patient)
)
_INSERT = Prepared(lambda _: insert(report), columns=[column.name for column in report.c])


def record_readings(
    connection: Connection, claim: Claim, several: Sequence[tuple[KeptMessage, Left]]
) -> list[Reason | None]:
    """Replace what was read from messages before, and mark the other patients whom that concerns.

    Gives what is to be said of each because of what came before it (`standing.remarks`), which is then noted on it and
    in the audit. Raises ContradictionError for merges that cannot hold together with those that stand,
    HoldsByNowError for held ones that can, and StatedMeanwhileError for links whose records are known otherwise now.

    The claim's own patient is not marked: who holds the claim brings the patient up to date before giving it back.
    """
    for kept in {kept.patient: kept for kept, _ in several}.values():
        patients.require(connection, claim, kept.patient)
    concerned = _replace_reports(connection, several)
    concerned |= _replace_merges(connection, several)
    remarks = standing.remarks(connection, {kept.sequence: _studies(left) for kept, left in several})
    for kept, left in several:
        _record_outcome(connection, claim, kept, left.outcome, remarks.get(kept.sequence))
    patients.mark(connection, concerned - {claim.patient}, milliseconds(several[0][0].received))
    return [remarks.get(kept.sequence) for kept, _ in several]


def _studies(left: Left) -> set[tuple[str, str]]:
    return {(row["patient"], row["accession"]) for row in left.reports}


def _replace_reports(connection: Connection, several: Sequence[tuple[KeptMessage, Left]]) -> set[str]:
    """Replace messages' reports; gives the patients whom that concerns, and those whose records they are by now."""
    rows = [row for _, left in several for row in left.reports]
    concerned = {found for (found,) in _DELETE.rows(connection, {"these": [kept.sequence for kept, _ in several]})}
    _INSERT.change_many(connection, rows)
    concerned.update(row["patient"] for row in rows)
    return concerned | identities.survivor_keys(connection, concerned)


def _record_outcome(
    connection: Connection, claim: Claim, kept: KeptMessage, outcome: Row, remark: Reason | None
) -> None:
    if remark is not None:
        outcome = _remarked(connection, kept, outcome, remark)
    record = _RECORD_BODILESS if "raw" in outcome else _RECORD
    new = {f"new_{name}": outcome.get(name) for name in RECORDED}
    if not record.change(connection, new | {"this": kept.sequence, "lane": claim.patient}):
        raise StaleClaimError(claim)


def _replace_merges(connection: Connection, several: Sequence[tuple[KeptMessage, Left]]) -> set[str]:
    """Replace what messages said of records, and try those again that were held because of it."""
    changed: set[str] = set()
    before = identities.merging(connection, [kept.sequence for kept, _ in several])
    for kept, left in several:
        if left.merges is not None and (left.merges or kept.sequence in before):
            new = identities.replace_merges(connection, kept.sequence, left.merges)
            held_merges.try_again(connection, new, milliseconds(kept.received))
            changed |= new
        _replace_links(connection, kept, left)
    return changed


def _replace_links(connection: Connection, kept: KeptMessage, left: Left) -> None:
    """Replace what a message waits for, and read those again that wait for a record that it states."""
    if left.links.known:
        stated_records.require(connection, left.links)
    if left.merges or left.held or left.links.known:
        held_merges.remember(connection, kept.sequence, left.held, stated_records.names(left.links))
    if left.links.stated:
        stated = stated_records.state(connection, left.links.stated)
        held_merges.read_again(connection, stated, milliseconds(kept.received))


def _remarked(connection: Connection, kept: KeptMessage, outcome: Row, remark: Reason) -> Row:
    words = f"{remark}: {REMARKS[remark]}"
    entry = {"at": milliseconds(kept.received), "action": remark.value, "subject": kept.id}
    connection.execute(insert(audit), entry | {"reason": words, "by": ""})
    return outcome | {"notes": noted((*json.loads(outcome["notes"] or "[]"), words))}
