"""What a FHIR server says of itself: by its CapabilityStatement, asked where the site's settings are silent."""

from dataclasses import dataclass
from typing import Any

from adapter.fhir.resource import Resource
from adapter.outbound.answers import Verdict, refusal, verdict_of
from adapter.outbound.fhir_client import FhirClient, Request


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the server says that it does for Observations, and as a whole; what it does not say is False."""

    transaction: bool = False
    conditional_create: bool = False
    conditional_update: bool = False


async def read_capabilities(client: FhirClient) -> Capabilities:
    """Turn the server's ``metadata`` into what it says of itself; raises DeliveryError without an answer."""
    answer = await client.send(Request("GET", "metadata"))
    if verdict_of(answer) is not Verdict.OK or answer.resource is None:
        raise refusal(answer, "no CapabilityStatement")
    return capabilities_in(answer.resource)


def capabilities_in(statement: Resource) -> Capabilities:
    """Turn a CapabilityStatement, however incomplete, into what it says."""
    rest = next((one for one in _objects(statement.get("rest")) if one.get("mode") == "server"), {})
    of_type = next((one for one in _objects(rest.get("resource")) if one.get("type") == "Observation"), {})
    return Capabilities(
        transaction=any(one.get("code") == "transaction" for one in _objects(rest.get("interaction"))),
        conditional_create=of_type.get("conditionalCreate") is True,
        conditional_update=of_type.get("conditionalUpdate") is True,
    )


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
