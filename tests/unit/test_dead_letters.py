"""What a destination does not take: a dead letter that stops nobody else, and what is only late is tried again."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lesion_tables import FDG, SSTR
from published_patients import CLAIM, NOW, SITE, FakeDestination, FakeStore, version

from adapter.delivery import Answer, DeliveryError, is_given_up
from adapter.outbound.answers import LONGEST_RETRY_AFTER
from adapter.publication import bring_up_to_date

REFUSED = Answer(422, ("value",), (), "")
LONG_AGO = replace(CLAIM, failing_since=NOW - SITE.give_up_after, attempts=71)


class BurialStore(FakeStore):
    """Remembers dead letters."""

    def __init__(self, *reports):
        super().__init__(*reports)
        self.buried = []

    async def bury(self, claim, publication, answer, at):
        self.buried.append((publication.score_id, answer))


class Refusing(FakeDestination):
    """Refuses the scores that it is told to, so many times."""

    def __init__(self, *errors):
        super().__init__()
        self.errors = list(errors)

    async def deliver(self, claim, publication, at):
        if self.errors:
            raise self.errors.pop(0)
        await super().deliver(claim, publication, at)


def refused(permanent=True):
    return DeliveryError(REFUSED, permanent=permanent)


async def test_a_score_that_is_refused_for_good_is_a_dead_letter():
    store = BurialStore(version(SSTR), version(FDG))
    changed, _ = await bring_up_to_date(CLAIM, store, Refusing(refused()), SITE, NOW)

    assert [publication.state for publication in changed] == ["undeliverable"]
    assert store.buried == [(changed[0].score_id, REFUSED)]
    assert [one.state for one in store.scores.values()] == ["delivering"]


async def test_it_is_delivered_when_its_patient_is_marked_again():
    store, destination = BurialStore(version(SSTR), version(FDG)), Refusing(refused())
    await bring_up_to_date(CLAIM, store, destination, SITE, NOW)

    changed, _ = await bring_up_to_date(CLAIM, store, destination, SITE, NOW)

    assert [publication.state for publication in changed] == ["published"]


async def test_what_is_only_late_is_tried_again():
    store = BurialStore(version(SSTR), version(FDG))
    with pytest.raises(DeliveryError):
        await bring_up_to_date(CLAIM, store, Refusing(refused(permanent=False)), SITE, NOW)

    assert store.buried == []


async def test_what_was_tried_for_three_days_is_given_up_and_no_sooner():
    store = BurialStore(version(SSTR), version(FDG))
    almost = replace(LONG_AGO, failing_since=LONG_AGO.failing_since + timedelta(seconds=1))
    with pytest.raises(DeliveryError):
        await bring_up_to_date(almost, store, Refusing(refused(permanent=False)), SITE, NOW)
    assert store.buried == []

    changed, _ = await bring_up_to_date(LONG_AGO, store, Refusing(refused(permanent=False)), SITE, NOW)
    assert [publication.state for publication in changed] == ["undeliverable"]
    assert len(store.buried) == 1


@pytest.mark.parametrize("jump", [timedelta(hours=72), timedelta(days=4000)])
async def test_a_clock_that_jumps_gives_up_nothing_that_was_tried_less_often_than_once_an_hour_of_that_time(jump):
    store = BurialStore(version(SSTR), version(FDG))
    seldom = replace(CLAIM, failing_since=NOW - jump, attempts=70)
    with pytest.raises(DeliveryError):
        await bring_up_to_date(seldom, store, Refusing(refused(permanent=False)), SITE, NOW)

    assert store.buried == []


@given(
    st.integers(min_value=1, max_value=24 * 365),
    st.timedeltas(min_value=timedelta(seconds=1), max_value=LONGEST_RETRY_AFTER),
)
def test_whoever_is_tried_at_the_longest_pauses_or_shorter_ones_is_given_up_at_its_age_and_not_later(hours, pause):
    age = timedelta(hours=hours)
    pauses = -(-age // pause)

    assert is_given_up(NOW, NOW + pauses * pause, pauses + 1, age)
