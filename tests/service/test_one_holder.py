"""Parts that one of several processes does: another takes over from one that died or hangs, which then does no harm."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest
from answer_peer import AnswerListener, answered
from mllp_messages import message
from postgres_server import PostgresPlace
from program import Serving
from test_drop_folder import DROP, Folders

from adapter.store import Store

pytestmark = pytest.mark.slow
LEASE = 3
TAKEN_OVER = LEASE + 5.0
"""Seconds within which another process goes on (docs/scaling.md)."""
PARTS = {"drop", "answers"}


class Site:
    """Two replicas on one database that see one drop folder, whose sender has a peer for its answers."""

    def __init__(self, root: Path, place: PostgresPlace, peer: AnswerListener) -> None:
        self.place, self.peer = place, peer
        self.folders = Folders(root)
        own = {f"NETPET_DROP__SENDER__ANSWERS_TO__{name.upper()}": str(at) for name, at in peer.settings.items()}
        store = {"NETPET_STORE__URL": place.url, "NETPET_STORE__LEASE": str(LEASE)}
        self.variables = self.folders.variables | own | store | DROP
        self._count = 0

    def replica(self, name: str) -> Serving:
        folder = self.folders.root / name
        folder.mkdir()
        return Serving(folder, **self.variables)

    def drop(self, files: int) -> None:
        for _ in range(files):
            self._count += 1
            self.folders.put(f"{self._count:03}.hl7", message(f"M{self._count}", "read", "AL", "AL"))

    @property
    def ids(self) -> list[str]:
        return sorted(f"M{number + 1}" for number in range(self._count))

    async def done(self, within: float = 30.0) -> None:
        """Wait until every file is put away, and every answer at the peer."""
        await until(lambda: self.archived() == self._count, within)
        await until(lambda: {control_id for _, control_id in self.peer.answered()} == set(self.ids), within)

    def archived(self) -> int:
        return sum(name.endswith(".hl7") for name in self.folders.names("done"))

    async def kept(self) -> list[str]:
        store = await Store.open(self.place.url)
        messages = await store.messages(limit=500)
        undelivered = (await store.counts()).undelivered
        await store.close()
        assert undelivered == 0
        return sorted(one.control_id for one in messages)


async def until(condition: Callable[[], bool], within: float) -> None:
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - folders, logs and processes tell nobody
            await asyncio.sleep(0.02)


def told(replica: Serving, event: str) -> set[str]:
    """Of which of the parts a replica said so."""
    return {line["part"].split("/")[0] for line in replica.said(event)} & PARTS


def begun(replica: Serving) -> set[str]:
    return told(replica, "part-begun")


@asynccontextmanager
async def two_replicas(root: Path, place: PostgresPlace) -> AsyncIterator[tuple[Site, Serving, Serving]]:
    async with AnswerListener() as peer:
        site = Site(root, place, peer)
        with ExitStack() as stack:
            first = stack.enter_context(site.replica("first"))
            await until(lambda: begun(first) == PARTS, 10)
            second = stack.enter_context(site.replica("second"))
            site.drop(5)
            await site.done()
            assert begun(second) == set()
            yield site, first, second


def once(site: Site, kept: list[str]) -> None:
    """Each message is stored once; what was answered twice was answered in the same bytes."""
    assert kept == site.ids
    said = {(answered(payload)[1], payload) for payload in site.peer.received}
    assert set(Counter(control_id for control_id, _ in said).values()) == {1}
    assert site.folders.names("wrong") == []
    assert len(site.folders.names("done")) == 2 * len(site.ids)


async def test_what_a_killed_process_did_another_goes_on_with(tmp_path: Path, postgres: PostgresPlace) -> None:
    async with two_replicas(tmp_path, postgres) as (site, first, second):
        site.drop(20)
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
        await until(lambda: begun(second) == PARTS, TAKEN_OVER)
        site.drop(5)
        await site.done()
        kept = await site.kept()

    once(site, kept)


async def test_a_process_that_hung_for_longer_than_its_lease_does_no_harm_when_it_goes_on(
    tmp_path: Path, postgres: PostgresPlace
) -> None:
    async with two_replicas(tmp_path, postgres) as (site, first, second):
        site.drop(20)
        first.process.send_signal(signal.SIGSTOP)
        try:
            await until(lambda: begun(second) == PARTS, TAKEN_OVER)
            site.drop(5)
            await site.done()
        finally:
            first.process.send_signal(signal.SIGCONT)
        site.drop(20)
        await until(lambda: told(first, "part-ended") == PARTS, 10)
        await site.done()
        kept = await site.kept()

    once(site, kept)


async def test_a_process_that_ends_in_order_hands_its_parts_over_at_once(
    tmp_path: Path, postgres: PostgresPlace
) -> None:
    async with two_replicas(tmp_path, postgres) as (site, first, second):
        assert first.end() == 0
        await until(lambda: begun(second) == PARTS, LEASE)
        site.drop(3)
        await site.done()
        kept = await site.kept()

    once(site, kept)
