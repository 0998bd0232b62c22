"""All resources of one score in a fixed order with their digest; and Bundles: a search's answer."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from adapter.fhir.check import check_publication
from adapter.fhir.device import render_device
from adapter.fhir.json_text import canonical_json_again
from adapter.fhir.lesion import render_lesions
from adapter.fhir.observation import render_score
from adapter.fhir.provenance import render_provenance
from adapter.fhir.rendering import Rendering
from adapter.fhir.resource import Element, Resource
from adapter.fhir.text import narrative
from adapter.scoring.result import Score

WITHDRAWN = "WITHDRAWN, do not use: the reports no longer support this."


def render_publication(score: Score, rendering: Rendering) -> tuple[Resource, ...]:
    """Turn a score into its resources: Device, lesions by id, score, Provenance; each after those that it points to.

    All are checked; raises RenderError, and then nothing of the score may leave.
    """
    resources = (
        render_device(score, rendering),
        *render_lesions(score, rendering),
        render_score(score, rendering),
        render_provenance(score, rendering),
    )
    check_publication(resources)
    return resources


def digest(resources: Sequence[Resource]) -> str:
    """Turn resources (checked, or read) into the SHA-256 of their canonical JSON: equal digest, nothing to deliver."""
    return digest_of(texts_of(resources))


def texts_of(resources: Sequence[Resource]) -> tuple[bytes, ...]:
    """Turn resources (checked, or read) into the canonical JSON of each: what several digests are made of."""
    return tuple(canonical_json_again(resource) for resource in resources)


def digest_of(texts: Sequence[bytes]) -> str:
    """Turn the canonical JSON of resources into their digest, as `digest` does."""
    return sha256(b"[" + b",".join(texts) + b"]").hexdigest()


def withdrawn(before: Sequence[Resource], now: Sequence[Resource]) -> tuple[Resource, ...]:
    """Turn what stood before and what stands now into the Observations that no longer do, as ``entered-in-error``.

    A lesion that a correction took back is withdrawn, never deleted: somebody may have read it.
    """
    standing = {(resource["resourceType"], resource["id"]) for resource in now}
    return tuple(
        _withdraw(resource)
        for resource in before
        if resource["resourceType"] == "Observation" and ("Observation", resource["id"]) not in standing
    )


def _withdraw(observation: Resource) -> Resource:
    """What was said stays readable beside the words that withdraw it; doing it twice changes nothing."""
    if observation["status"] == "entered-in-error":
        return observation
    words = {"text": narrative(WITHDRAWN), "note": [{"text": WITHDRAWN}, *observation.get("note", ())]}
    return {**observation, "status": "entered-in-error", **words}


def searchset(base_url: str, resources: Sequence[Resource], total: int, links: Mapping[str, str]) -> Resource:
    """Turn a page of resources into a searchset Bundle; ``links`` maps relation (``self``, ``next``) to URL.

    ``total`` counts all matches, not those of this page. An OperationOutcome travels as the search's outcome.
    """
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": total}
    if links:
        bundle["link"] = [{"relation": relation, "url": url} for relation, url in links.items()]
    if resources:
        bundle["entry"] = [_entry(base_url.rstrip("/"), resource) for resource in resources]
    return bundle


def _entry(base_url: str, resource: Resource) -> Element:
    if resource["resourceType"] == "OperationOutcome":
        return {"resource": resource, "search": {"mode": "outcome"}}
    address = f"{base_url}/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": address, "resource": resource, "search": {"mode": "match"}}
