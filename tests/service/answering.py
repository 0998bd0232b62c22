"""A service whose answers go to a peer, for the tests of what the peer gets."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from answer_peer import AnswerListener
from raw_peer import RawPeer, block
from under_test import AdapterUnderTest

ENHANCED = ("AL", "AL")


@asynccontextmanager
async def adapter_for(folder: Path, peer: AnswerListener, **entry: Any):
    """A service whose only sender has its answers go to the peer."""
    sender = {"name": "default", "answers_to": peer.settings | entry}
    async with AdapterUnderTest(folder, mllp={"port": 0, "senders": [sender]}) as running:
        yield running


async def commits(raw: RawPeer, *payloads: bytes) -> list[tuple[str, str]]:
    """Send messages; gives what is answered at once."""
    await raw.write(*(block(payload) for payload in payloads))
    return [(one.code, one.control_id) for one in await raw.answers(len(payloads))]


async def undelivered(adapter: AdapterUnderTest) -> int:
    return (await adapter.service.store.counts()).undelivered


async def eventually(adapter: AdapterUnderTest, count: int) -> None:
    """Wait until so many answers are undelivered."""
    async with asyncio.timeout(20):
        while await undelivered(adapter) != count:  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)


async def given_up(adapter: AdapterUnderTest) -> None:
    async with asyncio.timeout(20):
        while not await adapter.service.store.answers.given_up():  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)
