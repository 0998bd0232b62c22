"""Records by their addresses: the newest word counts in any order, and no link waits for one for ever."""

import asyncio
from contextlib import contextmanager
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from postgres_server import PostgresPlace
from sqlalchemy import create_engine, select
from test_store_samples import JANE, JOHN, LEASE, NOON, arrival, later, opened

from adapter.outcome import Held, Problem
from adapter.reading import Merged, Reading
from adapter.scoring.linked_records import AwaitedLink, Links, StatedRecord
from adapter.scoring.merges import Merge
from adapter.scoring.report import PatientIdentity
from adapter.store import Store
from adapter.store.stated_records import (
    StatedMeanwhileError,
    known,
    opaque,
    require,
    state,
    stated_record,
)

ONE, TWO = "http://mpi.example/Patient/1", "http://mpi.example/Patient/2"
MARY = PatientIdentity("777777", "HOSP", birth_date="19600101")
ROUNDS = 8


def stated(address: str, *identities: PatientIdentity, minute: int = 0) -> StatedRecord:
    return StatedRecord(address, identities, NOON + timedelta(minutes=minute))


def link(own: PatientIdentity, address: str, *, survives: bool = True, minute: int = 1) -> AwaitedLink:
    at = NOON + timedelta(minutes=minute)
    return AwaitedLink((own,), address, survives, at, f"said by {own.value}", "Patient.link[0].other")


def waiting(own: PatientIdentity, at: str, address: str, **how: bool) -> Merged:
    """A record that links to an address, and states itself."""
    one = link(own, address, **how)
    spoken_of = Merge(own, own, one.at, undone=True, said_by=one.said_by)
    return Merged((spoken_of,), awaited=(one,), records=(stated(at, own),))


@contextmanager
def nothing_stated():
    engine = create_engine("sqlite://")
    with engine.begin() as one:
        stated_record.create(one)
        yield one
    engine.dispose()


@pytest.fixture
def connection():
    with nothing_stated() as one:
        yield one


def test_an_address_is_known_by_all_identifiers_in_their_order(connection):
    changed = state(connection, [stated(ONE, MARY, JANE, MARY)])

    assert (changed, known(connection, [ONE, TWO])) == ({opaque(ONE)}, {ONE: (MARY, JANE), TWO: ()})


def test_no_address_is_kept_as_it_is(connection):
    state(connection, [stated(ONE, JANE)])

    assert not any("mpi.example" in str(row) for row in connection.execute(select(stated_record)))


def test_a_later_version_that_says_the_same_changes_nothing_and_an_older_one_that_comes_after_it_neither(connection):
    state(connection, [stated(ONE, JANE)])

    assert state(connection, [stated(ONE, JANE, minute=2)]) == set()
    assert state(connection, [stated(ONE, MARY, minute=1)]) == set()
    assert known(connection, [ONE]) == {ONE: (JANE,)}


WORDS = st.lists(
    st.builds(
        stated,
        st.sampled_from([ONE, TWO]),
        st.sampled_from([JANE, JOHN, MARY]),
        minute=st.integers(min_value=0, max_value=3),
    ),
    max_size=8,
)


@given(WORDS, st.randoms(use_true_random=False), st.integers(min_value=1, max_value=3))
def test_the_order_in_which_records_are_stated_settles_nothing(words, chance, at_once):
    ends = []
    for _ in range(2):
        with nothing_stated() as one:
            for begin in range(0, len(words), at_once):
                state(one, words[begin : begin + at_once])
            ends.append(known(one, [ONE, TWO]))
        chance.shuffle(words)

    assert ends[0] == ends[1]


def test_a_record_is_required_to_be_known_as_the_message_was_read_with_it(connection):
    require(connection, Links((), {ONE: ()}))
    state(connection, [stated(ONE, JANE)])
    require(connection, Links((), {ONE: (JANE,)}))

    with pytest.raises(StatedMeanwhileError):
        require(connection, Links((), {ONE: ()}))


async def read_as(store: Store, control_id: str, lane: PatientIdentity, reading: Reading) -> Reading:
    """Keep a message and read it, in a lane that nobody else works on; gives what was kept of it."""
    await store.keep(arrival(control_id, patient=lane.key))
    while True:
        mine = None
        for claim in await store.claim(later(5), 20, LEASE):
            if claim.patient == lane.key:
                mine = claim
            else:
                await store.settle(claim, None)
        if mine is not None:
            (message, *_) = await store.unread(lane.key)
            kept = await store.record_reading(mine, message, reading)
            await store.settle(mine, None)
            return kept.reading
        await asyncio.sleep(0.005)


async def states(store: Store) -> dict[str, str]:
    return {one.control_id: one.state for one in await store.messages()}


async def test_a_link_is_held_until_its_record_is_stated_and_then_to_be_read(place):
    async with opened(place) as store:
        held = await read_as(store, "M1", JANE, waiting(JANE, ONE, TWO))
        assert isinstance(held, Held)
        assert (held.problem, held.place.path) == (Problem.NOT_FOUND, "Patient.link[0].other")

        await read_as(store, "M2", JOHN, Merged((), records=(stated(TWO, JOHN),)))
        assert await states(store) == {"M1": "received", "M2": "read"}
        assert JANE.key in {lane.patient for lane in await store.waiting()}


async def test_a_link_that_was_taken_is_read_again_when_its_record_gets_another_identifier_and_only_then(place):
    async with opened(place) as store:
        await read_as(store, "M1", JOHN, Merged((), records=(stated(TWO, JOHN),)))
        assert isinstance(await read_as(store, "M2", JANE, waiting(JANE, ONE, TWO)), Merged)

        await read_as(store, "M3", JOHN, Merged((), records=(stated(TWO, JOHN, minute=1),)))
        assert (await states(store))["M2"] == "read"
        await read_as(store, "M4", JOHN, Merged((), records=(stated(TWO, MARY, minute=2),)))
        assert (await states(store))["M2"] == "received"


@pytest.mark.parametrize("_round", range(ROUNDS))
async def test_a_link_that_one_process_holds_while_another_states_its_record_is_not_left_held(
    postgres: PostgresPlace, _round
):
    async with opened(postgres) as one, opened(postgres) as other, asyncio.timeout(60):
        await asyncio.gather(
            read_as(one, "M1", JANE, waiting(JANE, ONE, TWO)),
            read_as(other, "M2", JOHN, Merged((), records=(stated(TWO, JOHN),))),
        )
        found = (await states(one))["M1"]

        assert found in ("read", "received")
        assert (found == "received") <= (JANE.key in {lane.patient for lane in await other.waiting()})


@pytest.mark.parametrize("_round", range(ROUNDS))
async def test_two_links_that_wait_for_each_other_are_not_both_left_held_by_two_processes(
    postgres: PostgresPlace, _round
):
    async with opened(postgres) as one, opened(postgres) as other, asyncio.timeout(60):
        await asyncio.gather(
            read_as(one, "M1", JANE, waiting(JANE, ONE, TWO)),
            read_as(other, "M2", JOHN, waiting(JOHN, TWO, ONE, survives=False)),
        )

        assert set((await states(one)).values()) <= {"read", "received"}
