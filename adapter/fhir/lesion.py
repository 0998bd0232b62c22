"""One Observation for each lesion row: what the two reports state of it, and what they do not."""

import re
from collections.abc import Sequence

from adapter.fhir.components import own_concept
from adapter.fhir.datatypes import concept, literal, oid_system
from adapter.fhir.device import device_reference
from adapter.fhir.findings import lesion_components
from adapter.fhir.identity import LESION_SYSTEM, lesion_id
from adapter.fhir.rendering import Rendering, status
from adapter.fhir.resource import Element, Resource
from adapter.fhir.subject import acquisitions, order_references, study_references, subject
from adapter.fhir.terminology import (
    DEVICE_ASSERTED,
    DICOM_UID,
    IMAGING,
    LESION_PROFILE,
    SITES,
    SNOMED_CT,
    Code,
)
from adapter.fhir.text import clean, narrative
from adapter.scoring.lesion import Lesion, Nature
from adapter.scoring.result import Score

_SNOMED_ID = re.compile(r"[1-9][0-9]{5,17}")
_UID_LENGTH = 64


def named_lesions(score: Score) -> dict[str, Lesion]:
    """Turn a score's lesions into one row a name, in the order of the names: the order of report rows says nothing.

    Rows written alike are one. Rows that differ under one id (``duplicate-conflict``) are all kept, and numbered.
    """
    named: dict[str, Lesion] = {}
    for lesion in _rows(score.lesions):
        name, number = lesion.id, 1
        while name in named:
            number += 1
            name = f"{lesion.id} ({number})"
        named[name] = lesion
    return named


def _rows(lesions: Sequence[Lesion]) -> list[Lesion]:
    """Order rows by their names; only rows of one name are compared in all that they say, which takes longer."""
    if len({lesion.id for lesion in lesions}) == len(lesions):
        return sorted(lesions, key=lambda lesion: lesion.id)
    rows = {repr(lesion): lesion for lesion in lesions}
    return [lesion for _, lesion in sorted(rows.items(), key=lambda item: (item[1].id, item[0]))]


def render_lesions(score: Score, rendering: Rendering) -> tuple[Resource, ...]:
    """Turn the lesions of a score into one Observation each, by name; what all of them share is rendered once."""
    shared = _shared(score, rendering)
    return tuple(
        {
            "resourceType": "Observation",
            "id": lesion_id(score.id, name),
            "text": _narrative(score, name, lesion, rendering),
            "identifier": [_identifier(score, name), *_tracking_uid(lesion)],
            **shared,
            **_body_site(lesion),
            "component": lesion_components(name, lesion, score.result.patterns.get(lesion.id, ())),
        }
        for name, lesion in named_lesions(score).items()
    )


def _shared(score: Score, rendering: Rendering) -> Element:
    """The status of a lesion, whom and which studies it is about, are its score's."""
    return {
        "meta": {"profile": [LESION_PROFILE], "security": [DEVICE_ASSERTED.coding]},
        "basedOn": order_references(score),
        "partOf": study_references(score),
        "status": status(score, rendering),
        "category": [concept(IMAGING)],
        "code": own_concept("lesion"),
        "subject": subject(score),
        **acquisitions(score),
        "device": device_reference(score, rendering),
        "derivedFrom": study_references(score),
    }


def lesion_reference(score: Score, name: str) -> Element:
    """Turn the name of a lesion of a score into a Reference to its Observation."""
    return literal("Observation", lesion_id(score.id, name), _identifier(score, name))


def _identifier(score: Score, name: str) -> Element:
    return {"use": "official", "system": LESION_SYSTEM, "value": lesion_id(score.id, name)}


def _tracking_uid(lesion: Lesion) -> list[Element]:
    """A DICOM UID (PS3.5 section 9: digits and dots, at most 64) names the lesion across reports."""
    system = oid_system(lesion.tracking_uid or "")
    if system is None or len(lesion.tracking_uid or "") > _UID_LENGTH:
        return []
    return [{"system": DICOM_UID, "value": system}]


def _body_site(lesion: Lesion) -> Element:
    """A site that is no SNOMED CT id stays in the sender's words."""
    site = clean(lesion.site or "")
    if not site:
        return {}
    if _SNOMED_ID.fullmatch(site):
        return {"bodySite": concept(Code(SNOMED_CT, site, SITES.get(site, "")))}
    return {"bodySite": concept(text=site)}


def _narrative(score: Score, name: str, lesion: Lesion, rendering: Rendering) -> Element:
    withdrawn = "WITHDRAWN, do not use. " if score.retracted or rendering.is_rejected else ""
    excluded = " Not tumour by the reader's call: left out of the score." if lesion.nature is Nature.NOT_TUMOUR else ""
    site = SITES.get(lesion.site or "", clean(lesion.site or ""))
    calls = f"SSTR {lesion.sstr.uptake.value}, FDG {lesion.fdg.uptake.value}."
    return narrative(f"{withdrawn}Lesion {name}{f', {site}' if site else ''}: {calls}{excluded}")
