"""A message sent gets its own answer or an error that says what is known; never another message's answer."""

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest
from test_inbound_fakes import FakeReceiver, acknowledgement, block, control_id, message, serving

from adapter.hl7v2.mllp import encode_block
from adapter.outbound.mllp_client import MllpClient, MllpClientError, Reason, client_context


class ScriptedPeer:
    """A listener that answers with the bytes it was told to, per control ID, and remembers what it got."""

    def __init__(self, script: dict[str, list[bytes | float | None]]) -> None:
        self.script = script
        self.received: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                framed = await reader.readuntil(b"\x1c\r")
                self.received.append(control_id(framed[1:]))
                await self.play(self.script.get(self.received[-1], []), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def play(self, steps: list[bytes | float | None], writer: asyncio.StreamWriter) -> None:
        for step in steps:
            if step is None:
                raise ConnectionError
            if isinstance(step, float):
                await asyncio.sleep(step)
            else:
                writer.write(step)


@asynccontextmanager
async def listening(script: dict[str, list[bytes | float | None]]):
    peer = ScriptedPeer(script)
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0, limit=2**26)
    try:
        yield peer, server.sockets[0].getsockname()
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def talking(script: dict[str, list[bytes | float | None]], outstanding: int = 1):
    async with (
        listening(script) as (peer, address),
        await MllpClient.connect(*address, outstanding=outstanding) as client,
    ):
        yield client, peer


def accepted(control_id: str) -> bytes:
    return encode_block(acknowledgement("AA", control_id))


async def test_a_message_gets_its_answer():
    async with serving(FakeReceiver()) as served, await MllpClient.connect(*served.address) as client:
        for number in range(3):
            assert await client.send(message(f"M{number}")) == acknowledgement("AA", f"M{number}")


async def test_several_messages_may_wait_at_one_time_and_each_gets_its_own():
    script = {"M1": [], "M2": [], "M3": [accepted("M3"), accepted("M1"), accepted("M2")]}
    async with talking(script, outstanding=3) as (client, peer):
        answers = await asyncio.gather(*(client.send(message(f"M{number}"), 5) for number in (1, 2, 3)))

    assert answers == [acknowledgement("AA", f"M{number}") for number in (1, 2, 3)]
    assert peer.received == ["M1", "M2", "M3"]


async def test_one_message_waits_for_the_answer_to_the_one_before():
    script = {"M1": [0.05, accepted("M1")], "M2": [accepted("M2")]}
    async with talking(script) as (client, peer):
        first = asyncio.create_task(client.send(message("M1"), 5))
        second = asyncio.create_task(client.send(message("M2"), 5))
        await asyncio.sleep(0.02)
        assert peer.received == ["M1"]

        assert await first == acknowledgement("AA", "M1")
        assert await second == acknowledgement("AA", "M2")


async def test_the_answer_to_another_message_is_kept_and_not_taken():
    script = {"M2": [accepted("M1"), accepted("M2")]}
    async with talking(script) as (client, _):
        assert await client.send(message("M2"), 5) == acknowledgement("AA", "M2")

        assert client.others == (acknowledgement("AA", "M1"),)


async def test_a_late_answer_is_not_taken_for_the_next_message():
    script = {"M1": [0.1, accepted("M1")], "M2": [accepted("M2")]}
    async with talking(script) as (client, _):
        with pytest.raises(MllpClientError) as caught:
            await client.send(message("M1"), 0.05)

        assert (caught.value.reason, caught.value.maybe_received) == (Reason.TIMED_OUT, True)
        assert await client.send(message("M2"), 5) == acknowledgement("AA", "M2")
        assert client.others == (acknowledgement("AA", "M1"),)


async def test_a_time_out_tells_of_answers_without_the_control_id():
    script = {"M1": [encode_block(acknowledgement("AR", "")), b"\x0bno MSH\x1c\r", block("X")]}
    async with talking(script) as (client, _):
        with pytest.raises(MllpClientError, match="other answers so far: 3"):
            await client.send(message("M1"), 0.1)


async def test_a_message_without_a_control_id_takes_the_answer_without_one():
    script = {"": [accepted("M1"), encode_block(acknowledgement("AR", ""))]}
    async with talking(script) as (client, _):
        assert await client.send(b"MSH|^~\\&|RIS\r", 5) == acknowledgement("AR", "")


async def test_a_second_application_acknowledgement_is_kept():
    committed, applied = acknowledgement("CA", "M1"), acknowledgement("AA", "M1")
    script = {"M1": [encode_block(committed) + encode_block(applied)]}
    async with talking(script) as (client, _):
        assert await client.send(message("M1"), 5) == committed
        assert client.others == (applied,)


async def test_only_the_newest_other_answers_are_kept_and_all_are_counted():
    script = {"M1": [*(accepted(f"X{number}") for number in range(100)), accepted("M1")]}
    async with talking(script) as (client, _):
        await client.send(message("M1"), 5)

        assert (client.others_seen, len(client.others)) == (100, 64)
        assert client.others[-1] == acknowledgement("AA", "X99")


