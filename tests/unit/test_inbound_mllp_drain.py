"""How a listener stops: what is in hand is answered, and what is not is left to its sender."""

import asyncio
from dataclasses import replace

import pytest
from test_inbound_fakes import QUICK, FakeReceiver, HeldReceiver, block, connected, eventually, serving

from adapter.inbound.mllp_server import Listener, MllpServer

QUICK_AND_NARROW = replace(QUICK, max_outstanding=3)


async def test_a_drained_listener_answers_what_is_in_hand_and_takes_no_more():
    receiver = HeldReceiver()
    async with serving(receiver, QUICK_AND_NARROW) as served, connected(served.address) as peer:
        peer.write(*(block(f"M{number}") for number in range(10)), block("cut")[:20])
        await eventually(lambda: receiver.at_work == 3)
        draining = asyncio.create_task(served.server.drain(5))
        await asyncio.sleep(0.01)
        receiver.gate.set()

        assert await peer.answers(10) == [f"AA:M{number}" for number in range(10)]
        assert await peer.rest() == b""
        await peer.close()
        assert await draining == 0
        assert served.told.count("fault") == 0
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*served.address)


async def test_a_drain_over_its_grace_says_how_many_got_no_answer():
    receiver = HeldReceiver()
    async with serving(receiver, QUICK_AND_NARROW) as served, connected(served.address) as peer:
        peer.write(*(block(f"M{number}") for number in range(5)))
        await eventually(lambda: receiver.at_work == 3)

        assert await served.server.drain(0.05) == 5

        assert receiver.at_work == 0
        assert served.told.facts("drained")["count"] == 5


async def test_a_drain_ends_idle_connections_at_once():
    async with serving(FakeReceiver()) as served, connected(served.address) as peer:
        peer.write(block("M1"))
        await peer.answer()
        draining = asyncio.create_task(served.server.drain(5))

        assert await peer.rest() == b""
        await peer.close()
        await asyncio.wait_for(draining, 1)


async def test_a_drain_without_a_start_has_nothing_to_do():
    assert await MllpServer(FakeReceiver(), Listener("door"), QUICK).drain(1) == 0
