"""The whole service in front of a FHIR server: what the hospital's messages come to there, whatever happens between."""

import asyncio
import json

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fakes import Fault, TokenServer, serving
from under_test import FIXTURES, AdapterUnderTest, payloads_of

from adapter.store.destinations import DestinationRecords

CASES = {case["name"]: case for case in json.loads((FIXTURES / "expected.json").read_text("utf-8"))}
PLANS = ("transaction", "sequential")
KEY = "0123456789abcdef"


def destination(server, plan="transaction", **facts):
    return {"plan": plan, "fhir_base_url": server.base} | facts


async def settled_in_the_end(adapter):
    """Let the time of every back-off pass until nobody is due."""
    store = adapter.service.store
    async with asyncio.timeout(60):
        while True:
            lanes = [lane for lane in await store.waiting(100) if lane.problem or lane.claimed]
            if not lanes and (await store.counts()).oldest_unread is None:
                return await adapter.settled()
            if lanes and not any(lane.claimed for lane in lanes):
                adapter.now = max(adapter.now, min(lane.due for lane in lanes))
            await asyncio.sleep(0.02)


def grades(server):
    found = {}
    for score in server.store.standing():
        found[score["identifier"][0]["value"]] = score.get("valueCodeableConcept", {}).get("text")
    return found


async def embedded_grades(folder, payloads):
    """The same messages served by our own endpoint."""
    async with AdapterUnderTest(folder) as adapter:
        await adapter.send(*payloads)
        await adapter.settled()
        _, bundle = await adapter.get("/fhir/Observation", _count="200", code="netpet-score")
    scores = [entry["resource"] for entry in bundle.get("entry", ())]
    return {
        one["id"]: one.get("valueCodeableConcept", {}).get("text")
        for one in scores
        if one["status"] != "entered-in-error"
    }


@pytest.mark.slow
@pytest.mark.parametrize("plan", PLANS)
async def test_the_server_has_the_scores_that_our_own_endpoint_would_serve(tmp_path, plan):
    payloads = [payload for path in sorted((FIXTURES / "demo").glob("*.hl7")) for payload in [path.read_bytes()]]
    (tmp_path / "embedded").mkdir()
    wanted = await embedded_grades(tmp_path / "embedded", payloads)

    async with serving() as server:
        async with AdapterUnderTest(tmp_path, destination=destination(server, plan)) as adapter:
            await adapter.send(*payloads)
            await adapter.settled()

        assert grades(server) == wanted
        assert len(wanted) > 5
        assert len(server.store.of_type("Device")) == 1


@pytest.mark.slow
@pytest.mark.parametrize("plan", PLANS)
async def test_a_correction_and_a_retraction_reach_the_server_over_faults_and_a_restart(tmp_path, plan):
    async with serving() as server:
        for name in ("corrected_fdg", "retracted_fdg"):
            for payload in payloads_of(CASES[name]):
                server.faults[:] = [Fault("reset", after=True), Fault("503")]
                async with AdapterUnderTest(tmp_path, destination=destination(server, plan)) as adapter:
                    await adapter.send(payload)
                    await settled_in_the_end(adapter)

        assert list(grades(server).values()) == ["P4a"]
        assert len(server.store.of_type("Observation")) > 2


async def test_what_the_server_refuses_is_listed_and_delivered_by_one_replay(tmp_path):
    keys = tmp_path / "keys"
    keys.write_text(f"it-desk:{KEY}\n")
    (tmp_path / "keys").chmod(0o600)
    authorised = {"Authorization": f"Bearer {KEY}"}
    sections = {"security": {"api_keys": str(keys)}}
    async with serving() as server:
        server.transactions = False
        async with AdapterUnderTest(tmp_path, destination=destination(server), **sections) as adapter:
            await adapter.send(*payloads_of(CASES["corrected_fdg"])[:2])
            await adapter.settled()
            records = adapter.service.store.destinations
            assert isinstance(records, DestinationRecords)
            async with adapter.http.get("/dead-letters", headers=authorised) as answer:
                (letter,) = (await answer.json())["dead_letters"]
            assert (letter["status"], letter["codes"]) == (405, ["not-supported"])
            assert "DOE" not in json.dumps(letter)

            server.transactions = True
            body = {"reason": "transactions were switched on"}
            async with adapter.http.post("/dead-letters/replay", json=body, headers=authorised) as answer:
                assert await answer.json() == {"replayed": 1, "answers": 0}
            await adapter.settled()

            assert await records.dead_letters() == []
        assert len(server.store.standing()) == 1


async def test_our_public_keys_let_a_server_know_us_without_a_secret_between_us(tmp_path):
    private = ec.generate_private_key(ec.SECP384R1())
    key = tmp_path / "key.pem"
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    auth = {"method": "smart", "client_id": "netpet", "keys": [str(key)]}
    async with serving(tokens=TokenServer()) as server:
        async with AdapterUnderTest(tmp_path, destination=destination(server, auth=auth)) as adapter:
            async with aiohttp.ClientSession() as session:
                url = "http://{}:{}/.well-known/jwks.json".format(*adapter.addresses.http)
                async with session.get(url) as answer:
                    server.tokens.keys = (await answer.json())["keys"]
            await adapter.send(*payloads_of(CASES["corrected_fdg"])[:2])
            await adapter.settled()

        assert len(server.store.standing()) == 1
        assert server.tokens.requests == 1
