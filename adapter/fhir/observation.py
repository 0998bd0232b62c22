"""The score Observation: the grade, or why there is none, with all that it rests on."""

from adapter.fhir.components import score_components
from adapter.fhir.datatypes import concept, instant, literal
from adapter.fhir.device import device_reference
from adapter.fhir.identity import SCORE_SYSTEM
from adapter.fhir.lesion import lesion_reference, named_lesions
from adapter.fhir.person import person
from adapter.fhir.rendering import Rendering, status
from adapter.fhir.resource import Element, Resource
from adapter.fhir.subject import acquisitions, order_references, study_references, subject, supporting_reports
from adapter.fhir.terminology import (
    DEVICE_ASSERTED,
    IMAGING,
    NOT_APPLICABLE,
    NOT_PERFORMED,
    SCORE_PROFILE,
    TEMPORARILY_UNKNOWN,
    UNKNOWN,
    Code,
)
from adapter.fhir.text import clean, markdown, narrative
from adapter.fhir.vocabulary import grade_code, reason_display, term
from adapter.scoring.lesion import Nature
from adapter.scoring.result import Outcome, Result, Score

DISCLAIMER = (
    "Proposed by a computer from report data, not checked against images. "
    "Visual grading by a specialist is the reference. "
    "SUVs of two tracers are not one scale. "
    "Not cleared by a regulator and not CE-marked: for research and evaluation."
)
"""What every score says of itself (docs/clinical.md, "What the output says")."""

_ABSENT_BECAUSE: dict[str, Code] = {
    "report-not-final": TEMPORARILY_UNKNOWN,
    "missing-sstr-study": NOT_PERFORMED,
    "missing-fdg-study": NOT_PERFORMED,
    "interval-exceeded": NOT_APPLICABLE,
    "intervening-therapy": NOT_APPLICABLE,
    "tracer-unsupported": NOT_APPLICABLE,
}
"""Reason -> data-absent-reason, the first that applies; without any the grade is plainly unknown."""


def render_score(score: Score, rendering: Rendering) -> Resource:
    """Turn a score into its Observation; raises RenderError when the score names no report, or two patients."""
    return {
        "resourceType": "Observation",
        "id": score.id,
        "meta": {"profile": [SCORE_PROFILE], "security": [DEVICE_ASSERTED.coding]},
        "text": _narrative(score, rendering),
        "extension": supporting_reports(score),
        "identifier": [score_identifier(score)],
        "basedOn": order_references(score),
        "partOf": study_references(score),
        "status": status(score, rendering),
        "category": [concept(IMAGING)],
        "code": concept(term("netpet-score"), text="NETPET score (dual SSTR/FDG PET)"),
        "subject": subject(score),
        **acquisitions(score),
        **_issued(score),
        **_performer(rendering),
        **_value(score.result),
        "note": [{"text": text} for text in _notes(score, rendering)],
        "method": concept(term("netpet-2017")),
        "device": device_reference(score, rendering),
        "derivedFrom": _derived_from(score),
        "component": score_components(score),
    }


def score_identifier(score: Score) -> Element:
    """Turn a score's id (patient and accessions) into the identifier that finds it on any server."""
    return {"use": "official", "system": SCORE_SYSTEM, "value": score.id}


def score_reference(score: Score) -> Element:
    """Turn a score into a Reference to its Observation."""
    return literal("Observation", score.id, score_identifier(score))


def _issued(score: Score) -> Element:
    """A report's time without a zone is no instant, and a zone is never guessed: ``issued`` is then left out."""
    if score.issued.utcoffset() is None:
        return {}
    return {"issued": instant(score.issued, "Observation.issued")}


def _performer(rendering: Rendering) -> Element:
    """Without a person nobody performed it: the Device that proposed it stands in ``device``."""
    return {"performer": [person(rendering.confirmation)]} if rendering.confirmation else {}


def _value(result: Result) -> Element:
    """The grade or the reason that there is none, never both (obs-6)."""
    if result.grade:
        return {"valueCodeableConcept": concept(grade_code(result.grade), text=result.grade)}
    because = next((_ABSENT_BECAUSE[reason] for reason in result.reasons if reason in _ABSENT_BECAUSE), UNKNOWN)
    return {"dataAbsentReason": concept(because, text=_headline(result))}


def _derived_from(score: Score) -> list[Element]:
    """Rows that the reader calls not tumour are published, and no score rests on them."""
    names = [name for name, lesion in named_lesions(score).items() if lesion.nature is not Nature.NOT_TUMOUR]
    return [lesion_reference(score, name) for name in names] + study_references(score)


def _headline(result: Result) -> str:
    if result.grade:
        return f"NETPET {result.grade}, prognostic group {result.group or 'not settled'}"
    if result.outcome is Outcome.GROUP_ONLY:
        return f"NETPET grade not settled, prognostic group {result.group}"
    return "NETPET not scorable"


def _standing(score: Score, rendering: Rendering) -> str:
    """A withdrawn score says so before anything else, for readers who see the text alone."""
    if score.retracted:
        return f"WITHDRAWN, do not use: a report that it rests on no longer stands. It read: {_headline(score.result)}."
    if rendering.is_rejected:
        return f"REJECTED by a named person, do not use. It read: {_headline(score.result)}."
    confirmed = "confirmed by a named person" if rendering.confirmation else "not confirmed by a person"
    return f"{_headline(score.result)} ({status(score, rendering)}, {confirmed})."


def _notes(score: Score, rendering: Rendering) -> list[str]:
    rejected = ""
    if rendering.confirmation and rendering.is_rejected:
        rejected = f"Rejected by a named person. Reason given: {markdown(rendering.confirmation.reason)}"
    withdrawn = "Withdrawn: a report that this score rests on no longer stands." if score.retracted else ""
    return [text for text in (withdrawn, rejected, markdown(score.result.explanation), DISCLAIMER) if text]


def _narrative(score: Score, rendering: Rendering) -> Element:
    facts = [f"Reason: {reason_display(reason)}" for reason in score.result.reasons]
    if score.reader_grade and clean(score.reader_grade):
        facts.insert(0, f"Grade of record, by the reader: {score.reader_grade}")
    if score.result.review_required:
        facts.append("Review by a person is required.")
    return narrative(_standing(score, rendering), score.result.explanation, DISCLAIMER, items=tuple(facts))
