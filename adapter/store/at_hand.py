"""All that is known of patients who were just claimed, looked up for all of them in one view of the store."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from adapter.publication import Delivered
from adapter.reading import Cancelled, KeptMessage, Merged, Read, Reading
from adapter.scoring.report import KeptReport, Source
from adapter.store import deliveries, identities, messages


@dataclass(frozen=True, slots=True)
class AtHand:
    """What waits to be read of a patient, what was read before, and what stands at the destination.

    ``all_unread``: no more than ``unread`` waited. It is true until the claim under which it was looked up is given
    back: whatever changes it meanwhile marks the patient.
    """

    unread: tuple[KeptMessage, ...]
    reports: tuple[KeptReport, ...]
    delivered: tuple[Delivered, ...]
    all_unread: bool = True

    def after(self, message: KeptMessage, reading: Reading, kept: Reading) -> "AtHand | None":
        """Turn a message's reading, and what was kept of it, into what is known then; None: it has to be looked up.

        Looked up is what more follows from than the message itself says: cancellations, merges, other patients.
        """
        if isinstance(reading, Cancelled | Merged):
            return None
        new = _kept_reports(message, kept) if isinstance(kept, Read) else []
        if any(one.report.patient.key != message.patient for one in new):
            return None
        others = [one for one in self.reports if one.sequence != message.sequence]
        return replace(self, reports=tuple(sorted((*others, *new), key=lambda one: one.sequence)))


def _kept_reports(message: KeptMessage, read: Read) -> list[KeptReport]:
    source = Source(
        message_id=message.id,
        control_id=message.control_id,
        sha256=message.sha256,
        received=message.received,
        mapping_id=read.mapping_id,
        mapping_version=read.mapping_version,
        mapping_sha256=read.mapping_sha256,
    )
    return [KeptReport(report, source, message.sequence) for report in read.reports]


def at_hand(connection: Connection, keys: Sequence[str], limit: int) -> dict[str, AtHand]:
    """Turn patients into what is known of each; of so many unread messages in all.

    A patient of merged records is left out: whose reports count is then a question of its own.
    """
    merged = identities.survivors_around(connection, keys)
    alone = [key for key in keys if key not in merged]
    unread = messages.unread(connection, alone, limit)
    reports = deliveries.reports_by_record(connection, alone)
    delivered = deliveries.delivered_by_patient(connection, alone)
    return {
        key: AtHand(
            tuple(message for message in unread if message.patient == key),
            tuple(reports[key]),
            tuple(delivered[key]),
            all_unread=len(unread) < limit,
        )
        for key in alone
    }
