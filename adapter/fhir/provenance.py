"""The Provenance of a score: from which reports and messages, read by which mapping, confirmed by whom."""

from collections.abc import Iterator

from adapter.fhir.datatypes import concept, instant
from adapter.fhir.device import NAME, device_reference
from adapter.fhir.identity import (
    CONTROL_ID_SYSTEM,
    MAPPING_SHA256_SYSTEM,
    MAPPING_SYSTEM,
    MESSAGE_SHA256_SYSTEM,
    provenance_id,
)
from adapter.fhir.observation import score_reference
from adapter.fhir.person import person
from adapter.fhir.rendering import Rendering
from adapter.fhir.resource import Element, Resource
from adapter.fhir.subject import report_version
from adapter.fhir.terminology import ASSEMBLER, PROVENANCE_PROFILE, VERIFIER
from adapter.fhir.text import clean, exact, narrative
from adapter.scoring.report import Source
from adapter.scoring.result import Score


def render_provenance(score: Score, rendering: Rendering) -> Resource:
    """Turn a score into its Provenance.

    Whether this is a create or an update only the destination knows, so ``activity`` is left out. Provenance has no
    identifier in R4: its id is derived from the score's.
    """
    return {
        "resourceType": "Provenance",
        "id": provenance_id(score.id),
        "meta": {"profile": [PROVENANCE_PROFILE]},
        "text": narrative(f"{NAME} put a NETPET score together from {len(score.reports)} report(s)."),
        "target": [score_reference(score)],
        "recorded": _recorded(score, rendering),
        "agent": list(_agents(score, rendering)),
        "entity": [{"role": "source", "what": what} for what in _sources(score)],
    }


def _recorded(score: Score, rendering: Rendering) -> str:
    """When the newest message behind the score was kept, or the later confirmation: our own times, with a zone."""
    moments = [kept.source.received for kept in score.reports]
    if rendering.confirmation:
        moments.append(rendering.confirmation.at)
    for moment in moments:
        instant(moment, "Provenance.recorded")
    return instant(max(moments), "Provenance.recorded")


def _agents(score: Score, rendering: Rendering) -> Iterator[Element]:
    yield {"type": concept(ASSEMBLER), "who": device_reference(score, rendering)}
    if rendering.confirmation:
        yield {"type": concept(VERIFIER), "who": person(rendering.confirmation)}


def _sources(score: Score) -> list[Element]:
    """Each report, then the message and the mapping that it came from, named once where both reports share them.

    Of a report whose versions contradict each other all their messages are named.
    """
    sources: list[Element] = []
    for kept in score.reports:
        origins = kept.rivals or (kept.source,)
        found = [report_version(kept.report), *(one for origin in origins for one in _origins(origin))]
        sources += [reference for reference in found if reference not in sources]
    return sources


def _origins(source: Source) -> Iterator[Element]:
    """A message without a control id (a FHIR Bundle) is named by its hash alone."""
    control_id = clean(source.control_id)
    if control_id:
        yield _named(CONTROL_ID_SYSTEM, control_id, "Message control ID")
    yield _named(MESSAGE_SHA256_SYSTEM, source.sha256, "SHA-256 of the message as received")
    mapping = f"{source.mapping_id}@{source.mapping_version}"
    yield _named(MAPPING_SYSTEM, mapping, "Mapping and its version")
    yield _named(MAPPING_SHA256_SYSTEM, source.mapping_sha256, "SHA-256 of the mapping")


def _named(system: str, value: str, display: str) -> Element:
    return {"identifier": {"system": system, "value": exact(value, display)}, "display": display}