async def test_a_control_id_that_waits_already_is_not_sent_again():
    async with talking({"M1": [0.1, accepted("M1")]}, outstanding=2) as (client, peer):
        first = asyncio.create_task(client.send(message("M1"), 5))
        await asyncio.sleep(0.02)

        with pytest.raises(MllpClientError) as caught:
            await client.send(message("M1"), 5)

        assert (caught.value.reason, caught.value.maybe_received) == (Reason.CONTROL_ID_IN_USE, False)
        assert await first == acknowledgement("AA", "M1")
        assert peer.received == ["M1"]


@pytest.mark.parametrize("end", [b"\x1c", b"\x1c\n"])
async def test_an_answer_that_ends_without_a_carriage_return_is_an_answer(end):
    answer = acknowledgement("AA", "M1")
    async with talking({"M1": [b"\x0b" + answer + end]}) as (client, _):
        assert await client.send(message("M1"), 5) == answer


async def test_an_answer_in_pieces_is_one_answer():
    framed = b"\x0b" + acknowledgement("AA", "M1") + b"\x1c"
    async with talking({"M1": [framed[:30], 0.02, framed[30:], 0.02, b"\r"]}) as (client, _):
        assert await client.send(message("M1"), 5) == acknowledgement("AA", "M1")


async def test_an_answer_that_ends_with_the_connection_is_an_answer():
    answer = acknowledgement("AA", "M1")
    async with talking({"M1": [b"\x0b" + answer + b"\x1c", None]}) as (client, _):
        assert await client.send(message("M1"), 5) == answer


async def test_a_connection_that_ends_in_the_middle_leaves_it_open_whether_the_message_arrived():
    async with talking({"M1": [accepted("M1")[:20], None]}) as (client, _):
        with pytest.raises(MllpClientError, match="ended before the answer") as caught:
            await client.send(message("M1"), 5)

        assert (caught.value.reason, caught.value.maybe_received) == (Reason.CLOSED, True)


async def test_a_message_for_a_connection_that_is_gone_is_not_sent():
    async with talking({"M1": [accepted("M1"), None]}) as (client, _):
        await client.send(message("M1"), 5)
        await asyncio.sleep(0.05)

        with pytest.raises(MllpClientError) as caught:
            await client.send(message("M2"), 5)

        assert (caught.value.reason, caught.value.maybe_received) == (Reason.CLOSED, False)


async def test_a_peer_that_does_not_speak_mllp_is_named():
    async with talking({"M1": [b"HTTP/1.1 400 Bad Request\r\n" * 100]}) as (client, _):
        with pytest.raises(MllpClientError) as caught:
            await client.send(message("M1"), 5)

        assert (caught.value.reason, caught.value.maybe_received) == (Reason.NOT_MLLP, True)


async def test_a_peer_that_does_not_read_holds_up_the_next_message_until_it_does():
    large = {f"M{number}": [0.1, accepted(f"M{number}")] for number in range(3)}
    async with talking(large, outstanding=3) as (client, _):
        sent = [client.send(message(f"M{number}", 8_000_000), 5) for number in range(3)]

        assert await asyncio.gather(*sent) == [acknowledgement("AA", f"M{number}") for number in range(3)]


async def test_a_message_that_never_got_into_the_socket_was_surely_not_received():
    with socket.create_server(("127.0.0.1", 0)) as never_reading:
        client = await MllpClient.connect(*never_reading.getsockname(), outstanding=2)
        first = asyncio.create_task(client.send(message("M1", 20_000_000), 0.2))
        await asyncio.sleep(0.02)
        with pytest.raises(MllpClientError) as caught:
            await client.send(message("M2"), 0.1)
        await asyncio.gather(first, return_exceptions=True)
        await client.close(0.1)

    assert (caught.value.reason, caught.value.maybe_received) == (Reason.TIMED_OUT, False)


async def test_a_closed_client_ends_its_connection():
    async with serving(FakeReceiver()) as served:
        client = await MllpClient.connect(*served.address)
        await client.send(message("M1"), 5)
        await client.close()

        with pytest.raises(MllpClientError):
            await client.send(message("M2"), 5)


async def test_a_port_where_nobody_listens_is_named():
    async with serving(FakeReceiver()) as served:
        address = served.address

    with pytest.raises(MllpClientError, match=f"127.0.0.1 port {address[1]}") as caught:
        await MllpClient.connect(*address)

    assert (caught.value.reason, caught.value.maybe_received) == (Reason.UNREACHABLE, False)


async def test_a_peer_that_never_ends_its_handshake_is_given_up():
    async with listening({}) as (_, address):
        with pytest.raises(MllpClientError) as caught:
            await MllpClient.connect(*address, client_context(), seconds=0.1)

        assert caught.value.reason is Reason.TIMED_OUT


async def test_a_peer_that_speaks_no_tls_is_named():
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(block("M1"))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        with pytest.raises(MllpClientError) as caught:
            await MllpClient.connect(*server.sockets[0].getsockname(), client_context())

    assert caught.value.reason is Reason.TLS


def test_certificate_files_that_cannot_be_used_are_an_error(tmp_path):
    with pytest.raises(MllpClientError) as caught:
        client_context(tmp_path / "missing.pem")

    assert caught.value.reason is Reason.TLS


async def test_no_error_holds_a_value_of_the_message():
    async with talking({}) as (client, _):
        with pytest.raises(MllpClientError) as caught:
            await client.send(message("SECRET"), 0.05)

    assert "SECRET" not in str(caught.value)
