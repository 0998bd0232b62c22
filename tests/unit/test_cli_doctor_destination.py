"""``doctor`` says of a destination which plan fits and what is lost, and writes only when it is asked to."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from fake_fhir_store import RefusedError
from fakes import TokenServer, serving
from test_outbound_fit import statement
from test_outbound_result_channel import interface

from adapter.cli.doctor import look_at_destination
from adapter.cli.doctor_score import PATIENT, made_up_publication, withdrawn_publication
from adapter.hl7v2.mllp import encode_block
from adapter.settings import Settings

PAGES = Path(__file__).parents[2] / "docs/destinations"


def destination(**section):
    return Settings.model_validate({"destination": section}).destination


async def found(write_test=False, **section):
    """Area -> (state, words) of what is found."""
    findings = await look_at_destination(destination(**section), write_test=write_test)
    return {finding.area: (finding.state, finding.says) for finding in findings}


def says(server, document):
    """Let a fake server say this of itself."""
    server._capabilities = lambda: {"resourceType": "CapabilityStatement"} | document


async def test_of_the_embedded_destination_nobody_is_asked():
    assert (await found(plan="embedded"))["plan"][0] == "ok"


@pytest.mark.parametrize("kind", ["hapi", "medplum", "epic", "oracle"])
async def test_nothing_is_written_unless_it_is_asked_for(kind):
    async with serving(kind) as server:
        seen = await found(plan="sequential", fhir_base_url=server.base)

    assert server.writes() == []
    assert seen["access"] == ("ok", "we may search for Observations")


async def test_hapi_fits_transactions_and_keeps_everything():
    async with serving("hapi") as server:
        seen = await found(True, plan="transaction", fhir_base_url=server.base)

    assert seen["plan"][0] == "ok"
    assert seen["kept"] == ("ok", "every element of every resource")
    assert seen["write"] == ("ok", f"a score of patient {PATIENT} was written, read back and withdrawn")


async def test_what_was_written_as_a_test_is_withdrawn():
    async with serving("hapi") as server:
        await found(True, plan="sequential", fhir_base_url=server.base)
        held = server.store.search("Observation", {})

    assert {one["status"] for one in held} == {"entered-in-error"}


async def test_the_test_is_the_same_every_time():
    assert made_up_publication() == made_up_publication()
    assert withdrawn_publication(made_up_publication()).digest == withdrawn_publication(made_up_publication()).digest
    async with serving("hapi") as server:
        await found(True, plan="transaction", fhir_base_url=server.base)
        count = len(server.store.search("Observation", {}))
        await found(True, plan="transaction", fhir_base_url=server.base)

        assert len(server.store.search("Observation", {})) == count


async def test_transactions_that_a_server_has_not_are_found_before_a_score_is_lost():
    async with serving("epic") as server:
        seen = await found(plan="transaction", fhir_base_url=server.base)

    assert seen["plan"][0] == "finding"
    assert seen["plan"][1].startswith("transaction is set, sequential fits")


async def test_a_plan_that_works_and_is_not_the_best_is_a_note():
    async with serving("hapi") as server:
        assert (await found(plan="sequential", fhir_base_url=server.base))["plan"][0] == "note"


@pytest.mark.parametrize(("link", "is_told"), [("patch", True), ("put", False), ("none", False)])
async def test_a_server_that_would_write_the_hospitals_numbers_anew_is_told_of(link, is_told):
    async with serving("hapi") as server:
        says(server, statement("HAPI FHIR Server", conditionalUpdate=True))
        seen = await found(plan="transaction", fhir_base_url=server.base, report_link=link)

    assert ("1.50 becomes 1.5" in seen.get("report", ("", ""))[1]) is is_told


@pytest.mark.parametrize("product", ["Epic", "Oracle Health Millennium"])
async def test_ehrs_whose_results_come_by_interface_want_plan_oru(product):
    async with serving("hapi") as server:
        says(server, statement(product, conditionalUpdate=True))
        seen = await found(plan="transaction", fhir_base_url=server.base)

    assert seen["plan"][0] == "finding"
    assert "oru fits" in seen["plan"][1]
    assert seen["server"] == ("ok", f"it answers, and calls itself {product} 8.10")


async def test_elements_that_a_server_passes_over_are_named():
    async with serving("oracle") as server:
        findings = await look_at_destination(destination(plan="sequential", fhir_base_url=server.base), write_test=True)

    kept = {finding.says.partition(":")[0]: finding for finding in findings if finding.area == "kept"}
    assert kept["Observation netpet-score"].state == "finding"
    assert "Observation.component" in kept["Observation netpet-score"].says


async def test_a_test_that_is_refused_is_told_with_the_places_that_the_server_names():
    async with serving("epic") as server:
        seen = await look_at_destination(destination(plan="transaction", fhir_base_url=server.base), write_test=True)

    (written,) = [finding for finding in seen if finding.area == "write"]
    assert (written.state, written.advice) == ("finding", "the server names Observation.value")
    assert "DOE" not in written.says


@pytest.mark.parametrize(("status", "code"), [(401, "login"), (403, "forbidden"), (400, "invalid"), (503, "transient")])
async def test_a_server_that_does_not_let_us_search_is_found_and_nothing_is_written(status, code):
    def refuse(*_):
        raise RefusedError(status, code)

    async with serving("hapi") as server:
        server._found = refuse
        seen = await found(True, plan="transaction", fhir_base_url=server.base)

    assert seen["access"][0] == "finding"
    assert str(status) in seen["access"][1]
    assert "write" not in seen
    assert server.writes() == []


async def test_a_server_that_wants_to_know_us_first_is_found():
    async with serving("hapi", tokens=TokenServer()) as server:
        seen = await found(plan="transaction", fhir_base_url=server.base)

    assert seen == {"server": ("finding", "no CapabilityStatement under metadata (HTTP 401)")}


async def test_resources_that_cannot_be_found_again_are_found():
    async with serving("hapi") as server:
        bundle = {"resourceType": "Bundle", "type": "searchset", "total": 0}
        server._found = lambda *_: web.json_response(bundle, content_type="application/fhir+json")
        seen = await look_at_destination(destination(plan="transaction", fhir_base_url=server.base), write_test=True)

    (written,) = [finding for finding in seen if finding.area == "write"]
    assert (written.state, written.says) == (
        "finding",
        f"the score of patient {PATIENT} was not taken: what was created cannot be found by its identifier",
    )


async def test_a_server_that_is_down_or_not_there_is_found():
    async with serving("hapi") as server:
        server.down = True
        down = await found(plan="transaction", fhir_base_url=server.base)
    gone = await found(plan="transaction", fhir_base_url=server.base)

    assert (down["server"][0], gone["server"][0]) == ("finding", "finding")


async def test_a_page_that_is_no_capability_statement_is_found():
    async with serving("hapi") as server:
        says(server, {"resourceType": "OperationOutcome"})
        seen = await found(plan="transaction", fhir_base_url=server.base)

    assert seen == {"server": ("finding", "no CapabilityStatement under metadata (HTTP 200)")}


def oru(channel, **section):
    listener = channel._listener
    return {"plan": "oru", "mllp": {"host": listener.host, "port": listener.port, "encrypted": False} | section}


async def test_an_interface_that_listens_is_well_and_gets_nothing():
    async with interface() as (channel, peer):
        seen = await found(**oru(channel))

    assert seen["interface"][0] == "ok"
    assert peer.received == []


async def test_an_interface_that_nobody_listens_on_is_found():
    async with interface() as (channel, _):
        settings = oru(channel)

    assert (await found(**settings))["interface"][0] == "finding"


async def test_an_interface_whose_certificates_cannot_be_read_is_found():
    seen = await found(plan="oru", mllp={"host": "127.0.0.1"}, tls={"authorities": "none.pem"})

    assert seen["interface"] == ("finding", "destination.tls: the files cannot be used")


async def test_a_test_result_is_sent_as_a_test_and_withdrawn():
    async with interface() as (channel, peer):
        findings = await look_at_destination(destination(**oru(channel)), write_test=True)

    assert [finding.says for finding in findings[1:]] == [
        f"the result of patient {PATIENT} was answered AA",
        f"the withdrawal of patient {PATIENT} was answered AA",
    ]
    assert len(set(peer.received)) == 2


async def test_each_test_is_sent_anew_since_an_interface_may_drop_what_it_has_seen():
    async with interface() as (channel, peer):
        for _ in range(2):
            await look_at_destination(destination(**oru(channel)), write_test=True)
            await asyncio.sleep(0)

    assert len(set(peer.received)) == 4


async def test_a_test_result_that_is_refused_is_found_with_its_place():
    refusal = b"MSH|^~\\&|EHR|||||||||2.5.1\rMSA|AE|{}\rERR||OBX^1^5|103|E\r"

    class Refusing:
        def __init__(self):
            self.received = []

        async def serve(self, reader, writer):
            payload = (await reader.readuntil(b"\x1c\r"))[1:]
            self.received.append(payload)
            writer.write(encode_block(refusal.replace(b"{}", payload.split(b"|")[9])))
            await reader.read()
            writer.close()

    peer = Refusing()
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    settings = destination(plan="oru", mllp={"host": host, "port": port, "encrypted": False})

    findings = await look_at_destination(settings, write_test=True)
    server.close()
    await server.wait_closed()

    assert (findings[-1].state, findings[-1].advice) == ("finding", "the interface names OBX[1]-5")
    assert b"|T|2.5.1" in peer.received[-1]
