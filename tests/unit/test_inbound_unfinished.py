"""However many senders begin blocks and do not end them, the listener's memory is bounded and small messages get in."""

from dataclasses import replace

from test_inbound_fakes import QUICK, FakeReceiver, block, connected, eventually, message, serving

from adapter.inbound.unfinished import Unfinished

NARROW = replace(QUICK, max_block=400_000, max_unfinished=500_000)


async def test_the_connection_that_holds_most_is_told_no_and_the_others_are_served():
    receiver = FakeReceiver()
    async with (
        serving(receiver, NARROW) as served,
        connected(served.address) as large,
        connected(served.address) as small,
        connected(served.address) as other,
    ):
        large.write(b"\x0b" + message("LARGE", 300_000))
        small.write(b"\x0b" + message("SMALL", 150_000))
        await eventually(lambda: len(served.server._parts.unfinished._sizes) == 2)
        other.write(b"\x0b" + message("OTHER", 100_000))

        assert await large.answer() == "AR:LARGE:overloaded"
        assert await large.rest() == b""
        small.write(b"\x1c\r")
        other.write(b"\x1c\r")
        assert (await small.answer(), await other.answer()) == ("AA:SMALL", "AA:OTHER")
        assert served.server._parts.unfinished._sizes == {}


async def test_a_block_that_turns_out_to_be_whole_is_served_before_the_end():
    async with serving(FakeReceiver(), NARROW) as served, connected(served.address) as large:
        large.write(block("LARGE", 300_000)[:-1])
        await eventually(lambda: served.server._parts.unfinished._sizes)
        async with connected(served.address) as other:
            other.write(b"\x0b" + message("OTHER", 250_000))

            assert await large.answer() == "AA:LARGE"


async def test_a_block_that_is_whole_takes_nothing():
    async with serving(FakeReceiver(), NARROW) as served, connected(served.address) as peer:
        for number in range(5):
            peer.write(block(f"M{number}", 200_000))
            assert await peer.answer() == f"AA:M{number}"

        assert served.told.count("fault") == 0


async def test_what_a_sender_held_is_free_when_it_left():
    async with serving(FakeReceiver(), NARROW) as served:
        async with connected(served.address) as gone:
            gone.write(b"\x0b" + message("GONE", 300_000))
            await eventually(lambda: served.server._parts.unfinished._sizes)

        await eventually(lambda: not served.server._parts.unfinished._sizes)


async def test_a_block_without_its_last_byte_takes_nothing_once_the_silence_ended_it():
    async with serving(FakeReceiver(), NARROW) as served, connected(served.address) as peer:
        peer.write(block("M1", 300_000)[:-1])

        assert await peer.answer() == "AA:M1"
        assert served.server._parts.unfinished._sizes == {}


def test_the_largest_is_named_only_beyond_the_limit():
    unfinished: Unfinished[str] = Unfinished(100)

    assert [unfinished.note("a", 60), unfinished.note("b", 40), unfinished.note("c", 1)] == [None, None, "a"]
    assert [unfinished.note("a", 0), unfinished.note("b", 99), unfinished.note("b", 100)] == [None, None, "b"]
