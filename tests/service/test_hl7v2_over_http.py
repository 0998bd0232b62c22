"""HL7 v2 over HTTP, through the running service: kept, answered, read and scored as what comes by MLLP."""

import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from certificates import CertificateAuthority, subject
from mllp_messages import message
from program import Serving
from raw_peer import Answer, read_answer
from under_test import AdapterUnderTest, fixture

from adapter.hl7v2.batch import split_batch
from adapter.outbound.mllp_client import client_context

TYPE = {"Content-Type": "application/hl7-v2; charset=utf-8"}
KEYS = "ris-south:0123456789abcdef\ndashboard:fedcba9876543210\n"
RIS, DASHBOARD = ({"Authorization": f"Bearer {key}"} for key in ("0123456789abcdef", "fedcba9876543210"))
STUDIES = ("demo/03_p2b_1_sstr.hl7", "demo/03_p2b_2_fdg.hl7")


@asynccontextmanager
async def adapter_with_keys(folder: Path, **entry: Any) -> AsyncIterator[AdapterUnderTest]:
    keys = folder / "api-keys"
    keys.write_text(KEYS)
    messages = {"enabled": True, "senders": [{"name": "ris-south", "api_clients": ["ris-south"]} | entry]}
    security = {"api_keys": keys}
    async with AdapterUnderTest(folder, http={"port": 0, "hl7v2": messages}, security=security) as running:
        yield running


async def post(adapter: AdapterUnderTest, body: bytes, **headers: str) -> tuple[int, bytes]:
    async with adapter.http.post("/hl7v2", data=body, headers=TYPE | RIS | headers) as answer:
        return answer.status, await answer.read()


async def origins(adapter: AdapterUnderTest) -> list[tuple[str, str]]:
    """The listener and the sender of each message that is kept."""
    store = adapter.service.store
    kept = [await store.message(one.id) for one in await store.messages()]
    return [(one.summary.channel, one.sender) for one in kept if one is not None]


def answers(body: bytes) -> list[Answer]:
    return [read_answer(one) for one in split_batch(body).messages]


async def test_a_report_that_came_by_http_is_scored(tmp_path: Path) -> None:
    async with adapter_with_keys(tmp_path) as adapter:
        codes = [
            (status, read_answer(body).code) for status, body in [await post(adapter, fixture(n)) for n in STUDIES]
        ]
        await adapter.settled()
        async with adapter.http.get("/fhir/Observation?patient.identifier=700103", headers=DASHBOARD) as answer:
            bundle = await answer.json(content_type=None)
        kept = await origins(adapter)

    assert codes == [(200, "AA"), (200, "AA")]
    values = [entry["resource"].get("valueCodeableConcept", {}).get("text") for entry in bundle["entry"]]
    assert "P2b" in values
    assert kept == [("http", "ris-south")] * 2


async def test_a_key_that_may_read_may_not_send(tmp_path: Path) -> None:
    async with adapter_with_keys(tmp_path) as adapter:
        refused = await post(adapter, message("M1"), **DASHBOARD)
        async with adapter.http.post("/hl7v2", data=message("M1"), headers=TYPE) as answer:
            without = answer.status

        assert (refused[0], without) == (403, 401)
        assert await adapter.service.store.messages() == []


async def test_a_batch_has_one_answer_and_its_status_is_that_of_what_was_refused(tmp_path: Path) -> None:
    batch = b"BHS|^~\\&|RIS|||||||||B1\r" + message("M1") + message("M2", "refused") + b"BTS|2\r"
    async with adapter_with_keys(tmp_path) as adapter:
        status, body = await post(adapter, batch)
        kept = [one.control_id for one in await adapter.service.store.messages()]

    assert body.startswith(b"BHS|")
    assert (status, [(one.code, one.control_id) for one in answers(body)]) == (422, [("AA", "M1"), ("AR", "M2")])
    assert kept == ["M1"]


async def test_the_same_body_again_gets_the_same_answer_and_is_kept_once(tmp_path: Path) -> None:
    async with adapter_with_keys(tmp_path) as adapter:
        first, second = [await post(adapter, message("M1")) for _ in range(2)]

        assert first == second
        assert len(await adapter.service.store.messages()) == 1


