"""A score is kept as it stands and as it once stood, and delivering it twice changes nothing."""

from decimal import Decimal

from test_store_samples import JANE, NOON, arrival, claimed, later, opened, publication

from adapter.publication import Delivered

OBSERVATION = {"resourceType": "Observation", "id": "1", "valueQuantity": {"value": Decimal("3.10")}}


async def delivering(store):
    await store.keep(arrival())
    return await claimed(store)


async def test_what_was_delivered_is_known_with_its_resources_to_the_digit(place):
    async with opened(place) as store:
        claim = await delivering(store)
        await store.record_delivery(claim, publication(resources=(OBSERVATION,)), NOON)

        (delivered,) = await store.delivered(JANE.key)

    assert delivered == Delivered("score-1", "d1", "published", (OBSERVATION,))
    assert str(delivered.resources[0]["valueQuantity"]["value"]) == "3.10"


async def test_the_resources_known_are_those_delivered_last(place):
    async with opened(place) as store:
        claim = await delivering(store)
        await store.record_delivery(claim, publication(resources=(OBSERVATION,)), NOON)
        await store.record_delivery(claim, publication("d2", "waiting"), later(1))

        assert await store.delivered(JANE.key) == [Delivered("score-1", "d2", "waiting", ())]


async def test_a_score_shows_its_summary_and_when_it_changed(place):
    async with opened(place) as store:
        claim = await delivering(store)
        await store.record_delivery(claim, publication(tolerance=Decimal("0.10")), NOON)

        (score,) = await store.scores()

    assert score.summary == {"grade": "P2a", "tolerance": Decimal("0.10")}
    assert (score.score_id, score.patient, score.state, score.version) == ("score-1", JANE.key, "published", 1)
    assert (score.updated, score.digest) == (NOON, "d1")


async def test_a_score_that_was_superseded_is_listed_only_where_its_state_is_named(place):
    async with opened(place) as store:
        claim = await delivering(store)
        await store.record_delivery(claim, publication("", "superseded"), NOON)

        assert await store.scores() == await store.scores(patient=JANE.key) == []
        assert [one.score_id for one in await store.scores(("superseded",))] == ["score-1"]


async def test_a_delivery_recorded_twice_changes_nothing(place):
    async with opened(place) as store:
        claim = await delivering(store)
        await store.record_delivery(claim, publication(), NOON)
        before = await store.scores()
        await store.record_delivery(claim, publication(), later(1))

        assert await store.scores() == before
        assert len(await store.score_history("score-1")) == 1


async def test_each_new_digest_and_each_new_state_is_a_version_of_its_own(place):
    async with opened(place) as store:
        claim = await delivering(store)
        for minute, (digest, state) in enumerate([("d1", "waiting"), ("d1", "published"), ("d2", "published")]):
            await store.record_delivery(claim, publication(digest, state), later(minute))

        history = await store.score_history("score-1")

    assert [(one.version, one.digest, one.state, one.at) for one in history] == [
        (1, "d1", "waiting", NOON),
        (2, "d1", "published", later(1)),
        (3, "d2", "published", later(2)),
    ]


async def test_a_new_summary_alone_is_shown_and_is_no_new_version(place):
    async with opened(place) as store:
        claim = await delivering(store)
        await store.record_delivery(claim, publication(), NOON)
        await store.record_delivery(claim, publication(grade="P2b"), later(1))

        (score,) = await store.scores()
        assert (score.summary, score.version, score.updated) == ({"grade": "P2b"}, 1, later(1))
        assert len(await store.score_history("score-1")) == 1


async def test_each_version_keeps_what_was_delivered_with_it(place):
    async with opened(place) as store:
        claim = await delivering(store)
        await store.record_delivery(claim, publication(resources=(OBSERVATION,)), NOON)
        await store.record_delivery(claim, publication("d2"), later(1))

        assert [one.resources for one in await store.score_history("score-1")] == [(OBSERVATION,), ()]


async def test_scores_are_listed_last_changed_first_and_page_by_page(place):
    async with opened(place) as store:
        claim = await delivering(store)
        for number in range(5):
            await store.record_delivery(claim, publication(score_id=f"score-{number}"), later(number // 2))

        first = await store.scores(limit=3)
        second = await store.scores(limit=3, before=(first[-1].updated, first[-1].score_id))

    assert [score.score_id[-1] for score in first + second] == ["4", "3", "2", "1", "0"]


async def test_scores_are_found_by_state_and_by_patient(place):
    async with opened(place) as store:
        claim = await delivering(store)
        await store.record_delivery(claim, publication(score_id="one"), NOON)
        await store.record_delivery(claim, publication(score_id="two", state="waiting"), NOON)

        assert [score.score_id for score in await store.scores(states=("waiting",))] == ["two"]
        assert len(await store.scores(patient=JANE.key)) == 2
        assert await store.scores(patient="another") == []


async def test_scores_survive_a_restart(place):
    async with opened(place) as store:
        await store.record_delivery(await delivering(store), publication(), NOON)
    async with opened(place) as store:
        assert await store.delivered(JANE.key) == [Delivered("score-1", "d1", "published")]
