"""What a sender may count on when it speaks MLLP to the listener as the standard says."""

import asyncio
import socket
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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

from adapter.inbound.mllp_server import Listener, ListenError, MllpServer

QUICK_AND_NARROW = replace(QUICK, max_outstanding=3)


class BackwardsReceiver(FakeReceiver):
    """Finishes the later message first."""

    async def work(self, control_id: str) -> bytes | None:
        await asyncio.sleep(0.11 - int(control_id) * 0.002)
        return await super().work(control_id)


class SilentForReceiver(FakeReceiver):
    """Gives no answer to the messages whose senders asked for none."""

    async def work(self, control_id: str) -> bytes | None:
        return None if control_id.startswith("NE") else await super().work(control_id)


async def test_many_messages_on_one_connection_are_each_answered():
    async with serving(FakeReceiver()) as served, connected(served.address) as peer:
        for number in range(100):
            peer.write(block(f"M{number}"))

            assert await peer.answer() == f"AA:M{number}"


async def test_the_receiver_gets_the_payload_and_who_sent_it():
    receiver = FakeReceiver()
    async with serving(receiver) as served, connected(served.address) as peer:
        peer.write(block("M1"))
        await peer.answer()

    assert receiver.payloads == [message("M1")]
    assert (receiver.connections[0].listener, receiver.connections[0].peer) == ("door", "127.0.0.1")
    assert receiver.connections[0].certificate_subject is None


async def test_fifty_messages_in_one_write_are_answered_in_order_though_finished_backwards():
    receiver = BackwardsReceiver()
    ids = [str(number) for number in range(50)]
    async with serving(receiver) as served, connected(served.address) as peer:
        peer.write(*(block(control_id) for control_id in ids))

        assert await peer.answers(50) == [f"AA:{control_id}" for control_id in ids]
    assert receiver.received == ids


async def test_no_more_blocks_than_agreed_are_at_work_at_one_time():
    receiver = BackwardsReceiver()
    async with serving(receiver, QUICK_AND_NARROW) as served, connected(served.address) as peer:
        peer.write(*(block(str(number)) for number in range(20)))
        await peer.answers(20)

    assert receiver.most_at_work == 3
    assert receiver.received == [str(number) for number in range(20)]


class UnevenReceiver(FakeReceiver):
    """Takes for each message the time that its control ID names, in milliseconds."""

    async def work(self, control_id: str) -> bytes | None:
        await asyncio.sleep(int(control_id.partition("-")[2]) / 1000)
        return await super().work(control_id)


@settings(max_examples=20, deadline=None)
@given(
    delays=st.lists(st.integers(0, 9), min_size=1, max_size=20),
    outstanding=st.integers(1, 5),
    piece=st.integers(50, 5000),
)
def test_answers_come_in_order_whatever_each_takes_and_however_the_stream_is_cut(delays, outstanding, piece):
    receiver = UnevenReceiver()
    ids = [f"{number}-{delay}" for number, delay in enumerate(delays)]

    async def answers() -> list[str]:
        limits = replace(QUICK, max_outstanding=outstanding)
        async with serving(receiver, limits) as served, connected(served.address) as peer:
            stream = b"".join(block(control_id) for control_id in ids)
            for start in range(0, len(stream), piece):
                peer.write(stream[start : start + piece])
                await asyncio.sleep(0)
            return await peer.answers(len(ids))

    assert asyncio.run(answers()) == [f"AA:{control_id}" for control_id in ids]
    assert receiver.received == ids
    assert receiver.most_at_work <= outstanding


async def test_the_half_of_a_message_waits_for_its_other_half():
    async with serving(FakeReceiver()) as served, connected(served.address) as peer:
        second = block("M2")
        peer.write(block("M1"), second[:40])
        assert await peer.answer() == "AA:M1"

        peer.write(second[40:])

        assert await peer.answer() == "AA:M2"


async def test_a_message_that_comes_byte_by_byte_is_one_message():
    receiver = FakeReceiver()
    async with serving(receiver) as served, connected(served.address) as peer:
        for byte in block("M1"):
            peer.write(bytes([byte]))
            await asyncio.sleep(0)

        assert await peer.answer() == "AA:M1"
    assert receiver.payloads == [message("M1")]


