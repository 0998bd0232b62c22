"""What a site agrees with its EHR about results is what the messages say; what cannot be is refused by its name."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from certificates import CertificateAuthority, subject
from pydantic import ValidationError
from test_inbound_fakes import FakeReceiver, acknowledgement, message, serving

from adapter.app.destination import build_destination, result_listener
from adapter.delivery import DeliveryError
from adapter.hl7v2.datatypes import Coded
from adapter.hl7v2.result_message import Party
from adapter.inbound.tls import ServerTls, TlsFiles
from adapter.outbound.oru_settings import Results
from adapter.outbound.plans.oru import OruDestination
from adapter.outbound.result_channel import ResultChannel
from adapter.scoring.report import TracerKind
from adapter.settings import Settings


def settings(tls=None, results=None, **interface):
    section = {"plan": "oru", "mllp": {"host": "127.0.0.1"} | interface, "tls": tls or {}, "oru": results or {}}
    return Settings.model_validate({"destination": section}).destination


def agreed(results, **interface):
    found = settings(results=results, **interface)
    return found.oru.to_agreement(found.mllp)


def faults(**section):
    with pytest.raises(ValidationError) as raised:
        Settings.model_validate({"destination": {"plan": "oru"} | section})
    return str(raised.value)


def test_without_any_agreement_the_envelope_says_the_least():
    agreement = agreed({})

    assert agreement.envelope.sender == Party("NETPET", "")
    assert (agreement.envelope.version, agreement.envelope.character_set) == ("2.5.1", "UNICODE UTF-8")
    assert (agreement.order, agreement.procedure, agreement.withdrawn) == (TracerKind.FDG, None, "W")


def test_what_is_agreed_is_what_the_messages_say():
    agreement = agreed(
        {
            "receiving_application": "EPIC",
            "receiving_facility": "HOSP",
            "version": "2.3.1",
            "character_set": "8859/1",
            "order": "sstr",
            "procedure_code": "PETSCORE^PET score^L",
            "withdrawn": "X",
        }
    )

    assert agreement.envelope.receiver == Party("EPIC", "HOSP")
    assert (agreement.envelope.version, agreement.envelope.character_set) == ("2.3.1", "8859/1")
    assert agreement.procedure == Coded("PETSCORE", "PET score", "L")
    assert (agreement.order, agreement.withdrawn) == (TracerKind.SSTR, "X")


@pytest.mark.parametrize(
    ("mode", "asked"), [("original", ("", "")), ("accept", ("AL", "NE")), ("application", ("AL", "AL"))]
)
def test_the_answers_that_end_a_message_are_asked_for(mode, asked):
    envelope = agreed({}, acknowledgement=mode).envelope

    assert (envelope.accept_ack, envelope.application_ack) == asked


@pytest.mark.parametrize("name", ["UTF-16", "UNICODE", "ISO IR87", "KLINGON"])
def test_a_character_set_that_cannot_be_written_is_refused(name):
    with pytest.raises(ValidationError, match="neither UTF-16 nor ISO 2022"):
        Results(character_set=name)


@pytest.mark.parametrize("code", ["PETSCORE", "PETSCORE^PET score", "^PET score^L", "A^B^C^D", "A^B^"])
def test_a_procedure_code_is_a_triplet(code):
    with pytest.raises(ValidationError, match="code\\^text\\^system"):
        Results(procedure_code=code)


def test_the_plan_needs_to_know_where_the_interface_listens():
    assert "plan oru needs mllp.host" in faults()


@pytest.mark.parametrize("host", ["10.1.2.3", "ehr.hospital.example"])
def test_results_leave_the_machine_over_tls_only(host):
    assert "only loopback may be reached without TLS" in faults(mllp={"host": host, "encrypted": False})


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_the_near_end_of_a_tunnel_may_be_plain(host):
    assert settings(host=host, encrypted=False).mllp.encrypted is False


async def test_files_that_cannot_be_used_leave_results_to_be_sent_again():
    channel = ResultChannel(result_listener(settings(tls={"authorities": "none.pem"})))

    with pytest.raises(DeliveryError, match="the files cannot be used"):
        await channel.send(message("M1"))


async def test_the_destination_is_the_plan_of_the_settings():
    found = Settings.model_validate({"destination": {"plan": "oru", "mllp": {"host": "::1", "encrypted": False}}})
    async with AsyncExitStack() as parts:
        assert isinstance(build_destination(found, None, parts), OruDestination)


async def test_results_go_over_mutual_tls_with_a_key_that_has_a_password(tmp_path):
    authority = CertificateAuthority(tmp_path)
    server, ours = (
        authority.issue("ehr", subject(("CN", "ehr"))),
        authority.issue("us", subject(("CN", "us")), "secret"),
    )
    password = tmp_path / "password"
    password.write_text("secret\n")
    files = TlsFiles(server.certificate, server.key, client_authorities=authority.certificate)
    async with serving(FakeReceiver(), tls=ServerTls(files)) as served:
        host, port = served.address
        tls = {"authorities": authority.certificate, "certificate": ours.certificate, "key": ours.key}
        channel = ResultChannel(result_listener(settings(tls=tls | {"key_password": password}, host=host, port=port)))
        async with asyncio.timeout(10):
            answer = await channel.send(message("M1"))
        await channel.close()

    assert answer == acknowledgement("AA", "M1")
