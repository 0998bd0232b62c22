"""PostgreSQL full, read-only, broken, gone: what was accepted is there, what could not be kept was refused."""

import asyncio
import errno
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from chaos.server_disk import ServerDisk
from mllp_messages import message
from postgres_server import PostgresServer, postgres_server
from program import Serving
from test_crash import GRADES, STUDIES, Sender, control_id, wait_for_grades

from adapter.cli.send import acknowledgement_code
from adapter.outbound.mllp_client import MllpClient, MllpClientError

pytestmark = pytest.mark.slow
MOST = 400
"""Messages until one must have been refused."""
LONG = b"NTE|1||" + b"synthetic " * 1500 + b"\r"
"""Makes a table grow."""
READ_ONLY = "ALTER SYSTEM SET default_transaction_read_only = {}"


@contextmanager
def failing_disk(server: PostgresServer, error: int) -> Iterator[None]:
    disk = ServerDisk.under(server)
    disk.fail(error)
    yield
    disk.fail(0)
    assert os.strerror(error) in (server.folder / "log.txt").read_text()


@contextmanager
def read_only(server: PostgresServer) -> Iterator[None]:
    server.run(READ_ONLY.format("on"))
    server.run("SELECT pg_reload_conf()")
    yield
    server.run(READ_ONLY.format("off"))
    server.run("SELECT pg_reload_conf()")


@contextmanager
def gone(server: PostgresServer) -> Iterator[None]:
    server.stop(signal.SIGQUIT)
    yield
    server.start()


TROUBLES: dict[str, Callable[[PostgresServer], object]] = {
    "disk full": lambda server: failing_disk(server, errno.ENOSPC),
    "disk read-only": lambda server: failing_disk(server, errno.EROFS),
    "disk errors": lambda server: failing_disk(server, errno.EIO),
    "read-only": read_only,
    "gone": gone,
}


async def send_until_refused(serving: Serving) -> tuple[list[str], list[str]]:
    """Send messages one by one until one is not accepted; gives who was, and what the others were answered."""
    accepted: list[str] = []
    for number in range(MOST):
        try:
            async with await MllpClient.connect(*serving.address("mllp")) as client:
                code = acknowledgement_code(await client.send(message(f"T{number}") + LONG))
        except MllpClientError:
            return accepted, ["closed"]
        if code != "AA":
            return accepted, [code]
        accepted.append(f"T{number}")
    return accepted, []


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_what_was_accepted_is_there_and_what_could_not_be_kept_was_refused(trouble: str, tmp_path: Path) -> None:
    everything = [payload for studies in STUDIES.values() for payload in studies]
    with postgres_server() as server:
        ServerDisk.put_under(server)
        database = server.create()
        with Serving(tmp_path, NETPET_STORE__URL=server.url(database)) as serving:
            with TROUBLES[trouble](server):
                accepted, refused = await send_until_refused(serving)
                assert serving.get("/readyz")[0] in (200, 503)
            async with asyncio.timeout(30):
                while serving.get("/readyz")[0] != 200:  # noqa: ASYNC110 - the service is asked
                    await asyncio.sleep(0.1)
            sender = Sender(serving.address("mllp"), everything)
            accepted += [sender.accepted() for _ in everything]
            sender.close()
            wait_for_grades(serving, list(GRADES))
            assert serving.end() == 0
        there = [str(one) for (one,) in server.run("SELECT control_id FROM message", database)]

    assert refused in (["AE"], ["AR"], ["closed"])
    assert set(accepted) <= set(there)
    assert len(there) == len(set(there))
    assert set(map(control_id, everything)) <= set(accepted)
