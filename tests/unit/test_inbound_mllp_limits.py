"""What one sender may take, and that no other sender notices."""

import asyncio
import os
import resource
import socket
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest
from test_inbound_fakes import (
    QUICK,
    FakeReceiver,
    HeldReceiver,
    acknowledgement,
    block,
    connected,
    eventually,
    message,
    serving,
)

from adapter.inbound.mllp_server import Listener
from adapter.inbound.peers import PeerList

BRISK = replace(QUICK, block_timeout=0.1, write_timeout=0.2, linger=0.1)


class TalkativeReceiver(FakeReceiver):
    """Answers at such length that an unread answer fills every buffer."""

    async def work(self, control_id: str) -> bytes | None:
        return acknowledgement("AA", control_id, "" if control_id == "SHORT" else "x" * 20_000_000)


async def stuck(peer) -> int:
    """Wait until nobody takes the peer's bytes any more; gives how many it could not send."""
    left, still = -1, 0
    while still < 5:
        await asyncio.sleep(0.01)
        before, left = left, peer.writer.transport.get_write_buffer_size()
        still = still + 1 if left == before else 0
    return left


async def test_a_full_receiver_stops_the_reading_and_memory_stays_bounded():
    receiver = HeldReceiver()
    limits = replace(QUICK, max_outstanding=4)
    async with serving(receiver, limits) as served, connected(served.address) as peer:
        peer.write(*(block(f"M{number}", 4000) for number in range(5000)))
        unsent = await stuck(peer)

        assert receiver.at_work == 4
        assert unsent > 0
        receiver.gate.set()
        assert await peer.answers(5000) == [f"AA:M{number}" for number in range(5000)]


async def test_large_messages_fill_a_connection_by_their_bytes():
    receiver = HeldReceiver()
    limits = replace(QUICK, max_outstanding_bytes=2_000_000)
    async with serving(receiver, limits) as served, connected(served.address) as peer:
        peer.write(*(block(f"M{number}", 1_000_000) for number in range(20)))
        unsent = await stuck(peer)

        assert receiver.at_work == 2
        assert unsent > 0
        receiver.gate.set()
        assert await peer.answers(20) == [f"AA:M{number}" for number in range(20)]


async def test_the_time_in_which_nobody_reads_is_not_the_senders_silence():
    receiver = HeldReceiver()
    limits = replace(QUICK, max_outstanding=1, block_timeout=0.1, quiet=0.05)
    async with serving(receiver, limits) as served, connected(served.address) as peer:
        peer.write(block("M1"), block("M2")[:20])
        await eventually(lambda: receiver.at_work == 1)
        await asyncio.sleep(0.2)
        receiver.gate.set()
        assert await peer.answer() == "AA:M1"

        peer.write(block("M2")[20:])

        assert await peer.answer() == "AA:M2"


async def test_a_peer_that_never_reads_is_closed_and_nobody_else_waits_for_it():
    receiver = TalkativeReceiver()
    async with serving(receiver, BRISK) as served, connected(served.address) as deaf:
        deaf.writer.transport.pause_reading()
        deaf.write(block("M1"), block("M2"))
        await eventually(lambda: receiver.received == ["M1", "M2"])
        async with connected(served.address) as other:
            other.write(block("SHORT"))

            assert await other.answer() == "AA:SHORT"
        await eventually(lambda: served.told.count("write-timed-out") == 1)
        await eventually(lambda: served.open == 0)


async def test_a_peer_that_does_not_read_is_not_read_either_until_it_does():
    receiver = TalkativeReceiver()
    async with serving(receiver) as served, connected(served.address) as peer:
        peer.writer.transport.pause_reading()
        peer.write(block("M1"))
        await eventually(lambda: receiver.received == ["M1"])
        peer.write(block("M2"))
        await asyncio.sleep(0.05)
        assert receiver.received == ["M1"]

        peer.writer.transport.resume_reading()

        assert [answer[:5] for answer in await peer.answers(2)] == ["AA:M1", "AA:M2"]


async def test_a_peer_that_leaves_its_last_answer_unread_is_closed():
    receiver = TalkativeReceiver()
    async with serving(receiver, BRISK) as served, connected(served.address) as deaf:
        deaf.writer.transport.pause_reading()
        deaf.write(block("M1"))
        deaf.writer.write_eof()

        await eventually(lambda: receiver.received == ["M1"])
        await eventually(lambda: served.open == 0)


async def test_a_peer_that_does_not_end_after_a_fault_is_closed():
    async with serving(FakeReceiver(), BRISK) as served, connected(served.address) as peer:
        peer.write(b"x" * 5000)

        assert await peer.answer() == "AR::junk-between-blocks"
        await eventually(lambda: served.open == 0)


async def test_a_slow_reader_gets_its_last_answer_whole():
    limits = replace(BRISK, write_timeout=5, linger=0.05)
    async with serving(TalkativeReceiver(), limits) as served, connected(served.address) as peer:
        peer.writer.transport.pause_reading()
        peer.write(block("M1"), b"x" * 5000)
        await eventually(lambda: served.told.count("fault") == 1)
        await asyncio.sleep(0.2)
        peer.writer.transport.resume_reading()

        assert [answer[:5] for answer in await peer.answers(2)] == ["AA:M1", "AR::j"]


