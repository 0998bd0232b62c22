"""Two resources under one identifier of ours: one stays, the others are withdrawn, and nothing is deleted."""

from collections.abc import Sequence

from adapter.delivery import Answer, DeliveryError
from adapter.fhir.bundle import withdrawn
from adapter.fhir.resource import Resource
from adapter.outbound.answers import Verdict, refusal, verdict_of
from adapter.outbound.plans.naming import identifier_of, name_of
from adapter.outbound.plans.places import Places
from adapter.outbound.plans.server import FhirServer, Match


async def settle_on_one(server: FhirServer, places: Places, resource: Resource, found: Sequence[Match]) -> Match | None:
    """Turn what the server holds under a resource's identifier into the one that stays, None where it holds nothing.

    The one that we know stays, else the oldest; the others become ``entered-in-error`` under an identifier of their
    own, so that the next search finds one. ``resource`` is as it is sent, references readdressed.
    """
    known = places.of(name_of(resource)).server_id
    kept = next((match for match in found if match.server_id == known), found[0] if found else None)
    for match in found:
        if kept is not None and match.server_id != kept.server_id:
            await _withdraw(server, resource, match)
    return kept


async def _withdraw(server: FhirServer, resource: Resource, match: Match) -> None:
    body = _set_aside(resource, match.server_id)
    headers = {"If-Match": f'W/"{match.version}"'} if match.version else None
    answer = await server.send("PUT", f"{resource['resourceType']}/{match.server_id}", body, headers)
    if verdict_of(answer) is Verdict.CONFLICT:
        raise DeliveryError(Answer(answer.status, rule="a duplicate of ours changed while it was withdrawn"))
    if verdict_of(answer) is not Verdict.OK:
        raise refusal(answer, "a duplicate of ours could not be withdrawn")


def _set_aside(resource: Resource, server_id: str) -> Resource:
    system, value = identifier_of(resource) or ("", "")
    aside = {"use": "old", "system": system, "value": f"{value}.duplicate.{server_id}"}
    withdrawn_form = next(iter(withdrawn((resource,), ())), {**resource, "status": "entered-in-error"})
    return {**withdrawn_form, "id": server_id, "identifier": [aside]}
