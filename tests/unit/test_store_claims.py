"""A patient is worked on by one worker at a time, in turn; a worker that lost its claim changes nothing."""

import asyncio

import pytest
from test_store_samples import (
    JANE,
    JOHN,
    LEASE,
    NOON,
    arrival,
    claimed,
    claimed_message,
    dues,
    later,
    opened,
    publication,
    read,
    report,
)

from adapter.publication import Claim, StaleClaimError


async def test_the_patient_that_is_due_longest_comes_first(place):
    async with opened(place) as store:
        await store.keep(arrival("MSG1", patient="late", received=later(2)))
        await store.keep(arrival("MSG2", patient="early", received=later(1)))
        await store.keep(arrival("MSG3", patient="not yet", received=later(9)))

        claims = await store.claim(later(5), 10, LEASE)

    assert [claim.patient for claim in claims] == ["early", "late"]


async def test_a_claim_takes_no_more_than_asked_for(place):
    async with opened(place) as store:
        for number in range(3):
            await store.keep(arrival(f"MSG{number}", patient=f"patient {number}"))

        assert len(await store.claim(NOON, 2, LEASE)) == 2
        assert len(await store.claim(NOON, 2, LEASE)) == 1


async def test_nothing_due_is_no_claim(place):
    async with opened(place) as store:
        assert await store.claim(NOON, 10, LEASE) == []


async def test_a_claimed_patient_is_not_claimed_again(place):
    async with opened(place) as store:
        await store.keep(arrival())
        await claimed(store)

        assert await store.claim(later(0.9), 10, LEASE) == []


async def test_two_workers_at_once_never_get_the_same_patient(place):
    async with opened(place) as store:
        for number in range(20):
            await store.keep(arrival(f"MSG{number}", patient=f"patient {number}"))

        shares = await asyncio.gather(*(store.claim(NOON, 3, LEASE) for _ in range(10)))

    taken = [claim.patient for share in shares for claim in share]
    assert sorted(taken) == sorted(set(taken))
    assert len(taken) == 20


async def test_a_lease_that_ran_out_frees_the_patient_and_counts_as_a_failure(place):
    async with opened(place) as store:
        await store.keep(arrival())
        first = await claimed(store)
        second = await claimed(store, later(1))

    assert second == Claim(JANE.key, first.token + 1, attempts=1, failing_since=NOON)


async def test_who_was_claimed_when_the_program_died_is_due_at_the_next_start(place):
    async with opened(place) as store:
        await store.keep(arrival("MSG1"))
        await store.claim(NOON, 1, LEASE)

    async with opened(place) as store:
        (claim,) = await store.claim(later(1), 1, LEASE)

    assert (claim.attempts, claim.failing_since) == (1, NOON)


async def test_a_renewed_lease_keeps_the_patient(place):
    async with opened(place) as store:
        await store.keep(arrival())
        claim = await claimed(store)
        await store.renew([claim], later(0.9), LEASE)

        assert await store.claim(later(1.8), 10, LEASE) == []
        assert (await claimed(store, later(1.9))).token == claim.token + 1


async def test_a_claim_that_outlived_its_lease_may_be_renewed_while_nobody_took_it(place):
    async with opened(place) as store:
        await store.keep(arrival())
        claim = await claimed(store)
        await store.renew([claim], later(5), LEASE)

        assert await dues(store) == {JANE.key: later(6)}


async def test_renewing_several_extends_those_that_stand_and_names_those_that_do_not(place):
    async with opened(place) as store:
        await store.keep(arrival("MSG1"))
        await store.keep(arrival("MSG2", patient=JOHN.key))
        claims = {claim.patient: claim for claim in await store.claim(NOON, 10, LEASE)}
        await store.settle(claims[JOHN.key], later(30))
        with pytest.raises(StaleClaimError) as stale:
            await store.renew(list(claims.values()), later(1), LEASE)

        assert stale.value.claims == (claims[JOHN.key],)
        assert await dues(store) == {JANE.key: later(2), JOHN.key: NOON}


@pytest.mark.parametrize("call", ["settle", "postpone", "record_reading", "record_delivery", "put_resources", "renew"])
@pytest.mark.parametrize("cause", ["lost", "given back", "another patient"])
async def test_a_claim_that_does_not_cover_the_work_changes_nothing(place, call, cause):
    async with opened(place) as store:
        claim, message = await claimed_message(store)
        if cause == "lost":
            await claimed(store, later(1))
        elif cause == "given back":
            await store.postpone(claim, later(10), "down")
        else:
            claim = Claim(JOHN.key, claim.token)
        before = await _everything(store)
        calls = {
            "settle": lambda: store.settle(claim, None),
            "postpone": lambda: store.postpone(claim, later(99), "down"),
            "record_reading": lambda: store.record_reading(claim, message, read(report())),
            "record_delivery": lambda: store.record_delivery(claim, publication(), NOON),
            "put_resources": lambda: store.put_resources(
                claim, JANE.key, [{"resourceType": "Device", "id": "1"}], NOON
            ),
            "renew": lambda: store.renew([claim], later(1), LEASE),
        }

        with pytest.raises(StaleClaimError):
            await calls[call]()
        assert await _everything(store) == before


async def _everything(store):
    return (
        await store.waiting(),
        await store.messages(),
        await store.scores(),
        await store.reports(JANE.key),
        await store.read_resource("Device", "1"),
    )


@pytest.mark.parametrize("call", ["record_reading", "record_delivery", "put_resources"])
async def test_a_claim_covers_its_own_patient_alone(place, call):
    async with opened(place) as store:
        _, message = await claimed_message(store)
        await store.keep(arrival("MSG2", patient=JOHN.key))
        of_john = await claimed(store)
        calls = {
            "record_reading": lambda: store.record_reading(of_john, message, read(report())),
            "record_delivery": lambda: store.record_delivery(of_john, publication(), NOON),
            "put_resources": lambda: store.put_resources(of_john, JANE.key, [], NOON),
        }

        with pytest.raises(StaleClaimError):
            await calls[call]()
