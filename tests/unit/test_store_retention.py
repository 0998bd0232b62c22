"""What may go from a store goes, in commits of a short time; what somebody has yet to see to, or rests on it, stays."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from test_store_samples import JANE, JOHN, NOON, arrival, claimed, later, opened, publication, read, report

from adapter.app.retention import Pace, Pass
from adapter.delivery import SentMessage
from adapter.outcome import Held, Ignored, Problem
from adapter.publication import Publication
from adapter.reading import Reading
from adapter.store import Store
from adapter.store.leases import ALONE, LeaseLostError, Tenure
from adapter.store.messages import Aftermath
from adapter.store.retention import Batch
from adapter.store.retention_rows import PAGE, Kind, Piece, Rule
from adapter.store.views import MessageFilter

US = Tenure("retention", ALONE)
QUICK = Pace(timedelta(seconds=1), timedelta(0))
LONG_AFTER = later(1_000_000)


async def keep(store: Store, control_id: str, reading: Reading, patient=JANE, size: int = 0) -> str:
    """Keep a message and its reading; gives its id."""
    given = arrival(control_id, "x" * size, patient=patient.key)
    kept = await store.keep(given)
    claim = await claimed(store, NOON)
    for message in await store.unread(claim.patient):
        await store.record_reading(claim, message, reading)
    await store.settle(claim, None)
    return kept.message_id


async def publish(store: Store, given: Publication, patient=JANE) -> None:
    await store.keep(arrival("mark", patient=patient.key))
    claim = await claimed(store, NOON)
    for message in await store.unread(claim.patient):
        await store.record_reading(claim, message, read(report(patient=patient)))
    await store.record_delivery(claim, given, NOON)
    await store.settle(claim, None)


async def pruned(store: Store, *rules: Rule) -> dict[Kind, tuple[int, int]]:
    """What went of each kind, and what was held back."""
    return {one.kind: (one.count, one.kept) for one in await Pass(store.retention, QUICK).run(rules, US)}


async def bodies(store: Store) -> list[str]:
    """The control ids of the messages that have a body, in order of arrival."""
    found = [await store.message(one.id) for one in await store.messages(MessageFilter(), limit=500)]
    return [one.summary.control_id for one in reversed(found) if one.raw is not None]


class KeepsIgnored:
    """What follows on a reading where the bodies of ignored messages stay for a time."""

    def aftermath(self, message, reading):
        return Aftermath(keep_ignored=True)

    def concluded(self, message_id, answer):
        pass


async def test_the_body_of_a_message_that_was_read_goes_when_its_time_is_over(place):
    async with opened(place) as store:
        await keep(store, "M1", read(report()))

        assert await pruned(store, Rule(Kind.READ, NOON)) == {Kind.READ: (0, 0)}
        assert await pruned(store, Rule(Kind.READ, later(1))) == {Kind.READ: (1, 0)}
        assert (await bodies(store), len(await store.reports(JANE.key))) == ([], 1)


async def test_a_message_without_body_is_still_known_when_it_comes_again(place):
    async with opened(place) as store:
        await keep(store, "M1", read(report()))
        await pruned(store, Rule(Kind.READ, LONG_AFTER), Rule(Kind.MESSAGES, LONG_AFTER))

        assert (await store.keep(arrival("M1", ""))).duplicate


async def test_of_bodies_the_newest_bytes_stay(place):
    async with opened(place) as store:
        for number in range(4):
            await keep(store, f"M{number}", read(report()), size=1000)
        one = (await store.messages())[0].size

        assert await pruned(store, Rule(Kind.READ, NOON, most=2 * one)) == {Kind.READ: (2, 0)}
        assert await pruned(store, Rule(Kind.READ, NOON, most=2 * one)) == {Kind.READ: (0, 0)}
        assert await bodies(store) == ["M2", "M3"]


async def test_a_limit_in_bytes_that_is_not_reached_lets_all_stay(place):
    async with opened(place) as store:
        await keep(store, "M1", read(report()))

        assert await pruned(store, Rule(Kind.READ, NOON, most=10_000)) == {Kind.READ: (0, 0)}


async def test_a_message_that_is_held_or_not_read_yet_stays_whatever_the_rules(place):
    rules = [Rule(kind, LONG_AFTER, 0) for kind in Kind]
    async with opened(place) as store:
        await keep(store, "held", Held(Problem.NO_MAPPING))
        await store.keep(arrival("unread", patient=JOHN.key))

        assert set((await pruned(store, *rules)).values()) == {(0, 0)}
        assert await bodies(store) == ["held", "unread"]


@pytest.mark.parametrize(
    ("state", "summary", "kept"),
    [
        ("published", {}, 0),
        ("published", {"review_required": True}, 1),
        ("published", {"review_required": True, "decision": {"verdict": "confirmed"}}, 0),
        ("rejected", {"review_required": True}, 0),
        ("retracted", {}, 0),
        ("stopped", {}, 1),
        ("waiting", {}, 1),
        ("delivering", {}, 1),
    ],
)
async def test_what_asks_for_a_person_keeps_the_bodies_of_its_patient(place, state, summary, kept):
    async with opened(place) as store:
        await publish(store, publication(state=state, **summary))
        await keep(store, "other", read(report(patient=JOHN)), JOHN)

        assert await pruned(store, Rule(Kind.READ, LONG_AFTER)) == {Kind.READ: (2 - kept, kept)}


async def test_a_patient_whose_work_fails_keeps_the_bodies(place):
    async with opened(place) as store:
        await keep(store, "M1", read(report()))
        await store.keep(arrival("M2"))
        await store.postpone(await claimed(store, NOON), LONG_AFTER, "no answer")

        assert await pruned(store, Rule(Kind.READ, LONG_AFTER)) == {Kind.READ: (0, 1)}


async def test_the_body_of_an_ignored_message_goes_and_later_what_is_left_of_it(place):
    async with opened(place) as store:
        store._recording._after = KeepsIgnored()
        await keep(store, "xray", Ignored())

        assert await pruned(store, Rule(Kind.MESSAGES, LONG_AFTER)) == {Kind.MESSAGES: (0, 0)}
        assert await pruned(store, Rule(Kind.IGNORED, later(1))) == {Kind.IGNORED: (1, 0)}
        assert await pruned(store, Rule(Kind.MESSAGES, NOON)) == {Kind.MESSAGES: (0, 0)}
        assert await pruned(store, Rule(Kind.MESSAGES, LONG_AFTER)) == {Kind.MESSAGES: (1, 0)}
        assert await store.messages() == []
        assert await store._reader.read(lambda on: on.scalar(text("SELECT count(*) FROM patient"))) == 0


async def test_the_lane_of_a_patient_who_is_known_by_more_stays(place):
    async with opened(place) as store:
        await keep(store, "xray", Ignored())
        await keep(store, "pet", read(report()))

        assert await pruned(store, Rule(Kind.MESSAGES, LONG_AFTER)) == {Kind.MESSAGES: (1, 0)}
        assert await store._reader.read(lambda on: on.scalar(text("SELECT count(*) FROM patient"))) == 1


async def test_a_patient_who_comes_back_is_worked_on_under_a_token_that_was_never_given(place):
    async with opened(place) as store:
        await store.keep(arrival("xray"))
        first = await claimed(store, NOON)
        (message,) = await store.unread(JANE.key)
        await store.record_reading(first, message, Ignored())
        await store.settle(first, None)
        await pruned(store, Rule(Kind.MESSAGES, LONG_AFTER))

        await store.keep(arrival("pet", received=later(1)))
        assert (await claimed(store, later(1))).token > first.token


async def test_an_answer_that_was_not_given_yet_keeps_its_message(place):
    async with opened(place) as store:
        message_id = await keep(store, "xray", Ignored())
        owed = (
            "UPDATE message SET application_answer = '\\x41'"
            if store.leases.shared
            else ("UPDATE message SET application_answer = 'A'")
        )
        await store._writer.write(lambda on: on.execute(text(owed)))

        assert await pruned(store, Rule(Kind.MESSAGES, LONG_AFTER)) == {Kind.MESSAGES: (0, 0)}
        await store.mark_delivered(message_id, NOON)
        assert await pruned(store, Rule(Kind.MESSAGES, LONG_AFTER)) == {Kind.MESSAGES: (1, 0)}


async def test_of_the_results_that_were_sent_the_last_one_stays_and_what_was_not_accepted(place):
    async with opened(place) as store:
        await publish(store, publication())
        await store.keep(arrival("again"))
        claim = await claimed(store, NOON)
        for number, accepted in ((1, True), (2, False), (3, True), (4, True)):
            sent = SentMessage("score-1", number, f"d{number}", f"C{number}", b"MSH", NOON)
            await store.keep_sent(claim, sent)
            await store.record_answer(sent, b"MSA", accepted, NOON)

        assert await pruned(store, Rule(Kind.SENT, NOON)) == {Kind.SENT: (0, 0)}
        assert await pruned(store, Rule(Kind.SENT, later(1))) == {Kind.SENT: (2, 0)}
        assert (await store.last_sent("score-1")).number == 4
        left = await store._reader.read(lambda on: on.scalars(text("SELECT number FROM sent_message")).all())
        assert sorted(left) == [2, 4]


async def test_more_than_a_page_goes_page_by_page(tmp_path):
    async with opened(tmp_path) as store:
        await asyncio.gather(*(store.keep(arrival(f"M{number}")) for number in range(PAGE + 5)))
        claim = await claimed(store, NOON)
        while found := await store.unread(JANE.key):
            for message in found:
                await store.record_reading(claim, message, read(report()))
        await store.settle(claim, None)

        assert await pruned(store, Rule(Kind.READ, LONG_AFTER)) == {Kind.READ: (PAGE + 5, 0)}
        assert await bodies(store) == []


async def test_a_commit_takes_no_longer_than_it_may_and_does_one_piece_at_least(place):
    async with opened(place) as store:
        for name in ("M1", "M2", "M3"):
            await keep(store, name, read(report()))
        pieces = (await store.retention.find(Rule(Kind.READ, LONG_AFTER), 0, None)).pieces

        removed = await store.retention.remove(US, Batch(Kind.READ, pieces, timedelta(0)))
        assert (removed.tried, removed.count, await bodies(store)) == (1, 1, ["M2", "M3"])


async def test_what_was_replayed_meanwhile_stays(place):
    async with opened(place) as store:
        message_id = await keep(store, "M1", read(report()))
        pieces = (await store.retention.find(Rule(Kind.READ, LONG_AFTER), 0, None)).pieces
        await store.replay(message_id, "mapping mended", NOON)

        assert (await store.retention.remove(US, Batch(Kind.READ, pieces, timedelta(1)))).count == 0
        assert await bodies(store) == ["M1"]


async def test_a_message_whose_body_went_is_not_replayed(place):
    async with opened(place) as store:
        message_id = await keep(store, "M1", read(report()))
        await pruned(store, Rule(Kind.READ, LONG_AFTER))

        assert not await store.replay(message_id, "mapping mended", NOON)


async def test_who_lost_the_lease_removes_nothing(postgres):
    async with opened(postgres) as store:
        await keep(store, "M1", read(report()))
        ours = await store.leases.take("retention", "us", timedelta(minutes=1))
        await store.leases.give_back(ours)

        with pytest.raises(LeaseLostError):
            await Pass(store.retention, QUICK).run([Rule(Kind.READ, LONG_AFTER)], ours)
        assert await bodies(store) == ["M1"]


async def test_what_the_store_takes_is_told_by_state(place):
    async with opened(place) as store:
        await keep(store, "M1", read(report()))
        await keep(store, "M2", read(report()))
        await pruned(store, Rule(Kind.READ, NOON, most=(await store.messages())[0].size))
        stored = await store.retention.stored()

    (one,) = stored.states
    assert (one.state, one.messages, one.bodies, one.size) == ("read", 2, 1, len(arrival("M2", "").raw))
    assert stored.size > 0


async def test_the_file_shrinks_when_what_was_in_it_went(tmp_path):
    file = tmp_path / "netpet.db"
    async with opened(tmp_path) as store:
        for number in range(20):
            await keep(store, f"M{number}", read(report()), size=200_000)
    before = file.stat().st_size
    async with opened(tmp_path) as store:
        await pruned(store, Rule(Kind.READ, LONG_AFTER))
        assert await store.retention.give_back(US, timedelta(seconds=1)) == 0

    assert before - file.stat().st_size > 20 * 200_000


async def test_pages_are_given_back_for_as_long_as_one_commit_may_take(tmp_path):
    async with opened(tmp_path) as store:
        await keep(store, "M1", read(report()), size=200_000)
        (piece,) = (await store.retention.find(Rule(Kind.READ, LONG_AFTER), 0, None)).pieces
        await store.retention.remove(US, Batch(Kind.READ, [piece], timedelta(1)))

        assert await store.retention.give_back(US, timedelta(0)) > 0


async def test_a_place_that_never_was_is_no_harm(place):
    async with opened(place) as store:
        for kind, nowhere in ((Kind.READ, (1,)), (Kind.MESSAGES, (1,)), (Kind.SENT, ("none", 1))):
            batch = Batch(kind, [Piece(nowhere, 0)], timedelta(1))
            assert (await store.retention.remove(US, batch)).count == 0
