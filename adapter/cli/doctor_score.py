"""A score of a patient who does not exist: what ``doctor --write-test`` writes, reads back and withdraws."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from adapter.fhir.bundle import digest, render_publication, withdrawn
from adapter.fhir.rendering import Rendering
from adapter.publication import Publication
from adapter.scoring.assessment import assess
from adapter.scoring.lesion import Finding, Interval, Suv, Uptake
from adapter.scoring.pairing import Pair
from adapter.scoring.report import (
    KeptReport,
    PatientIdentity,
    PetReport,
    ReportRow,
    ReportStatus,
    Source,
    Study,
    TracerKind,
)
from adapter.scoring.result import Policy
from adapter.version import VERSION

PATIENT = "NETPET-DOCTOR"
"""The identifier of the patient who does not exist, and the beginning of her accessions."""

_TRACERS = {TracerKind.SSTR: ("68Ga-DOTATATE", "20.0"), TracerKind.FDG: ("18F-FDG", "3.10")}
TEST_TIME = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
"""When she was scanned; never the time of now, so that the score is the same every time."""


def made_up_publication() -> Publication:
    """Give the score, always the same: written twice, it stands once."""
    score = assess(Pair(_report(TracerKind.SSTR, 0), _report(TracerKind.FDG, 7)), Policy())
    resources = render_publication(score, Rendering(software_version=VERSION))
    return Publication(
        score.id, score.reports[0].report.patient.key, "published", resources, digest(resources), {}, score
    )


def withdrawn_publication(published: Publication) -> Publication:
    """Turn the score into the same, entered in error."""
    resources = withdrawn(published.resources, ())
    return Publication(published.score_id, published.patient, "retracted", resources, digest(resources), {})


def _report(kind: TracerKind, day: int) -> KeptReport:
    tracer, suv = _TRACERS[kind]
    acquired = TEST_TIME + timedelta(days=day)
    study = Study(tracer=tracer, acquired=acquired, status=ReportStatus.FINAL, lesions_complete=True)
    finding = Finding(Uptake.POSITIVE, suv=Suv(Interval.exactly(Decimal(suv))))
    report = PetReport(
        patient=PatientIdentity(PATIENT, "NETPET", type="MR"),
        accession=f"{PATIENT}-{kind.name}",
        study=study,
        kind=kind,
        rows=(ReportRow("1", finding, tracking_id="L1", site="10200004", size_mm=Decimal(23)),),
        accession_authority="NETPET",
        issued=acquired,
    )
    return KeptReport(report, Source("doctor", "DOCTOR", "0" * 64, acquired, "doctor", "1", "0" * 64), 1)
