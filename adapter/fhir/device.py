"""The Device: the software and the algorithm that proposed a score, each with its version."""

from adapter.fhir.datatypes import concept, literal
from adapter.fhir.identity import DEVICE_SYSTEM, device_id
from adapter.fhir.rendering import Rendering
from adapter.fhir.resource import Element, Resource
from adapter.fhir.text import exact, narrative
from adapter.fhir.vocabulary import term
from adapter.scoring.result import Score

NAME = "netpet-adapter"
NOT_CLEARED = "Not cleared by a regulator and not CE-marked: for research and evaluation."


def render_device(score: Score, rendering: Rendering) -> Resource:
    """Turn the two versions behind a score into its Device; one Device serves all scores of the same versions."""
    result = score.result
    versions = {"software": rendering.software_version, result.algorithm: result.algorithm_version}
    return {
        "resourceType": "Device",
        "id": device_id(rendering.software_version, result),
        "text": narrative(
            f"{NAME} {rendering.software_version}, algorithm {result.algorithm} {result.algorithm_version}."
        ),
        "identifier": [_identifier(score, rendering)],
        "status": "active",
        "deviceName": [{"name": NAME, "type": "model-name"}],
        "type": concept(term("decision-support")),
        "version": [_version(name, value) for name, value in versions.items()],
        "note": [{"text": NOT_CLEARED}],
    }


def device_reference(score: Score, rendering: Rendering) -> Element:
    """Turn a score into a Reference to its Device."""
    return literal("Device", device_id(rendering.software_version, score.result), _identifier(score, rendering))


def _identifier(score: Score, rendering: Rendering) -> Element:
    return {"system": DEVICE_SYSTEM, "value": device_id(rendering.software_version, score.result)}


def _version(name: str, value: str) -> Element:
    return {"type": {"text": name}, "value": exact(value, "Device.version.value")}
