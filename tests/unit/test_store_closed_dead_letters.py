"""A score that its destination did not take stays a problem until a person closes it, or has it delivered again."""

import pytest
from sqlalchemy import update
from store_places import url
from test_store_destinations import REFUSED
from test_store_retention import bodies, pruned
from test_store_samples import JANE, LEASE, arrival, claimed, later, publication, read, report

from adapter.app.dead_letters import DeadLetters
from adapter.store import Store
from adapter.store.closings import Closing, NothingToCloseError
from adapter.store.codec import milliseconds
from adapter.store.confirmations import NoSuchScoreError
from adapter.store.open_problems import OpenProblems, open_problems
from adapter.store.retention_rows import Kind, Rule
from adapter.store.schema import dead_letter
from adapter.web.faults import RefusedError

WHY = Closing("entered there by hand", "it-desk", later(60))
ON_ITS_WAY = publication("", "delivering")


@pytest.fixture
async def store(place):
    opened = await Store.open(url(place))
    yield opened
    await opened.close()


async def refused(store, minutes=1.0, digest="d1", **summary):
    """Mark the patient by a message, and have its score refused."""
    await store.keep(arrival(f"M{minutes}", received=later(minutes)))
    (claim,) = await store.claim(later(minutes), 10, LEASE)
    for message in await store.unread(claim.patient):
        await store.record_reading(claim, message, read(report()))
    await store.record_delivery(claim, publication("", "delivering", **summary), later(minutes))
    await store.bury(claim, publication(digest, **summary), REFUSED, later(minutes))
    await store.settle(claim, None)


async def delivered(store, minutes):
    await store.keep(arrival(f"M{minutes}", received=later(minutes)))
    (claim,) = await store.claim(later(minutes), 10, LEASE)
    await store.record_delivery(claim, publication(), later(minutes))
    await store.settle(claim, None)


async def open_ones(store):
    """The dead letters that are listed, of as many as are counted."""
    listed = [one.score_id for one in await store.destinations.dead_letters()]
    assert (await store._reader.read(open_problems)) == OpenProblems(held=0, dead_letters=len(listed), answers=0)
    return listed


async def close(store, at=WHY.at):
    await store.closings.close_dead_letter("score-1", Closing(WHY.reason, WHY.by, at))


async def test_a_closed_dead_letter_is_listed_no_more_and_its_score_is_still_not_delivered(store):
    await refused(store)
    assert await open_ones(store) == ["score-1"]
    await close(store)

    assert await open_ones(store) == []
    assert [score.state for score in await store.scores()] == ["delivering"]
    letter = await store.destinations.dead_letter("score-1")
    assert (letter.closed, letter.answer) == (WHY.at, REFUSED)
    (entry,) = await store.closings.history("score-1")
    assert (entry.action, entry.by, entry.reason, entry.at) == ("close-dead-letter", WHY.by, WHY.reason, WHY.at)


async def test_only_a_dead_letter_that_is_open_can_be_closed(store):
    with pytest.raises(NoSuchScoreError):
        await close(store)
    await delivered(store, 1)
    with pytest.raises(NothingToCloseError):
        await close(store)
    await refused(store, 2)
    await close(store)
    with pytest.raises(NothingToCloseError):
        await close(store)
    await delivered(store, 70)
    with pytest.raises(NothingToCloseError):
        await close(store)

    assert len(await store.audit_trail()) == 1


async def test_a_closing_holds_although_the_clock_was_set_back(store):
    await refused(store, 30)
    await close(store, at=later(5))

    assert await open_ones(store) == []


async def test_what_was_closed_and_fails_once_more_in_the_same_words_stays_closed(store):
    await refused(store)
    await close(store)
    await refused(store, 70)

    assert await open_ones(store) == []
    assert (await store.destinations.dead_letter("score-1")).closed == WHY.at


@pytest.mark.parametrize("change", [{"digest": "d2"}, {"group": "2"}])
async def test_a_score_that_became_another_one_and_fails_again_is_open_again(store, change):
    await refused(store)
    await close(store)
    await refused(store, 70, **change)

    assert await open_ones(store) == ["score-1"]
    assert (await store.destinations.dead_letter("score-1")).closed is None


async def test_a_score_that_arrived_after_it_was_closed_is_open_when_it_fails_again(store):
    await refused(store)
    await close(store)
    await delivered(store, 70)
    assert await store.destinations.dead_letter("score-1") is None
    await refused(store, 80)

    assert await open_ones(store) == ["score-1"]


async def test_a_failure_that_an_older_version_writes_down_beside_this_one_is_open(store):
    await refused(store)
    await close(store)
    anew = update(dead_letter).values(digest="d2", at=milliseconds(later(70)))
    await store._writer.write(lambda connection: connection.execute(anew).rowcount)

    assert await open_ones(store) == ["score-1"]


async def test_a_closed_dead_letter_is_delivered_again_only_when_it_is_named_and_is_open_when_it_fails(store):
    await refused(store)
    await close(store)

    assert await store.destinations.replay_dead("mended", later(90), "it-desk") == 0
    assert await store.claim(later(90), 10, LEASE) == []
    assert await store.destinations.replay_dead("asked for", later(91), "it-desk", "score-1") == 1
    claim = await claimed(store, later(91))
    await store.record_delivery(claim, ON_ITS_WAY, later(92))
    await store.bury(claim, publication(), REFUSED, later(92))

    assert await open_ones(store) == ["score-1"]
    actions = [entry.action for entry in await store.closings.history("score-1")]
    assert actions == ["close-dead-letter", "replay-dead"]


async def test_the_bodies_of_a_patient_stay_until_its_dead_letter_is_closed(store):
    await refused(store)
    rule = Rule(Kind.READ, later(1000))

    assert await pruned(store, rule) == {Kind.READ: (0, 1)}
    await close(store)
    assert await pruned(store, rule) == {Kind.READ: (1, 0)}
    assert await bodies(store) == []


async def test_the_web_shows_what_was_closed_by_whom_and_refuses_to_close_what_is_not_open(store):
    await refused(store)
    letters = DeadLetters(store, lambda: WHY.at, lambda: None)
    open_one = await letters.letter("score-1")
    answered = await letters.close("score-1", " by hand ", "it-desk")
    closed = await letters.letter("score-1")

    assert (open_one["state"], open_one["closed"], open_one["history"]) == ("open", None, [])
    assert answered == {"score": "score-1", "dead_letter": "closed"}
    assert (closed["state"], closed["closed"], closed["patient"]) == ("closed", WHY.at.isoformat(), JANE.key)
    assert [(entry["action"], entry["reason"]) for entry in closed["history"]] == [("close-dead-letter", "by hand")]
    for asked in (letters.close("score-1", "again", "it-desk"), letters.close("none", "?", "it-desk")):
        with pytest.raises(RefusedError):
            await asked
    with pytest.raises(RefusedError):
        await letters.letter("none")
