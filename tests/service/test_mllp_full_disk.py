"""A disk that is really full: nothing is accepted, the sender is told so, and all goes on when there is room again."""

import asyncio
import resource
from pathlib import Path

import pytest
from mllp_messages import message
from program import Serving
from raw_peer import block, raw_peer

from adapter.store import Store

pytestmark = pytest.mark.slow


def allow(serving: Serving, size: int) -> None:
    """How large a file of the service may become: its database and its log."""
    resource.prlimit(serving.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


async def test_what_cannot_be_stored_is_refused_and_accepted_once_there_is_room_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/netpet.db"
    with Serving(tmp_path, NETPET_STORE__URL=url) as serving:
        async with raw_peer(serving.address("mllp")) as peer:
            await peer.write(block(message("BEFORE")))
            before = await peer.answer()
            allow(serving, 1)
            await peer.write(*(block(message(f"M{number}")) for number in range(5)))
            full = await peer.answers(5)
            allow(serving, resource.RLIM_INFINITY)
            await asyncio.sleep(0.1)
            await peer.write(*(block(message(f"M{number}")) for number in range(5)))
            after = await peer.answers(5)
        serving.end()

    assert before.code == "AA"
    assert [(answer.code, answer.control_id, answer.problem) for answer in full] == [
        ("AR", f"M{number}", "store-unavailable") for number in range(5)
    ]
    assert [answer.code for answer in after] == ["AA"] * 5
    assert await kept(url) == ["BEFORE", *(f"M{number}" for number in range(5))]


async def kept(url: str) -> list[str]:
    store = await Store.open(url)
    messages = await store.messages()
    await store.close()
    return [one.control_id for one in reversed(messages)]
