"""The hospital's DiagnosticReport comes to name the score: by a patch, or by its own JSON with one entry more."""

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from adapter.delivery import Answer, DeliveryError
from adapter.fhir.json_text import canonical_json
from adapter.fhir.resource import Resource
from adapter.fhir.terminology import SUPPORTING_INFO
from adapter.outbound.answers import ServerAnswer, Verdict, refusal, verdict_of
from adapter.outbound.fhir_client import JSON_PATCH, FhirClient, Request
from adapter.outbound.json_array import JsonTextError, with_appended
from adapter.outbound.plans.server import FhirServer, Match

MOST_TRIES = 3
"""Of one report in one delivery: each after the first has met another writer."""

Way = Literal["patch", "transaction", "put"]
"""A JSON Patch by itself, or as a Binary in a transaction; or the report's text by PUT."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A report as it was just read: its bytes, which are the hospital's, and the version that they are of."""

    server_id: str
    text: str
    version: str
    results: tuple[str, ...]
    has_results: bool


class ReportLink:
    """Adds a score to ``result`` of the reports that it rests on; what names it already is left alone."""

    def __init__(self, client: FhirClient, way: Way, system: str | None = None) -> None:
        self._client = client
        self._server = FhirServer(client)
        self._way = way
        self._system = system

    async def link(self, score: Resource, address: str) -> None:
        """Make each report of a score name ``address`` (``Observation/17``); raises DeliveryError."""
        for identifier in _accessions(score):
            await self._link_one(await self._find(identifier), address)

    async def _find(self, identifier: dict[str, Any]) -> str:
        """Exactly one report may carry the accession: a result on a wrong report is worse than none."""
        system, value = identifier.get("system", self._system), identifier["value"]
        if system is None:
            rule = "the accession has no system, so its report cannot be told surely: set destination.report_system"
            raise DeliveryError(Answer(rule=rule), permanent=True)
        found = await self._server.search_by_form("DiagnosticReport", {"identifier": f"{system}|{value}"})
        matches = [match for match in found if _carries(match, system, value)]
        if len(matches) > 1:
            raise DeliveryError(Answer(rule="several reports carry the same accession"), permanent=True)
        if not matches:
            raise DeliveryError(Answer(rule="the report is not at the server yet"))
        return matches[0].server_id

    async def _link_one(self, server_id: str, address: str) -> None:
        answer: ServerAnswer | None = None
        version = ""
        for _ in range(MOST_TRIES):
            seen = await self._read(server_id)
            if any(result.endswith(address) for result in seen.results):
                return
            if answer is not None and version == seen.version and verdict_of(answer) is Verdict.PERMANENT:
                raise refusal(answer, "the report could not be made to name the score")
            version = seen.version
            answer = await self._write(seen, address)
            if verdict_of(answer) in (Verdict.TRANSIENT, Verdict.AUTH):
                raise refusal(answer)
        if answer is not None and verdict_of(answer) is not Verdict.OK:
            raise refusal(answer, "the report could not be made to name the score")
        raise DeliveryError(Answer(rule="the server accepts the report and does not keep its result"), permanent=True)

    async def _read(self, server_id: str) -> _Seen:
        answer = await self._client.send(Request("GET", f"DiagnosticReport/{server_id}"))
        report = answer.resource or {}
        if verdict_of(answer) is not Verdict.OK or report.get("resourceType") != "DiagnosticReport":
            raise refusal(answer, "the report could not be read")
        if answer.version is None:
            raise DeliveryError(Answer(answer.status, rule="the report names no version"), permanent=True)
        results = report.get("result")
        named = [one.get("reference") for one in results if isinstance(one, dict)] if isinstance(results, list) else []
        texts = tuple(one for one in named if isinstance(one, str))
        return _Seen(server_id, answer.body.decode("utf-8-sig"), answer.version, texts, bool(results))

    async def _write(self, seen: _Seen, address: str) -> ServerAnswer:
        path = f"DiagnosticReport/{seen.server_id}"
        if self._way == "put":
            match = {"If-Match": f'W/"{seen.version}"'}
            return await self._client.send(Request("PUT", path, body=_with_result(seen, address), headers=match))
        patch = _patch(seen, address)
        if self._way == "patch":
            return await self._client.send(Request("PATCH", path, body=patch, headers={"Content-Type": JSON_PATCH}))
        return await self._client.send(Request("POST", "", body=_in_transaction(path, patch)))


def _accessions(score: Resource) -> Iterator[dict[str, Any]]:
    for extension in score.get("extension", ()):
        if extension.get("url") == SUPPORTING_INFO:
            yield extension["valueReference"]["identifier"]


def _carries(match: Match, system: str, value: str) -> bool:
    identifiers = match.resource.get("identifier")
    listed = identifiers if isinstance(identifiers, list) else []
    return any(isinstance(one, dict) and (one.get("system"), one.get("value")) == (system, value) for one in listed)


def _with_result(seen: _Seen, address: str) -> bytes:
    try:
        return with_appended(seen.text, "result", json.dumps({"reference": address})).encode()
    except JsonTextError:
        raise DeliveryError(Answer(rule="the report's JSON cannot be added to"), permanent=True) from None


def _patch(seen: _Seen, address: str) -> bytes:
    """The test comes first: a patch that was applied and is sent again fails instead of adding the score twice."""
    reference = {"reference": address}
    add = {"path": "/result/-", "value": reference} if seen.has_results else {"path": "/result", "value": [reference]}
    test = {"op": "test", "path": "/meta/versionId", "value": seen.version}
    return canonical_json([test, {"op": "add", **add}])


def _in_transaction(path: str, patch: bytes) -> bytes:
    binary = {"resourceType": "Binary", "contentType": JSON_PATCH, "data": b64encode(patch).decode()}
    entry = {"resource": binary, "request": {"method": "PATCH", "url": path}}
    return canonical_json({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
