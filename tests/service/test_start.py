"""How the service starts and ends: whole or not at all, and nothing in hand is lost."""

import asyncio
import socket
from pathlib import Path

import pytest
from under_test import AdapterUnderTest, fixture, patient_of

from adapter.app.service import Service, StartError
from adapter.hl7v2.mllp import encode_block
from adapter.inbound.mllp_server import ListenError
from adapter.mapping.errors import MappingFileError
from adapter.outcome import AdapterError, StoreUnavailableError
from adapter.settings import Settings
from adapter.store.store import Store
from adapter.telemetry import Telemetry

SSTR, FDG = "demo/06_p5_1_sstr.hl7", "demo/06_p5_2_fdg.hl7"


def service(folder: Path, **sections: dict) -> Service:
    whole = {"mllp": {"port": 0}, "http": {"port": 0}, "store": {"url": f"sqlite:///{folder}/netpet.db"}} | sections
    return Service(Settings.model_validate(whole), Telemetry(quiet=True))


async def refused(folder: Path, **sections: dict) -> AdapterError:
    with pytest.raises(AdapterError) as caught:
        await service(folder, **sections).start()
    return caught.value


@pytest.mark.parametrize("door", ["mllp", "http"])
async def test_a_start_that_fails_leaves_nothing_open(tmp_path, door):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        error = await refused(tmp_path, **{door: {"port": taken.getsockname()[1]}})

    assert isinstance(error, ListenError)
    # The lock of the store is free again, and nobody works on.
    store = await Store.open(f"sqlite:///{tmp_path}/netpet.db")
    await store.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_service_on_a_store_in_use_does_not_start_and_leaves_the_other_alone(tmp_path):
    async with AdapterUnderTest(tmp_path) as first:
        assert isinstance(await refused(tmp_path), StoreUnavailableError)

        assert await first.send(fixture(SSTR)) == ["AA"]


async def test_mappings_that_are_wrong_are_met_before_any_door_is_open(tmp_path):
    (tmp_path / "one.yaml").write_text("id: [\n")

    assert isinstance(await refused(tmp_path, mappings={"directory": str(tmp_path)}), MappingFileError)
    assert not (tmp_path / "netpet.db").exists()


@pytest.mark.parametrize(
    ("sections", "named"),
    [
        ({"security": {"api_keys": "none.txt"}}, "security.api_keys: none.txt: "),
        ({"http": {"port": 0, "tls": {"certificate": "a.pem", "key": "a.key"}}}, "http.tls: "),
        ({"mllp": {"port": 0, "tls": {"certificate": "a.pem", "key": "a.key"}}}, "mllp.tls: "),
        ({"mllp": {"port": 0, "tls": {"certificate": "a", "key": "a", "client_subjects": "CN=ris"}}}, "mllp.tls: "),
    ],
)
async def test_a_setting_whose_file_cannot_be_used_is_named(tmp_path, sections, named):
    error = await refused(tmp_path, **sections)

    assert isinstance(error, StartError)
    assert str(error).startswith(named)


async def test_a_service_can_be_started_again_after_its_end(tmp_path):
    for _ in range(2):
        async with AdapterUnderTest(tmp_path) as adapter:
            assert (await adapter.get("/readyz"))[0] == 200


async def test_a_service_that_never_started_can_be_stopped(tmp_path):
    await service(tmp_path).stop()


async def test_a_worker_that_has_ended_makes_the_service_unready(tmp_path):
    async with AdapterUnderTest(tmp_path) as adapter:
        (worker,) = [task for task in asyncio.all_tasks() if task.get_name() == "worker"]
        adapter.service.telemetry = Telemetry(quiet=True)
        worker_of(worker).stop()
        await worker

        status, body = await adapter.get("/readyz")

    assert status == 503
    assert {"name": "worker", "ready": False, "reason": "the worker has ended"} in body["checks"]


def worker_of(task: asyncio.Task):
    return task.get_coro().cr_frame.f_locals["self"]


async def test_a_block_that_is_whole_when_the_service_is_told_to_end_is_answered_and_kept(tmp_path):
    async with AdapterUnderTest(tmp_path) as adapter:
        reader, writer = await asyncio.open_connection(*adapter.addresses.mllp)
        writer.write(encode_block(fixture(SSTR)))
        await writer.drain()
        first = await reader.read(1)
    answer = first + await reader.read()
    writer.close()

    assert b"\rMSA|AA|" in answer
    async with AdapterUnderTest(tmp_path) as adapter:
        await adapter.settled()
        assert await adapter.message_states(patient_of(fixture(SSTR))) == ["read"]


async def test_what_was_scored_before_a_restart_is_served_after_it_as_it_was(tmp_path):
    async with AdapterUnderTest(tmp_path) as adapter:
        await adapter.send(fixture(SSTR), fixture(FDG))
        await adapter.settled()
        before = await adapter.observations("700106")

    async with AdapterUnderTest(tmp_path) as adapter:
        assert await adapter.observations("700106") == before
        assert [score["status"] for score in before] == ["preliminary"]


async def test_the_clock_of_a_service_is_the_wall_clock_with_its_zone(tmp_path):
    assert service(tmp_path).clock().utcoffset() is not None
