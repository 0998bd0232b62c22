"""Which addresses may connect, and how a deadline is kept."""

import asyncio

import pytest

from adapter.inbound.deadline import Deadline
from adapter.inbound.limits import Limits
from adapter.inbound.peers import PeerList, PeerListError, Seats, peer_address


@pytest.mark.parametrize(
    ("seen", "known_as"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:DB8:0::1", "2001:db8::1"),
    ],
)
def test_an_address_has_one_form(seen, known_as):
    assert peer_address(seen) == known_as


@pytest.mark.parametrize(
    ("address", "allowed"),
    [("10.1.2.3", True), ("10.2.0.1", False), ("192.168.1.7", True), ("2001:db8::5", True), ("2001:db9::5", False)],
)
def test_an_address_may_connect_when_a_listed_network_holds_it(address, allowed):
    peers = PeerList(["10.1.0.0/16", "192.168.1.7", "2001:db8::/32"])

    assert peers.allows(address) is allowed


def test_without_a_list_everyone_may_connect():
    assert PeerList().allows("203.0.113.9")


def test_with_an_empty_list_nobody_may_connect():
    assert not PeerList([]).allows("203.0.113.9")


@pytest.mark.parametrize("entry", ["10.0.0.1/8", "hospital.example", ""])
def test_an_entry_that_is_no_network_is_an_error_at_the_start(entry):
    with pytest.raises(PeerListError, match="CIDR"):
        PeerList([entry])


def test_a_peer_with_all_its_places_leaves_those_of_the_others():
    seats = Seats(Limits(max_connections=3, max_connections_per_peer=1))

    assert [seats.take(peer).over_capacity for peer in ("10.0.0.1", "10.0.0.1", "10.0.0.2")] == [False, True, False]


def test_a_seat_given_back_twice_is_one_seat():
    seats = Seats(Limits(max_connections=2))
    first, _ = seats.take("10.0.0.1"), seats.take("10.0.0.1")
    seats.leave(first)
    seats.leave(first)

    assert [seats.take("10.0.0.1").over_capacity for _ in range(2)] == [False, True]


async def test_a_deadline_that_is_pushed_comes_later_and_once():
    now, came = asyncio.get_running_loop().time, asyncio.Event()
    calls = []

    def expired():
        calls.append(now())
        came.set()

    deadline = Deadline(0.5, expired)
    deadline.start()
    await asyncio.sleep(0.05)
    pushed = now()
    deadline.start()
    await asyncio.wait_for(came.wait(), 20)
    await asyncio.sleep(0.05)

    assert len(calls) == 1
    assert calls[0] - pushed >= 0.49


async def test_a_deadline_that_is_stopped_never_comes():
    calls = []
    deadline = Deadline(0.01, lambda: calls.append(1))
    deadline.start()
    deadline.stop()
    await asyncio.sleep(0.03)

    assert calls == []