async def test_a_connection_over_the_cap_is_told_so_and_the_others_live_on():
    limits = replace(QUICK, max_connections=1)
    async with serving(FakeReceiver(), limits) as served, connected(served.address) as first:
        first.write(block("M1"))
        assert await first.answer() == "AA:M1"
        async with connected(served.address) as second:
            second.write(block("M2"), block("M3"))

            assert await second.answer() == "AR:M2:overloaded"
            assert await second.rest() == b""
        first.write(block("M4"))
        assert await first.answer() == "AA:M4"
        assert served.refused == ["over-capacity"]


@pytest.mark.parametrize("sent", [b"\x0b" + message("BIG", 100_000), b"x" * 5000, b"\x0bMSH|\x0b"])
async def test_whatever_a_connection_over_the_cap_sends_it_is_told_so(sent):
    limits = replace(QUICK, max_connections=0)
    async with serving(FakeReceiver(), limits) as served, connected(served.address) as peer:
        peer.write(sent)

        assert (await peer.answer()).endswith(":overloaded")
        assert await peer.rest() == b""


async def test_a_place_that_is_left_is_given_again():
    async with serving(FakeReceiver(), replace(QUICK, max_connections_per_peer=1)) as served:
        for number in range(3):
            async with connected(served.address) as peer:
                peer.write(block(f"M{number}"))
                assert await peer.answer() == f"AA:M{number}"
            await eventually(lambda: served.open == 0)


async def test_connections_over_the_cap_are_bounded_too():
    limits = replace(QUICK, max_connections=0, max_refusals=1)
    async with serving(FakeReceiver(), limits) as served, connected(served.address) as waiting:
        await eventually(lambda: served.open == 1)
        async with connected(served.address) as peer:
            assert await peer.rest() == b""
        assert served.refused == ["over-capacity", "no-room-to-refuse"]
        waiting.write(block("M1"))
        assert await waiting.answer() == "AR:M1:overloaded"


async def test_a_silent_connection_over_the_cap_is_closed_after_the_block_time_out():
    limits = replace(BRISK, max_connections=0)
    async with serving(FakeReceiver(), limits) as served, connected(served.address) as peer:
        assert await peer.rest() == b""


async def test_a_peer_that_is_not_listed_is_closed_at_once_and_counted():
    receiver = FakeReceiver()
    listener = Listener("door", port=0, peers=PeerList(["10.0.0.0/8"]))
    async with serving(receiver, listener=listener) as served, connected(served.address) as peer:
        assert await peer.rest() == b""
        assert served.refused == ["peer-not-listed"]
        assert served.told.facts("connection-refused")["peer"] == "127.0.0.1"


async def test_an_idle_connection_lives_as_long_as_it_likes():
    async with serving(FakeReceiver(), BRISK) as served, connected(served.address) as peer:
        await asyncio.sleep(0.5)
        peer.write(block("M1"))

        assert await peer.answer() == "AA:M1"


async def test_an_idle_connection_ends_where_the_site_wants_it():
    async with serving(FakeReceiver(), replace(QUICK, idle_timeout=0.1)) as served, connected(served.address) as peer:
        peer.write(block("M1"))

        assert await peer.answer() == "AA:M1"
        assert await peer.rest() == b""


async def test_a_connection_with_work_in_hand_is_not_idle():
    receiver = HeldReceiver()
    async with serving(receiver, replace(QUICK, idle_timeout=0.05)) as served, connected(served.address) as peer:
        peer.write(block("M1"))
        await asyncio.sleep(0.2)
        receiver.gate.set()

        assert await peer.answer() == "AA:M1"


async def test_dribbling_and_idle_connections_leave_the_others_quick():
    async with serving(FakeReceiver(), replace(QUICK, max_connections_per_peer=200)) as served:
        dribbling = [await asyncio.open_connection(*served.address) for _ in range(50)]
        idle = [await asyncio.open_connection(*served.address) for _ in range(50)]
        async with connected(served.address) as peer:
            slowest = 0.0
            for number in range(200):
                for _, writer in dribbling:
                    writer.write(b"\x0bM" if number == 0 else b"S")
                begin = time.perf_counter()
                peer.write(block(f"M{number}"))
                assert await peer.answer() == f"AA:M{number}"
                slowest = max(slowest, time.perf_counter() - begin)
        for _, writer in dribbling + idle:
            writer.close()
            await writer.wait_closed()

    assert slowest < 0.5


async def test_a_flood_of_tiny_blocks_leaves_the_others_quick():
    async with serving(FakeReceiver()) as served, connected(served.address) as flooding:
        flooding.write(b"\x0bM\x1c\r" * 50_000)
        async with connected(served.address) as peer:
            slowest = 0.0
            for number in range(20):
                begin = time.perf_counter()
                peer.write(block(f"M{number}"))
                assert await peer.answer() == f"AA:M{number}"
                slowest = max(slowest, time.perf_counter() - begin)
        flooding.writer.transport.abort()

    assert slowest < 0.5


async def test_a_listener_without_file_descriptors_listens_again_when_there_are_some():
    async with serving(FakeReceiver()) as served:
        with socket.socket() as client:
            client.setblocking(False)
            with no_new_file_descriptors():
                await asyncio.get_running_loop().sock_connect(client, served.address)
                await eventually(lambda: "accept-failed" in served.told.names())
            await asyncio.get_running_loop().sock_sendall(client, block("M1"))

            assert b"MSA|AA|M1" in await asyncio.get_running_loop().sock_recv(client, 1000)
        assert served.told.facts("accept-failed")["error"] == "EMFILE"


@contextmanager
def no_new_file_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
