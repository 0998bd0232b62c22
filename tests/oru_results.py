"""Publications of synthetic scores as result messages, for the tests of plan ``oru``."""

from dataclasses import replace
from datetime import UTC, datetime

from fhir_scores import RENDERING, every_kind_of_score

from adapter.fhir.bundle import digest, render_publication, withdrawn
from adapter.hl7v2.result_message import Envelope, Party, write_result
from adapter.outbound.plans.oru_message import Agreement, result_message
from adapter.publication import Publication

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ENVELOPE = Envelope(Party("NETPET", "NUCMED"), Party("EHR", "HOSP"))
AGREEMENT = Agreement(ENVELOPE)
SCORES = every_kind_of_score()


def ordered(score):
    """The score of reports that name their orders."""
    halves = {
        name: replace(kept, report=replace(kept.report, order=f"PL-{name}", order_authority="KIS"))
        for name, kept in (("sstr", score.sstr), ("fdg", score.fdg))
        if kept is not None
    }
    return replace(score, **halves)


def publication(name="P2a", rendering=RENDERING, **facts):
    """A score of ``every_kind_of_score`` as it is published."""
    score = replace(ordered(SCORES[name]), **facts)
    resources = render_publication(score, rendering)
    return Publication(
        score.id, score.reports[0].report.patient.key, "published", resources, digest(resources), {}, score
    )


def gone(published):
    """The same score, no longer standing, with nothing known but what was delivered."""
    resources = withdrawn(published.resources, ())
    return replace(published, state="retracted", resources=resources, digest=digest(resources), score=None)


def written(published, agreement=AGREEMENT, control_id="N1", before="", at=AT):
    return write_result(result_message(published, agreement, control_id, at, before))
