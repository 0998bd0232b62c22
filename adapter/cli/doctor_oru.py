"""``doctor`` looks at an EHR's results interface: can it be reached, and what does it answer to a test result?"""

from dataclasses import replace
from datetime import UTC, datetime

from adapter.app.destination import result_listener
from adapter.cli.doctor_findings import Finding, ill, well
from adapter.cli.doctor_memory import Memory
from adapter.cli.doctor_score import PATIENT, made_up_publication, withdrawn_publication
from adapter.delivery import DeliveryError, SentMessage
from adapter.hl7v2.answer import judge
from adapter.outbound.fhir_settings import Destination
from adapter.outbound.mllp_client import MllpClient, MllpClientError
from adapter.outbound.plans.oru import OruDestination
from adapter.outbound.plans.oru_message import Agreement
from adapter.outbound.result_channel import ResultChannel, ResultListener
from adapter.publication import Claim

_CLAIM = Claim("doctor", 0)


async def look_at_interface(settings: Destination, *, write_test: bool) -> list[Finding]:
    """Turn an interface into what is found there; sends results (MSH-11 ``T``) only where ``write_test`` asks."""
    listener = result_listener(settings)
    reached = await reach(listener, "interface", "see destination.mllp and destination.tls")
    if not write_test or reached.state != "ok":
        return [reached]
    agreement = settings.oru.to_agreement(settings.mllp)
    testing = replace(agreement, envelope=replace(agreement.envelope, processing_id="T"))
    return [reached, *await _send(listener, testing)]


async def reach(listener: ResultListener, name: str, advice: str) -> Finding:
    """Turn an address into whether a connection stands there: a finding of this name, with advice where none does."""
    where = f"{listener.host} port {listener.port}"
    try:
        tls = listener.tls.context() if listener.tls else None
        client = await MllpClient.connect(listener.host, listener.port, tls, seconds=listener.connect_timeout)
    except (MllpClientError, DeliveryError) as error:
        return ill(name, str(error), advice)
    await client.close(seconds=1.0)
    return well(name, f"a connection to {where} stands{' over TLS' if tls else ''}")


async def _send(listener: ResultListener, agreement: Agreement) -> list[Finding]:
    """A result and its withdrawal; each run sends them anew, as an interface may drop what it has seen."""
    memory, channel = Memory(), ResultChannel(listener)
    destination = OruDestination(memory, channel, agreement)
    now, found = datetime.now(UTC), []
    published = made_up_publication()
    try:
        for one in (published, withdrawn_publication(published)):
            await destination.deliver(_CLAIM, replace(one, digest=f"{one.digest}:{now.isoformat()}"), now)
    except DeliveryError as error:
        places = ", ".join(error.answer.expressions)
        advice = f"the interface names {places}" if places else ""
        found.append(ill("result", f"the test result was not accepted: {error}", advice))
    finally:
        await channel.close()
    answers = [well("result", _answered(message)) for message in memory.sent if message.accepted]
    return answers + found


def _answered(message: SentMessage) -> str:
    what = "withdrawal" if message.number > 1 else "result"
    return f"the {what} of patient {PATIENT} was answered {judge(message.answer or b'').code}"
