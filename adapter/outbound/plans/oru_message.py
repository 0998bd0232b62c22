"""A publication as the result message that says it: who, which order, and the rows."""

from dataclasses import dataclass
from datetime import datetime

from adapter.fhir.datatypes import in_order
from adapter.fhir.resource import Resource
from adapter.hl7v2.datatypes import Coded
from adapter.hl7v2.result_message import Assigned, Envelope, Order, ResultMessage, Subject
from adapter.outbound.plans.oru_rows import is_confirmed, own_code, score_rows
from adapter.outcome import AdapterError
from adapter.publication import Publication
from adapter.scoring.report import PatientIdentity, PetReport, TracerKind
from adapter.scoring.result import Score

SCORE = own_code("netpet-score")

_STATUSES = {"preliminary": "P", "final": "F", "corrected": "C"}
"""Observation.status -> OBR-25 (table 0123) and OBX-11 (table 0085)."""

_SETTLED = frozenset("FCX")
"""A receiver passes over a preliminary or a second final result after one of these: what follows is a correction."""


class UnwritableResultError(AdapterError):
    """A publication says nothing that a result message could."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a site agreed with its EHR about results.

    ``order`` is the half whose order numbers are answered; the other one's, where that study is missing. ``procedure``
    is the site's own code for OBR-4; ours stands beside it. ``withdrawn`` is OBX-11 of a result that no longer stands.
    """

    envelope: Envelope
    order: TracerKind = TracerKind.FDG
    procedure: Coded | None = None
    withdrawn: str = "W"


def score_resource(publication: Publication) -> Resource:
    """Give the score's own Observation; raises UnwritableResultError when there is none."""
    for resource in publication.resources:
        if (resource["resourceType"], resource["id"]) == ("Observation", publication.score_id):
            return resource
    raise UnwritableResultError("the publication has no score Observation")


def is_withdrawn(publication: Publication) -> bool:
    """Does the publication say that its score no longer stands?"""
    return bool(score_resource(publication)["status"] == "entered-in-error")


def result_message(
    publication: Publication, agreement: Agreement, control_id: str, at: datetime, before: str
) -> ResultMessage:
    """Turn a standing publication into its message; ``before`` is OBR-25 of the last one (empty: there was none).

    Raises UnwritableResultError for a publication without its score.
    """
    score, resource = publication.score, score_resource(publication)
    if score is None:
        raise UnwritableResultError("the publication has no score")
    status = "C" if before in _SETTLED else _STATUSES[resource["status"]]
    report = _answered(score, agreement.order)
    rows = score_rows(score, resource, is_confirmed(publication.resources), status)
    order = _order(score, report, agreement)
    return ResultMessage(agreement.envelope, control_id, at, _subject(report.patient), order, status, rows)


def _answered(score: Score, wanted: TracerKind) -> PetReport:
    reports = [kept.report for kept in score.reports]
    return next((report for report in reports if report.kind is wanted), reports[0])


def _subject(patient: PatientIdentity) -> Subject:
    identifier = Assigned(patient.value, _namespace(patient.authority, patient.authority_oid), patient.authority_oid)
    return Subject(identifier, patient.type, patient.birth_date)


def _namespace(authority: str, oid: str) -> str:
    """A sender that has no namespace is read as its OID: said once."""
    return "" if authority == oid else authority


def _order(score: Score, report: PetReport, agreement: Agreement) -> Order:
    placer = Assigned(report.order, report.order_authority) if report.order else None
    filler = Assigned(report.accession, report.accession_authority)
    service = SCORE if agreement.procedure is None else _beside(agreement.procedure)
    return Order(placer, filler, service, _last_acquisition(score))


def _beside(procedure: Coded) -> Coded:
    """The receiver looks at the first code; ours stays recognisable as the alternate."""
    return Coded(procedure.code, procedure.text, procedure.system, (SCORE,))


def _last_acquisition(score: Score) -> datetime | None:
    acquired = [kept.report.study.acquired for kept in score.reports if kept.report.study.acquired is not None]
    return in_order(*acquired)[1] if len(acquired) == 2 else next(iter(acquired), None)