async def test_a_sender_that_wants_no_answer_gets_none_and_the_next_one_gets_its_own():
    async with serving(SilentForReceiver()) as served, connected(served.address) as peer:
        peer.write(block("NE1"), block("M2"))

        assert await peer.answer() == "AA:M2"


async def test_a_sender_that_ends_its_stream_still_gets_its_answers():
    async with serving(FakeReceiver()) as served, connected(served.address) as peer:
        peer.write(block("M1"), block("M2"))
        peer.writer.write_eof()

        assert await peer.answers(2) == ["AA:M1", "AA:M2"]
        assert await peer.rest() == b""


async def test_what_a_sender_sent_before_it_left_reaches_the_receiver():
    receiver = HeldReceiver()
    async with serving(receiver, QUICK_AND_NARROW) as served:
        async with connected(served.address) as peer:
            peer.write(*(block(f"M{number}") for number in range(40)))
            await eventually(lambda: receiver.at_work == 3)
        receiver.gate.set()

        await eventually(lambda: len(receiver.received) == 40)


async def test_a_reset_connection_does_not_cancel_the_work_in_hand():
    receiver = HeldReceiver()
    async with serving(receiver) as served:
        async with connected(served.address) as peer:
            peer.write(block("M1"))
            await eventually(lambda: receiver.at_work == 1)
            peer.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            peer.writer.transport.abort()
        await eventually(lambda: served.open == 0)
        receiver.gate.set()

        await eventually(lambda: served.told.count("answer-undelivered") == 1)


async def test_two_connections_do_not_disturb_each_other():
    receiver = HeldForReceiver("slow")
    async with serving(receiver) as served, connected(served.address) as slow, connected(served.address) as quick:
        slow.write(block("slow"), block("behind"), block("cut")[:20])
        quick.write(block("M1")[:30])
        await eventually(lambda: "behind" in receiver.received)
        quick.write(block("M1")[30:], block("M2"))

        assert await quick.answers(2) == ["AA:M1", "AA:M2"]
        receiver.gate.set()
        assert await slow.answers(2) == ["AA:slow", "AA:behind"]


class HeldForReceiver(HeldReceiver):
    """Keeps one message until the gate opens."""

    def __init__(self, held: str) -> None:
        super().__init__()
        self.held = held

    async def work(self, control_id: str) -> bytes | None:
        if control_id != self.held:
            return acknowledgement("AA", control_id)
        return await super().work(control_id)


async def test_connections_have_keepalive_and_no_delay():
    class Looks(FakeReceiver):
        pass

    async with serving(Looks()) as served, connected(served.address) as peer:
        peer.write(block("M1"))
        await peer.answer()
        (connection,) = served.server._connections.values()
        accepted = connection._transport.get_extra_info("socket")

        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_a_later_answer_is_delivered_on_the_connection_of_its_message():
    receiver = FakeReceiver()
    async with serving(receiver) as served, connected(served.address) as peer:
        peer.write(block("M1"))
        await peer.answer()

        assert served.server.deliver(receiver.connections[0].id, acknowledgement("AE", "M1"))

        assert await peer.answer() == "AE:M1"


async def test_a_later_answer_without_its_connection_is_not_delivered():
    async with serving(FakeReceiver()) as served:
        assert not served.server.deliver(7, acknowledgement("AE", "M1"))


async def test_an_address_in_use_is_named_at_the_start():
    async with serving(FakeReceiver()) as served:
        second = MllpServer(FakeReceiver(), Listener("door", port=served.address[1]), QUICK)

        with pytest.raises(ListenError, match=f"127.0.0.1 port {served.address[1]}"):
            await second.start()


async def test_the_events_tell_what_happened():
    async with serving(FakeReceiver()) as served:
        async with connected(served.address) as peer:
            peer.write(block("M1"), block("M2"))
            await peer.answers(2)
        await eventually(lambda: served.open == 0)

    assert served.told.facts("draining")["count"] == served.told.facts("drained")["count"] == 0
    assert served.told.names() == ["listening", "connection-opened", "connection-closed", "draining", "drained"]


async def test_an_event_callback_that_raises_disturbs_no_message():
    def broken(name: str, **facts: object) -> None:
        raise RuntimeError

    server = MllpServer(FakeReceiver(), Listener("door", port=0), QUICK, on_event=broken)
    address = await server.start()
    async with connected(address) as peer:
        peer.write(block("M1"))

        assert await peer.answer() == "AA:M1"
    assert await server.drain(1) == 0
