"""A replay goes page by page and gives way while enough waits to be read; a preview changes nothing."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from test_store_samples import JANE, JOHN, LEASE, NOON, arrival, later, opened, read, report
from work_fakes import SITE

from adapter.app.mappings_in_use import MappingsInUse
from adapter.app.offers import kept_message
from adapter.app.reader import MessageReader
from adapter.app.replay_mappings import KnownMappings
from adapter.app.replay_preview import Preview
from adapter.app.replays import MOST_UNREAD, SET_BACK_AT_ONCE, Replays
from adapter.inbound.senders import DoorSenders
from adapter.mapping.catalogue import MappingSet
from adapter.outcome import Held, Ignored, Place, Problem
from adapter.reading import Merged, Read
from adapter.settings import shipped_folder
from adapter.web.faults import RefusedError
from adapter.web.replays import MessagesReplay, PreviewRequest

SHIPPED = MappingSet.load(shipped_folder("mappings"))
HELD = Held(Problem.NO_MAPPING, Place("MSH"), "no active mapping owns it")


def asked(**members):
    return MessagesReplay.model_validate({"all": True, "reason": "mended"} | members)


def replays(store, reading=HELD):
    """The control over a store, and how often it woke the worker."""
    woken = []
    in_use = MappingsInUse(SHIPPED, NOON)
    preview = Preview(store, lambda _message: reading, SITE, lambda: later(90))
    control = Replays(store, KnownMappings(in_use), preview, lambda: later(90), lambda: woken.append(1))
    return SimpleNamespace(replay=control.replay, preview=control.preview, woken=woken)


async def keep(store, count, reading=None, patient=None):
    for number in range(count):
        await store.keep(arrival(f"M{number}", patient=patient or f"patient-{number}", received=later(number / 60)))
    if reading is not None:
        for claim in await store.claim(later(60), count, LEASE):
            for message in await store.unread(claim.patient):
                await store.record_reading(claim, message, reading)
            await store.settle(claim, None)


async def test_many_are_replayed_in_pages_and_each_once(tmp_path):
    async with opened(tmp_path) as store:
        await keep(store, SET_BACK_AT_ONCE + 5, HELD)
        service = replays(store)

        first = await service.replay("ris-team", asked())
        second = await service.replay("ris-team", asked(after=first["after"], through=first["through"]))

        assert (first["replayed"], first["done"], first["left"]) == (SET_BACK_AT_ONCE, False, [])
        assert (second["replayed"], second["done"]) == (5, True)
        assert (await store.counts()).messages == {"received": SET_BACK_AT_ONCE + 5}
        assert service.woken == [1, 1]


async def test_while_enough_waits_to_be_read_nothing_is_set_back_and_the_page_stays(tmp_path):
    async with opened(tmp_path) as store:
        await keep(store, 1, HELD)
        for number in range(MOST_UNREAD):
            await store.keep(arrival(f"NEW{number}", patient=f"new-{number}"))
        service = replays(store)

        page = await service.replay("ris-team", asked(state=("held",)))

        assert (page["replayed"], page["after"], page["done"], page["unread"]) == (0, 0, False, MOST_UNREAD)
        assert (await store.counts()).messages == {"held": 1, "received": MOST_UNREAD}
        assert service.woken == []


async def test_a_message_that_is_not_there_is_refused_and_one_without_bytes_is_left_out(tmp_path):
    async with opened(tmp_path) as store:
        await keep(store, 1, Ignored())
        service = replays(store)
        (kept,) = await store.messages()

        with pytest.raises(RefusedError, match="no message of this id"):
            await service.replay("ris-team", asked(message="none", all=False))
        page = await service.replay("ris-team", asked(message=kept.id, all=False))

    assert (page["replayed"], page["left"]) == (0, [{"why": "not-kept", "mapping": None, "count": 1}])


async def test_as_sent_a_merge_is_read_again_and_what_no_mapping_read_is_left_out(tmp_path):
    async with opened(tmp_path) as store:
        await keep(store, 1, Merged(()), JANE.key)
        await store.keep(arrival("HELD", patient=JOHN.key))
        service = replays(store)

        page = await service.replay("ris-team", asked(**{"with": "as-sent"}))

    assert (page["replayed"], page["left"]) == (1, [{"why": "never-read", "mapping": None, "count": 1}])


async def test_a_message_that_waits_is_previewed_as_what_it_will_be(tmp_path):
    async with opened(tmp_path) as store:
        await keep(store, 1)
        page = await replays(store).preview(PreviewRequest(all=True))

    (message,) = page["messages"]
    assert message["then"] == {"reading": "waits to be read"}
    assert message["now"]["reading"] == "held: no-mapping MSH no active mapping owns it"
    assert (page["readings"], page["scores"], page["done"]) == ({"held": 1}, [], True)


async def test_a_report_that_is_no_longer_read_is_shown_with_the_score_that_would_go(tmp_path):
    async with opened(tmp_path) as store:
        await keep(store, 1, read(report()), JANE.key)
        page = await replays(store).preview(PreviewRequest(all=True))
        same = await replays(store, read(report())).preview(PreviewRequest(all=True))

    (message,) = page["messages"]
    assert (message["then"]["lesions"], message["now"]["lesions"]) == (1, 0)
    assert (same["messages"], [score["then"] for score in same["scores"]]) == ([], [None])


@pytest.mark.parametrize("reading", [HELD, Ignored("none of ours"), Merged(())])
async def test_what_is_read_as_it_was_is_no_difference(tmp_path, reading):
    async with opened(tmp_path) as store:
        await keep(store, 1, reading, JANE.key)
        page = await replays(store, reading).preview(PreviewRequest(all=True))

    assert (page["messages"], page["scores"]) == ([], [])


async def test_a_message_that_names_a_mapping_is_read_with_that_one_or_held(tmp_path):
    reader = MessageReader(MappingsInUse(MappingSet(()), NOON), DoorSenders({}))
    raw = (shipped_folder("fixtures") / "demo" / "03_p2b_1_sstr.hl7").read_bytes()
    (canonical,) = (one for one in SHIPPED.mappings if one.form.id == "canonical")
    async with opened(tmp_path) as store:
        await store.keep(arrival())
        detail = await store.message((await store.messages())[0].id)
    message = replace(kept_message(detail), raw=raw)

    with_those_in_use = reader.read(message)
    as_sent = reader.read(replace(message, read_with=f"{canonical.name} {canonical.sha256}"))
    gone = reader.read(replace(message, read_with="canonical@0.1.0 0"))

    assert not isinstance(with_those_in_use, Read)
    assert as_sent.mapping_id == "canonical"
    assert (gone.problem, gone.rule.partition(",")[0]) == (Problem.NO_MAPPING, "canonical@0.1.0")
