"""What is known of a study when one more message of it comes: is it known at all, overtaken, or contradicted?"""

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, select

from adapter.scoring.reasons import Reason
from adapter.scoring.report import PetReport
from adapter.scoring.versions import remarkable_reports
from adapter.store import identities
from adapter.store.codec import report_from_text, storable
from adapter.store.deliveries import own_reports
from adapter.store.prepared import Prepared
from adapter.store.schema import report

_BEFORE = Prepared(
    lambda _: (
        select(report.c.message)
        .where(
            report.c.patient == bindparam("lane"),
            report.c.accession == bindparam("accession"),
            report.c.message < bindparam("this"),
        )
        .limit(1)
    )
)


def is_known(connection: Connection, cancelled: PetReport) -> bool:
    """Is there a report of the very study, of any record of the patient, that says more than that it was cancelled?"""
    records = identities.survivors_around(connection, [cancelled.patient.key])
    of_study = report.c.patient.in_({*records, cancelled.patient.key}) & (
        report.c.accession == storable(cancelled.accession)
    )
    found = (report_from_text(body) for body in connection.scalars(select(report.c.body).where(of_study)))
    return any(one.kind is not None and one.accession_authority == cancelled.accession_authority for one in found)


def remark(connection: Connection, sequence: int, studies: Iterable[tuple[str, str]]) -> Reason | None:
    """What is to be said of a message because of what arrived before it of its studies (patient, accession)?

    That it was overtaken by a newer version, or contradicts one that stands as high. All versions are read only where
    there is an earlier one at all.
    """
    found: set[Reason] = set()
    for patient, accession in set(studies):
        values = {"lane": patient, "accession": accession, "this": sequence}
        if _BEFORE.row(connection, values) is None:
            continue
        versions = [one for one in own_reports(connection, patient) if storable(one.report.accession) == accession]
        found |= {reason for one, reason in remarkable_reports(versions) if one.sequence == sequence}
    return min(found, default=None)