@pytest.mark.parametrize(("ack", "code"), [("original", "AA"), ("auto", "CA"), ("commit-as-aa", "AA")])
async def test_enhanced_mode_is_answered_as_agreed(ack: str, code: str, tmp_path: Path) -> None:
    async with adapter_with_keys(tmp_path, ack=ack) as adapter:
        status, body = await post(adapter, message("M1", accept="AL", application="NE"))

        assert (status, read_answer(body).code) == (200, code)


async def test_who_asks_for_no_answer_and_is_to_get_none_sees_it_in_the_status(tmp_path: Path) -> None:
    async with adapter_with_keys(tmp_path, ack="auto") as adapter:
        assert await post(adapter, message("M1", accept="NE", application="NE")) == (204, b"")
        assert await post(adapter, message("M2", "refused", accept="NE", application="NE")) == (422, b"")


async def test_another_name_in_the_header_than_was_agreed_is_refused(tmp_path: Path) -> None:
    async with adapter_with_keys(tmp_path, sending_application="PACS") as adapter:
        status, body = await post(adapter, message("M1"))

        assert (status, read_answer(body).problem) == (403, "not-authorised")


async def test_what_was_agreed_on_characters_holds_for_the_reading_too(tmp_path: Path) -> None:
    async with adapter_with_keys(tmp_path, charset_default="windows-1252") as adapter:
        sent = message("M1").replace(b"DOE^JANE", "MÜLLER^JANE".encode("cp1252"))
        status, _ = await post(adapter, sent, **{"Content-Type": "application/hl7-v2"})
        await adapter.settled()

        assert status == 200
        assert [one.state for one in await adapter.service.store.messages()] == ["read"]


async def test_a_client_certificate_shows_the_sender(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    own = authority.issue("own", subject(("CN", "localhost")))
    clients = [authority.issue(name, subject(("O", "Hospital, North"), ("CN", name))) for name in ("ris", "pacs")]
    tls = {"certificate": own.certificate, "key": own.key, "client_authorities": authority.certificate}
    entry = {"name": "ris-north", "certificate_subjects": ["CN=ris,O=Hospital\\, North"]}
    http = {"port": 0, "tls": tls, "hl7v2": {"enabled": True, "senders": [entry]}}
    statuses = []
    async with AdapterUnderTest(tmp_path, http=http) as adapter, aiohttp.ClientSession() as session:
        url = "https://{}:{}/hl7v2".format(*adapter.addresses.http)
        for client in clients:
            context = client_context(authority.certificate, client.certificate, client.key)
            async with session.post(url, data=message("M1"), headers=TYPE, ssl=context) as answer:
                statuses.append(answer.status)
        kept = await origins(adapter)

    assert (statuses, kept) == ([200, 403], [("http", "ris-north")])


@pytest.mark.slow
async def test_a_full_disk_is_told_with_a_time_to_come_again(tmp_path: Path) -> None:
    settings = tmp_path / "netpet.yaml"
    settings.write_text("http:\n  hl7v2: {enabled: true, senders: [{name: default}]}\n")
    variables = {"NETPET_STORE__URL": f"sqlite:///{tmp_path}/netpet.db", "NETPET_CONFIG": str(settings)}
    with Serving(tmp_path, **variables) as serving:
        url = "http://{}:{}/hl7v2".format(*serving.address("http"))
        async with aiohttp.ClientSession(headers=TYPE) as session:
            resource.prlimit(serving.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
            async with session.post(url, data=message("M1")) as full:
                refused = full.status, full.headers["Retry-After"], read_answer(await full.read())
            unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(serving.process.pid, resource.RLIMIT_FSIZE, unlimited)
            async with session.post(url, data=message("M1")) as again:
                accepted = again.status, read_answer(await again.read()).code
        _, metrics = serving.get("/metrics")

    status, wait, answer = refused
    assert (status, wait, answer.code, answer.control_id) == (503, "10", "AR", "M1")
    assert answer.problem == "store-unavailable"
    assert accepted == (200, "AA")
    assert b'netpet_messages_total{answer="kept",listener="http"} 1.0' in metrics
    assert b'netpet_messages_total{answer="store-unavailable",listener="http"} 1.0' in metrics
