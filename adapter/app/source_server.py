"""A server that reports come from, behind the client of FHIR servers."""

from adapter.delivery import DeliveryError
from adapter.fhir.json_text import to_json
from adapter.fhir.resource import Resource
from adapter.inbound.fhir_server import ServerReply, SourceError
from adapter.outbound.answers import ServerAnswer, Verdict, http_date, retry_after, verdict_of
from adapter.outbound.fhir_client import FhirClient, Request


class SourceServer:
    """Turns the client's answers into replies; raises SourceError for all that are none."""

    def __init__(self, client: FhirClient) -> None:
        self._client = client

    async def get(self, path: str) -> ServerReply:
        """Read what stands under a path below the base address."""
        return await self._send(Request("GET", path))

    async def put(self, path: str, resource: Resource, version: str | None) -> ServerReply:
        """Update a resource, if it still stands in the version that was read."""
        match = {"If-Match": f'W/"{version}"'} if version else {}
        return await self._send(Request("PUT", path, None, to_json(resource), match))

    async def _send(self, request: Request) -> ServerReply:
        try:
            answer = await self._client.send(request)
        except DeliveryError as error:
            rule = error.answer.rule or "the server gave no answer"
            raise SourceError(rule, permanent=error.permanent, retry_after=error.retry_after) from None
        verdict = verdict_of(answer)
        if verdict in (Verdict.OK, Verdict.GONE):
            return _reply(answer)
        permanent = verdict is Verdict.PERMANENT
        raise SourceError(f"the server answered {answer.status}", permanent=permanent, retry_after=retry_after(answer))


def _reply(answer: ServerAnswer) -> ServerReply:
    return ServerReply(
        answer.status, answer.resource, answer.body, http_date(answer.headers.get("date", "")), answer.version
    )
