"""``doctor`` looks at a FHIR server: what it says of itself, whether it knows us, and what it keeps of a score."""

from collections.abc import Sequence

from adapter.app.fhir_parts import build_fhir_client, build_fhir_destination
from adapter.cli.doctor_findings import Finding, ill, note, well
from adapter.cli.doctor_memory import Memory
from adapter.cli.doctor_score import PATIENT, TEST_TIME, made_up_publication, withdrawn_publication
from adapter.delivery import DeliveryError
from adapter.fhir.identity import SCORE_SYSTEM
from adapter.fhir.resource import Resource
from adapter.outbound.answers import Verdict, verdict_of
from adapter.outbound.dropped import dropped_elements
from adapter.outbound.fhir_client import FhirClient, Request
from adapter.outbound.fhir_settings import Destination
from adapter.outbound.fit import Fit, fit_of
from adapter.outbound.plans.naming import identifier_of
from adapter.outbound.plans.server import FhirServer, Match
from adapter.publication import Claim, Publication

_CLAIM = Claim("doctor", 0)
_REACH = "is destination.fhir_base_url right, does the server's certificate fit destination.tls.authorities?"


async def look_at_fhir(settings: Destination, *, write_test: bool) -> list[Finding]:
    """Turn a FHIR destination into what is found there; writes only where ``write_test`` asks for it."""
    client = build_fhir_client(settings)
    try:
        fit = await _fit(client)
        if isinstance(fit, Finding):
            return [fit]
        found = [*_said(fit, settings), access := await _access(client)]
        if write_test and access.state == "ok":
            found += await _write_test(settings, FhirServer(client))
        return found
    finally:
        await client.close()


async def _fit(client: FhirClient) -> Fit | Finding:
    try:
        answer = await client.send(Request("GET", "metadata"))
    except DeliveryError as error:
        return ill("server", str(error), _REACH)
    if verdict_of(answer) is not Verdict.OK or (answer.resource or {}).get("resourceType") != "CapabilityStatement":
        return ill("server", f"no CapabilityStatement under metadata (HTTP {answer.status})", _REACH)
    return fit_of(answer.resource or {})


def _said(fit: Fit, settings: Destination) -> list[Finding]:
    found = [well("server", f"it answers, and calls itself {fit.server}" if fit.server else "it answers")]
    found += [ill("server", fault) for fault in fit.faults]
    if fit.plan == settings.plan:
        found.append(well("plan", f"{fit.plan}: {fit.why}"))
    else:
        is_wrong = fit.plan == "oru" or settings.plan == "transaction"
        said = f"{settings.plan} is set, {fit.plan} fits: {fit.why}"
        make = ill if is_wrong else note
        found.append(make("plan", said, f"destination.plan: {fit.plan}"))
    if fit.patch_rewrites and settings.report_link == "patch":
        said = "a JSON Patch at this server writes the report's numbers anew: 1.50 becomes 1.5"
        found.append(note("report", said, "destination.report_link: put"))
    return found + [note("kept", f"may be lost: {loss}") for loss in fit.losses]


async def _access(client: FhirClient) -> Finding:
    """A search for a score that cannot be there: the least that a plan has to be allowed."""
    query = {"identifier": f"{SCORE_SYSTEM}|{PATIENT}", "_count": "1"}
    try:
        answer = await client.send(Request("GET", "Observation", query))
    except DeliveryError as error:
        return ill("access", str(error), "see destination.auth")
    verdict = verdict_of(answer)
    if answer.status in (401, 403):
        return ill("access", f"the server does not let us search (HTTP {answer.status})", "see destination.auth")
    if verdict is not Verdict.OK:
        return ill("access", f"a search for an Observation by identifier fails (HTTP {answer.status})")
    return well("access", "we may search for Observations")


async def _write_test(settings: Destination, server: FhirServer) -> list[Finding]:
    """Write, read back, compare, withdraw."""
    published = made_up_publication()
    destination = build_fhir_destination(settings, Memory())
    try:
        await destination.deliver(_CLAIM, published, TEST_TIME)
        found = await _kept(server, published)
        await destination.deliver(_CLAIM, withdrawn_publication(published), TEST_TIME)
    except DeliveryError as error:
        places = ", ".join(error.answer.expressions)
        advice = f"the server names {places}" if places else ""
        return [ill("write", f"the score of patient {PATIENT} was not taken: {error}", advice)]
    finally:
        await destination.close()
    return [*found, well("write", f"a score of patient {PATIENT} was written, read back and withdrawn")]


async def _kept(server: FhirServer, published: Publication) -> list[Finding]:
    """What the server holds of what was written: every element that it dropped, by its path."""
    named = {identifier: one for one in published.resources if (identifier := identifier_of(one)) is not None}
    held = await server.find(list(named.values()))
    found = [_compared(held.get(identifier, []), resource) for identifier, resource in named.items()]
    return [finding for finding in found if finding] or [well("kept", "every element of every resource")]


def _compared(matches: Sequence[Match], resource: Resource) -> Finding | None:
    what = _what(resource)
    if len(matches) != 1:
        return ill("kept", f"{what}: {len(matches)} found under the identifier of one")
    paths = dropped_elements(matches[0].resource, resource)
    if not paths:
        return None
    return ill("kept", f"{what}: the server did not keep {', '.join(paths)}", "read what docs/destinations says of it")


def _what(resource: Resource) -> str:
    """``Observation lesion``, ``Observation netpet-score``, ``Device``."""
    codes = resource.get("code", {}).get("coding", ())
    return " ".join([resource["resourceType"], *(coding["code"] for coding in codes[:1])])
