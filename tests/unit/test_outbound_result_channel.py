"""The EHR's interface may be slow, deaf, gone or confused: each message gets its own answer, or stays to be sent."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from test_inbound_fakes import acknowledgement, control_id, eventually, message
from test_outbound_mllp_client import accepted

from adapter.delivery import DeliveryError
from adapter.hl7v2.mllp import encode_block
from adapter.outbound.result_channel import ResultChannel, ResultListener


class Interface:
    """A listener that plays one script a message: bytes to write, ``close``, or ``hold`` until the test lets go."""

    def __init__(self, *scripts):
        self.scripts = list(scripts)
        self.received = []
        self.connections = 0
        self.let_go = asyncio.Event()

    async def serve(self, reader, writer):
        self.connections += 1
        try:
            while True:
                payload = (await reader.readuntil(b"\x1c\r"))[1:]
                self.received.append(control_id(payload))
                script = self.scripts.pop(0) if self.scripts else [accepted(self.received[-1])]
                await self.play(script, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def play(self, script, writer):
        for step in script:
            if step == "close":
                raise ConnectionError
            if step == "hold":
                await self.let_go.wait()
            else:
                writer.write(step)
                await writer.drain()


@asynccontextmanager
async def interface(*scripts, **options):
    peer = Interface(*scripts)
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    channel = ResultChannel(ResultListener(*server.sockets[0].getsockname(), **({"answer_timeout": 5.0} | options)))
    try:
        yield channel, peer
    finally:
        peer.let_go.set()
        await channel.close()
        server.close()
        await server.wait_closed()


async def failure(channel, name="M1"):
    with pytest.raises(DeliveryError) as raised:
        await channel.send(message(name))
    return raised.value


async def test_one_connection_serves_one_message_after_the_other():
    async with interface() as (channel, peer):
        answers = [await channel.send(message(f"M{number}")) for number in range(3)]

    assert answers == [acknowledgement("AA", f"M{number}") for number in range(3)]
    assert peer.connections == 1


async def test_messages_of_many_patients_go_one_at_a_time():
    async with interface() as (channel, peer):
        await asyncio.gather(*(channel.send(message(f"M{number}")) for number in range(20)))

    assert peer.received == [f"M{number}" for number in range(20)]


async def test_no_answer_in_time_is_told_and_may_pass():
    async with interface(["hold"], answer_timeout=0.2) as (channel, _):
        error = await failure(channel)

    assert (error.permanent, error.answer.codes) == (False, ("timed-out",))


async def test_a_connection_closed_before_the_answer_leaves_the_message_to_be_sent_again():
    async with interface(["close"]) as (channel, peer):
        error = await failure(channel)
        answer = await channel.send(message("M1"))

    assert error.answer.codes == ("closed",)
    assert answer == acknowledgement("AA", "M1")
    assert peer.received == ["M1", "M1"]


async def test_a_connection_closed_after_the_answer_is_renewed_for_the_next_message():
    async with interface([accepted("M1"), "close"]) as (channel, peer):
        await channel.send(message("M1"))
        assert await channel.send(message("M2")) == acknowledgement("AA", "M2")

    assert peer.connections == 2


async def test_a_connection_that_breaks_twice_is_not_tried_a_third_time():
    async with interface([accepted("M1")], ["close"], ["close"]) as (channel, peer):
        await channel.send(message("M1"))
        await failure(channel, "M2")

    assert peer.received == ["M1", "M2", "M2"]


async def test_an_answer_to_another_message_is_no_answer():
    async with interface([accepted("OTHER"), "hold"], answer_timeout=0.2) as (channel, _):
        error = await failure(channel)

    assert error.answer.codes == ("timed-out",)


async def test_an_answer_in_pieces_is_one_answer():
    whole = accepted("M1")
    async with interface([whole[:1], whole[1:9], whole[9:-1], whole[-1:]]) as (channel, _):
        assert await channel.send(message("M1")) == acknowledgement("AA", "M1")


async def test_a_late_answer_never_answers_the_next_message():
    async with interface(["hold", accepted("M1")], answer_timeout=0.2) as (channel, peer):
        await failure(channel, "M1")
        peer.let_go.set()

        assert await channel.send(message("M2")) == acknowledgement("AA", "M2")


async def test_what_is_not_mllp_is_told():
    async with interface([b"HTTP/1.1 400 Bad Request\r\n" * 60]) as (channel, _):
        assert (await failure(channel)).answer.codes == ("not-mllp",)


async def test_in_enhanced_mode_an_accept_is_not_the_end():
    both = [encode_block(acknowledgement("CA", "M1")), accepted("M1")]
    async with interface(both, awaits_application=True) as (channel, _):
        assert await channel.send(message("M1")) == acknowledgement("AA", "M1")


@pytest.mark.parametrize("code", ["CE", "CR", "AE"])
async def test_in_enhanced_mode_a_refusal_is_the_end(code):
    async with interface([encode_block(acknowledgement(code, "M1"))], awaits_application=True) as (channel, _):
        assert await channel.send(message("M1")) == acknowledgement(code, "M1")


async def test_an_accept_without_its_application_answer_is_no_answer():
    only = [encode_block(acknowledgement("CA", "M1")), "hold"]
    async with interface(only, awaits_application=True, answer_timeout=0.2) as (channel, _):
        assert (await failure(channel)).answer.codes == ("timed-out",)


async def test_when_the_interface_is_down_the_others_are_told_at_once():
    async with interface() as (channel, _):
        listener = channel._listener
    channel = ResultChannel(listener)
    await failure(channel)
    started = time.monotonic()

    errors = [await failure(channel) for _ in range(50)]

    assert {error.answer.codes for error in errors} == {("unreachable",)}
    assert time.monotonic() - started < 1


async def test_who_waits_too_long_for_the_turn_is_told_and_sends_later():
    async with interface(["hold", accepted("M1")], turn_timeout=0.1) as (channel, peer):
        first = asyncio.create_task(channel.send(message("M1")))
        await eventually(lambda: peer.received)
        second = await failure(channel, "M2")
        peer.let_go.set()

        assert await first == acknowledgement("AA", "M1")
    assert (second.permanent, str(second)) == (False, "other messages wait for the interface's answers")
    assert peer.received == ["M1"]


async def test_an_answer_that_is_no_message_settles_nothing_by_its_words():
    garbled = encode_block(b"MSH|^~|\rMSA|AA|M1")
    async with interface([garbled], awaits_application=True) as (channel, _):
        assert (await channel.send(message("M1"))).startswith(b"MSH|^~|")
