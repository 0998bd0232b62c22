"""What a site sets is what its peers see: how long a body may take to arrive, and the name of a body that is sent."""

import asyncio
import json
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fakes import serving
from mllp_messages import message
from under_test import FIXTURES, AdapterUnderTest, payloads_of

KEY = "0123456789abcdef"
SENDERS = {"enabled": True, "senders": [{"name": "ris", "api_clients": ["ris"]}]}
BUNDLE = (FIXTURES / "fhir/both_studies_in_one_message.json").read_bytes()
DOORS = [
    pytest.param("/hl7v2", "application/hl7-v2", message("M1", "read"), id="http.hl7v2.body_timeout"),
    pytest.param("/fhir", "application/fhir+json", BUNDLE, id="fhir_in.body_timeout"),
]
CASES = {case["name"]: case for case in json.loads((FIXTURES / "expected.json").read_text("utf-8"))}
PAIR = payloads_of(CASES["corrected_fdg"])[:2]
VERSIONED = "application/fhir+json; fhirVersion=4.0"


@asynccontextmanager
async def taking(folder: Path, seconds: float):
    """A service both of whose doors for bodies wait so long for one."""
    keys = folder / "keys"
    keys.write_text(f"ris:{KEY}\n")
    door = SENDERS | {"body_timeout": seconds}
    http = {"port": 0, "hl7v2": door}
    async with AdapterUnderTest(folder, http=http, fhir_in=door, security={"api_keys": str(keys)}) as adapter:
        yield adapter


class Dribbler:
    """A sender on a socket of its own that sends the last bytes of a body one by one."""

    def __init__(self, address: tuple[str, int], path: str, content_type: str, body: bytes) -> None:
        self._address = address
        self._body = body
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: adapter\r\nAuthorization: Bearer {KEY}\r\n"
            f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        ).encode()

    async def status(self, pieces: int, pause: float) -> int:
        """Send the body but for its last bytes, these with a pause after each; gives the status that came."""
        reader, writer = await asyncio.open_connection(*self._address)
        answer = asyncio.create_task(reader.readline())
        writer.write(self._head + self._body[:-pieces])
        for byte in self._body[-pieces:]:
            done, _ = await asyncio.wait([answer], timeout=pause)
            if done:
                break
            writer.write(bytes([byte]))
        line = await asyncio.wait_for(answer, 10)
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
        return int(line.split()[1])


@pytest.mark.parametrize(("path", "content_type", "body"), DOORS)
async def test_a_body_that_is_dribbled_beyond_its_time_is_cut_off_and_nothing_of_it_is_kept(
    tmp_path: Path, path: str, content_type: str, body: bytes
) -> None:
    async with taking(tmp_path, 0.3) as adapter:
        dribbler = Dribbler(adapter.addresses.http, path, content_type, body)
        loop = asyncio.get_running_loop()
        began = loop.time()
        late = await dribbler.status(pieces=200, pause=0.05)
        took = loop.time() - began
        kept = await adapter.service.store.messages()
        in_time = await dribbler.status(pieces=1, pause=0.01)

    assert (late, kept, in_time) == (408, [], 200)
    assert 0.3 <= took < 5


@pytest.mark.parametrize(("path", "content_type", "body"), DOORS)
async def test_the_same_dribbled_body_is_taken_where_the_site_waits_longer(
    tmp_path: Path, path: str, content_type: str, body: bytes
) -> None:
    async with taking(tmp_path, 20) as adapter:
        status = await Dribbler(adapter.addresses.http, path, content_type, body).status(pieces=10, pause=0.05)
        kept = await adapter.service.store.messages()

    assert (status, bool(kept)) == (200, True)


@pytest.mark.parametrize("plan", ["transaction", "sequential"])
@pytest.mark.parametrize(
    ("setting", "on_the_wire"),
    [({}, "application/fhir+json"), ({"media_type": VERSIONED}, VERSIONED)],
    ids=["default", "destination.media_type"],
)
async def test_bodies_are_called_what_the_site_says_on_every_request(
    tmp_path: Path, plan: str, setting: dict[str, Any], on_the_wire: str
) -> None:
    async with serving() as server:
        destination = {"plan": plan, "fhir_base_url": server.base} | setting
        async with AdapterUnderTest(tmp_path, destination=destination) as adapter:
            await adapter.send(*PAIR)
            await adapter.settled()

        assert server.store.standing()
        assert {headers["Accept"] for *_, headers in server.log} == {on_the_wire}
        assert {headers["Content-Type"] for *_, headers in server.writes()} == {on_the_wire}
