"""Held messages that the mappings in use can read are found without touching them, and replayed on a person's word."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest
from work_fakes import NOW, eventually

from adapter.app.hot_reload import Attempt, Outcome
from adapter.app.mappings_control import MappingsControl
from adapter.app.mappings_in_use import MappingsInUse
from adapter.app.offers import MOST, Offers
from adapter.mapping.catalogue import MappingSet
from adapter.outcome import Held, Ignored, Problem, StoreUnavailableError
from adapter.reading import Read
from adapter.store.views import MessageDetail, MessageSummary
from adapter.telemetry import Telemetry

READ = Read((), "site", "1.3.0", "0")


class HeldMessages:
    """Held messages in memory, the newest first; what was replayed is held no more."""

    def __init__(self, count):
        self.held = {f"m{number}": number for number in range(count)}
        self.replayed = []
        self.asked = 0
        self.down = 0

    async def messages(self, filters, limit=50, before=None):
        if self.down:
            self.down -= 1
            raise StoreUnavailableError("the disk is full")
        assert filters.states == ("held",)
        newest_first = sorted(self.held.items(), key=lambda one: -one[1])
        return [summary(id_, number) for id_, number in newest_first if before is None or number < before][:limit]

    async def message(self, id_):
        self.asked += 1
        return MessageDetail(summary(id_, self.held[id_]), "", "", b"x", b"") if id_ in self.held else None

    async def replay(self, id_, reason, at, by=""):
        self.replayed.append((id_, reason, at, by))
        return self.held.pop(id_, None) is not None


def summary(id_, number):
    received = NOW + timedelta(seconds=number)
    return MessageSummary(id_, number, received, "mllp", "hl7v2", "", "", "", False, "P", "p", "held", "no-mapping", 1)


def even_ones(message):
    return READ if message.sequence % 2 == 0 else Held(Problem.NO_MAPPING)


@asynccontextmanager
async def looking(store, read=even_ones):
    telemetry = Telemetry()
    offers = Offers(store, read, telemetry)
    task = asyncio.create_task(offers.run())
    offers.look()
    try:
        yield SimpleNamespace(
            offers=offers, offered=lambda: telemetry.registry.get_sample_value("netpet_replay_offered"), told=telemetry
        )
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_can_be_read_now_is_offered_and_stays_held():
    store = HeldMessages(5)

    async with looking(store) as found:
        await eventually(found.offered)
        offers = await found.offers.standing()

    assert [(one.message_id, one.problem, one.mapping) for one in offers] == [
        ("m4", "no-mapping", "site@1.3.0"),
        ("m2", "no-mapping", "site@1.3.0"),
        ("m0", "no-mapping", "site@1.3.0"),
    ]
    assert (store.replayed, found.offers.tried) == ([], 5)


async def test_what_would_be_ignored_now_is_not_offered():
    async with looking(HeldMessages(3), lambda _message: Ignored()) as found:
        await eventually(lambda: found.offers.tried == 3)

        assert await found.offers.standing() == []


async def test_an_offer_ends_when_its_message_is_no_longer_held():
    store = HeldMessages(3)
    async with looking(store) as found:
        await eventually(found.offered)
        del store.held["m0"]

        assert [one.message_id for one in await found.offers.standing()] == ["m2"]
        assert found.offered() == 1


async def test_a_message_that_goes_while_it_is_looked_for_is_passed_over():
    store = HeldMessages(3)

    def forget(message):
        store.held.pop("m0", None)
        return READ

    async with looking(store, forget) as found:
        await eventually(found.offered)

        assert {one.message_id for one in await found.offers.standing()} == {"m1", "m2"}


async def test_what_is_offered_is_replayed_with_reason_and_name():
    store = HeldMessages(3)
    async with looking(store) as found:
        await eventually(found.offered)

        assert await found.offers.replay("ris-team", "mapping 1.3.0", NOW) == ["m2", "m0"]
        assert await found.offers.replay("ris-team", "mapping 1.3.0", NOW) == []

    assert store.replayed == [(id_, "mapping 1.3.0", NOW, "ris-team") for id_ in ("m2", "m0")]


async def test_a_pile_of_held_messages_is_tried_from_its_newest_and_not_to_its_end():
    store = HeldMessages(MOST + 100)
    async with looking(store) as found:
        await eventually(found.offered)

    assert (found.offers.tried, store.asked) == (MOST, MOST)


async def test_a_look_that_fails_is_made_again_when_told_the_next_time(capsys):
    store = HeldMessages(1)
    store.down = 1
    async with looking(store) as found:
        await eventually(lambda: found.told.registry.get_sample_value("netpet_failures_total", {"stage": "offers"}))
        found.offers.look()
        await eventually(found.offered)

    assert '"event": "offers-failed"' in capsys.readouterr().err


class FakeReload:
    """A reload that is always refused."""

    notice = "refused"
    last: Attempt | None = None

    async def reload(self, trigger):
        self.last = Attempt(NOW, trigger, Outcome.REFUSED, ("site.yaml:1:1: wrong",))
        return self.last


@pytest.fixture
def control():
    store = HeldMessages(0)
    woken = []
    offers = Offers(store, even_ones, Telemetry(quiet=True))
    in_use = MappingsInUse(MappingSet(()), NOW)
    return MappingsControl(in_use, FakeReload(), offers, lambda: NOW, lambda: woken.append(1)), woken


async def test_what_was_tried_last_is_shown(control):
    shown, _ = control
    assert (await shown.standing())["last_attempt"] is None

    attempt = await shown.reload("ris-team")

    assert attempt == {
        "at": "2026-11-22T08:00:00.000+00:00",
        "trigger": "asked for by ris-team",
        "outcome": "refused",
        "faults": ["site.yaml:1:1: wrong"],
    }
    assert (await shown.standing())["last_attempt"] == attempt


async def test_a_replay_wakes_the_worker(control):
    shown, woken = control

    assert await shown.replay_offered("ris-team", "why") == {"replayed": []}
    assert woken == [1]
