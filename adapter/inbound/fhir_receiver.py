"""From a body to its reports, to page one, and back to one answer."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from adapter.arrival import Origin
from adapter.fhir.incoming import Incoming, parse_incoming
from adapter.fhir.json_text import from_json
from adapter.fhir.receipts import (
    ANSWERED_BY_ENTRY,
    FhirAnswer,
    Receipts,
    acknowledgement,
    check_requests,
    created,
    refusal,
    response_bundle,
)
from adapter.fhir.resource import Resource
from adapter.fhir.shapes import IncomingError
from adapter.inbound.credentials import CredentialSenders
from adapter.inbound.fhir_intake import FhirIntake, KeepingError
from adapter.outcome import Place, Problem, Refused

MAX_NODES = 100_000
"""Elements of one body, 25 times those of a large report: whatever a stranger sends is answered in 0.2 s."""


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A body: its reports, and the Bundle itself where it is answered entry by entry."""

    incoming: Incoming
    bundle: Resource | None = None


class FhirReceiver:
    """Takes the bodies of the HTTP door; they are parsed one at a time, so that many large ones need no more memory.

    ``seconds`` bound the storing of one body.
    """

    def __init__(self, intake: FhirIntake, senders: CredentialSenders, max_bytes: int, seconds: float = 30.0) -> None:
        self._intake = intake
        self._senders = senders
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._parsing = asyncio.Lock()

    def origin(self, peer: str, client: str | None, tls: ssl.SSLObject | None, /) -> Origin | None:
        """Turn what a request shows of its sender into where it comes from; None: it may not send."""
        return self._senders.origin(peer, client, tls)

    def refuse(self, refused: Refused, origin: Origin) -> FhirAnswer:
        """Turn a refusal that the door found into its answer."""
        self._intake.refused(refused, origin)
        return refusal(refused.problem, refused.place, refused.rule)

    async def bundle(self, body: bytes, origin: Origin) -> FhirAnswer:
        """Turn a Bundle (or a single report, which some senders post to the base) into its answer."""
        return await self._receive(body, origin, lambda _: None, _answer)

    async def report(self, body: bytes, origin: Origin, id_: str | None, *, updated: bool) -> FhirAnswer:
        """Turn a DiagnosticReport into its answer; ``id_`` is the one that the path names."""

        def check(parsed: _Parsed) -> None:
            _check_single(parsed.incoming, id_)

        return await self._receive(body, origin, check, lambda _, receipts: created(receipts, updated=updated))

    async def _receive(
        self,
        body: bytes,
        origin: Origin,
        check: Callable[[_Parsed], None],
        answer: Callable[[_Parsed, Receipts], FhirAnswer],
    ) -> FhirAnswer:
        try:
            async with self._parsing:
                parsed = await asyncio.to_thread(_parse, body, self._max_bytes)
            check(parsed)
            async with asyncio.timeout(self._seconds):
                kept = await self._intake.keep(parsed.incoming.messages, origin)
        except IncomingError as error:
            return self.refuse(Refused(error.problem, error.place, error.rule), origin)
        except KeepingError as error:
            return refusal(error.refused.problem, error.refused.place, error.refused.rule)
        except TimeoutError:
            return self.refuse(Refused(Problem.STORE_UNAVAILABLE, rule="not stored in time: send again"), origin)
        receipts = Receipts(tuple(one.message_id for one in kept), _warnings(parsed.incoming))
        return answer(parsed, receipts)


def _parse(body: bytes, max_bytes: int) -> _Parsed:
    incoming = parse_incoming(body, max_bytes=max_bytes, max_nodes=MAX_NODES)
    bundle = None
    if incoming.kind in ANSWERED_BY_ENTRY:
        bundle = from_json(body)
        check_requests(bundle)
    if not incoming.messages:
        rule = "there is no DiagnosticReport in the body, and no Patient that says which records are one person's"
        raise IncomingError(Problem.MESSAGE_TYPE, "", rule)
    return _Parsed(incoming, bundle)


def _check_single(incoming: Incoming, id_: str | None) -> None:
    if incoming.kind != "resource":
        raise IncomingError(Problem.MESSAGE_TYPE, "", "a DiagnosticReport is taken here; a Bundle goes to the base")
    if id_ is not None and incoming.units[0].report.id != id_:
        path = Place(path="DiagnosticReport.id").path
        raise IncomingError(Problem.RESOURCE_INVALID, path, "the id is not that of the path")


def _answer(parsed: _Parsed, receipts: Receipts) -> FhirAnswer:
    if parsed.bundle is not None:
        return FhirAnswer(200, response_bundle(parsed.bundle, parsed.incoming, receipts))
    if parsed.incoming.kind == "resource":
        return created(receipts, updated=False)
    return FhirAnswer(200, acknowledgement(receipts))


def _warnings(incoming: Incoming) -> tuple[str, ...]:
    deleted = len(incoming.deleted)
    gone = (f"{deleted} deletions: nothing is withdrawn by them, send the report as entered-in-error",)
    return (*incoming.notes, *(gone if deleted else ()))
