"""A message is kept before it is sent, and its answer beside it; an accept is never undone."""

from datetime import timedelta

import pytest
from test_store_samples import NOON, claimed, later, opened, publication
from test_store_scores import delivering

from adapter.delivery import SentMessage
from adapter.publication import Claim, StaleClaimError

FIRST = SentMessage("score-1", 1, "d1", "N1", b"MSH|first", NOON)
SECOND = SentMessage("score-1", 2, "d2", "N2", b"MSH|second", NOON + timedelta(seconds=1))


async def recorded(store):
    claim = await delivering(store)
    await store.record_delivery(claim, publication(), NOON)
    return claim


async def test_a_score_of_which_nothing_was_sent_has_no_last_message(place):
    async with opened(place) as store:
        assert await store.last_sent("score-1") is None


async def test_the_last_message_is_known_to_the_byte(place):
    async with opened(place) as store:
        claim = await recorded(store)
        await store.keep_sent(claim, FIRST)
        await store.keep_sent(claim, SECOND)

        assert await store.last_sent("score-1") == SECOND


async def test_an_answer_stands_beside_its_message(place):
    async with opened(place) as store:
        await store.keep_sent(await recorded(store), FIRST)
        await store.record_answer(FIRST, b"MSA|AE", False, later(1))

        kept = await store.last_sent("score-1")

    assert (kept.answer, kept.accepted) == (b"MSA|AE", False)


async def test_an_accept_is_not_undone_by_what_is_answered_to_a_repetition(place):
    async with opened(place) as store:
        await store.keep_sent(await recorded(store), FIRST)
        await store.record_answer(FIRST, b"MSA|AR", False, later(1))
        await store.record_answer(FIRST, b"MSA|AA", True, later(2))
        await store.record_answer(FIRST, b"MSA|AE", False, later(3))

        kept = await store.last_sent("score-1")

    assert (kept.answer, kept.accepted) == (b"MSA|AA", True)


async def test_a_worker_that_lost_its_claim_keeps_nothing(place):
    async with opened(place) as store:
        claim = await recorded(store)

        with pytest.raises(StaleClaimError):
            await store.keep_sent(Claim(claim.patient, claim.token - 1), FIRST)

        assert await store.last_sent("score-1") is None


async def test_what_was_sent_survives_a_restart(place):
    async with opened(place) as store:
        await store.keep_sent(await recorded(store), FIRST)
    async with opened(place) as store:
        assert await store.last_sent("score-1") == FIRST
        assert await claimed(store, later(1))
