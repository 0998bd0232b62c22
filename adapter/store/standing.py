"""What is known of a study when one more message of it comes: is it known at all, overtaken, or contradicted?"""

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import Connection, distinct, func, select

from adapter.scoring.reasons import Reason
from adapter.scoring.report import PetReport
from adapter.scoring.versions import remarkable_reports
from adapter.store import identities
from adapter.store.codec import report_from_text, storable
from adapter.store.deliveries import own_reports
from adapter.store.prepared import Prepared, among
from adapter.store.schema import report

Study = tuple[str, str]
"""A patient and an accession."""

_REPEATED = Prepared(
    lambda dialect: (
        select(report.c.patient, report.c.accession)
        .where(among(report.c.patient, "lanes", dialect))
        .group_by(report.c.patient, report.c.accession)
        .having(func.count(distinct(report.c.message)) > 1)
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


def remarks(connection: Connection, several: Mapping[int, Collection[Study]]) -> dict[int, Reason]:
    """Turn messages (sequences) and their studies into what is to be said of each because of what arrived before it.

    That it was overtaken by a newer version, or contradicts one that stands as high. All versions are read only where
    there are several at all.
    """
    lanes = {patient for studies in several.values() for patient, _ in studies}
    repeated = {(row[0], row[1]) for row in _REPEATED.rows(connection, {"lanes": [*lanes]})} if lanes else set()
    found: defaultdict[int, set[Reason]] = defaultdict(set)
    for patient, accession in repeated & {study for studies in several.values() for study in studies}:
        versions = [one for one in own_reports(connection, patient) if storable(one.report.accession) == accession]
        for one, reason in remarkable_reports(versions):
            found[one.sequence].add(reason)
    return {sequence: min(found[sequence]) for sequence in several if sequence in found}
