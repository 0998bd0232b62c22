"""Processes that share a database of PostgreSQL do not get in each other's way."""

import asyncio

import pytest
from postgres_server import PostgresPlace
from sqlalchemy import text
from test_store_samples import JANE, JOHN, LEASE, NOON, arrival, claimed, dues, later, opened, publication

from adapter.publication import StaleClaimError
from adapter.store import Store


async def test_two_processes_keep_a_message_that_is_sent_to_both_once(postgres: PostgresPlace):
    async with opened(postgres) as one, opened(postgres) as other:
        kept = await asyncio.gather(*(store.keep(arrival()) for store in (one, other, one, other)))

        assert sorted(receipt.duplicate for receipt in kept) == [False, True, True, True]
        assert len(await one.messages()) == 1


async def test_two_processes_never_get_the_same_patient(postgres: PostgresPlace):
    async with opened(postgres) as one, opened(postgres) as other:
        await asyncio.gather(*(one.keep(arrival(f"MSG{n}", patient=f"patient {n}")) for n in range(30)))

        shares = await asyncio.gather(*(store.claim(NOON, 4, LEASE) for store in (one, other) * 5))

    taken = [claim.patient for share in shares for claim in share]
    assert len(taken) == len(set(taken)) == 30


async def test_what_a_process_holds_is_not_taken_by_one_that_starts(postgres: PostgresPlace):
    async with opened(postgres) as one:
        await one.keep(arrival())
        claim = await claimed(one)
        async with opened(postgres) as other:
            assert await other.claim(later(0.5), 10, LEASE) == []
        await one.postpone(claim, later(2), "down")


async def test_what_a_dead_process_held_is_taken_after_the_lease_and_it_can_no_longer_write(postgres: PostgresPlace):
    async with opened(postgres) as one, opened(postgres) as other:
        await one.keep(arrival())
        lapsed = await claimed(one)
        assert (await claimed(other, later(1))).attempts == 1

        with pytest.raises(StaleClaimError):
            await one.record_delivery(lapsed, publication(), later(1))


async def test_crossing_writes_of_two_processes_all_succeed(postgres: PostgresPlace):
    """Each has the patients of the other in its groups, in another order, while both claim and settle."""
    patients = [f"patient {n}" for n in range(40)]
    async with opened(postgres) as one, opened(postgres) as other, asyncio.timeout(60):
        for round_ in range(5):
            told = [(one, patients), (other, patients[::-1])]
            await asyncio.gather(
                *(
                    store.keep(arrival(f"MSG{round_}.{index}.{key}", patient=key))
                    for index, (store, keys) in enumerate(told)
                    for key in keys
                ),
                *(_work(store) for store, _ in told),
            )

        assert len(await one.messages(limit=1000)) == 400
        assert set(await dues(one)) <= set(patients)


async def _work(store: Store):
    claims = await store.claim(NOON, 20, LEASE)
    await asyncio.gather(*(store.settle(claim, NOON) for claim in claims))


async def test_writes_that_lock_in_a_circle_are_tried_again(postgres: PostgresPlace):
    both = asyncio.Barrier(2)
    loop = asyncio.get_running_loop()

    def crossing(first: str, second: str):
        meet = iter([True])

        def run(connection):
            connection.execute(text("UPDATE patient SET attempts = attempts + 1 WHERE key = :key"), {"key": first})
            if next(meet, False):
                asyncio.run_coroutine_threadsafe(_meet(both), loop).result(20)
            connection.execute(text("UPDATE patient SET attempts = attempts + 1 WHERE key = :key"), {"key": second})

        return run

    async with opened(postgres) as one, opened(postgres) as other:
        await one.keep(arrival("MSG1"))
        await one.keep(arrival("MSG2", patient=JOHN.key))
        await asyncio.gather(
            one._writer.write(crossing(JANE.key, JOHN.key)), other._writer.write(crossing(JOHN.key, JANE.key))
        )

        assert [lane.attempts for lane in await one.waiting()] == [2, 2]


async def _meet(barrier: asyncio.Barrier) -> None:
    await barrier.wait()


async def test_the_first_write_of_a_new_resource_by_two_processes_is_one_resource(postgres: PostgresPlace):
    device = {"resourceType": "Device", "id": "ours"}
    async with opened(postgres) as one, opened(postgres) as other:
        await one.keep(arrival("MSG1"))
        await one.keep(arrival("MSG2", patient=JOHN.key))
        first, second = await one.claim(NOON, 2, LEASE)
        await asyncio.gather(
            one.put_resources(first, first.patient, [device], NOON),
            other.put_resources(second, second.patient, [device], NOON),
        )

        assert len(await one.resource_history("Device", "ours")) == 1
