"""The two FHIR plans against four kinds of server: what is there afterwards, and what was sent for it."""

import json

import pytest
from fakes import serving
from fhir_deliveries import (
    KNOWS_ALL,
    KNOWS_NOTHING,
    FakeLedger,
    KilledError,
    deliver,
    deliver_until_done,
    delivering,
    lesions,
    published,
    retracted,
)
from fhir_scores import SCORE_ID

from adapter.delivery import DeliveryError

PLANS = ("transaction", "sequential")
OTHER_ID = "7f1c4d3e-0b0f-5c8e-9f55-2f6a0a6f7a12"


def one_score(server):
    (found,) = server.store.standing()
    return found


def pointed_at(resource):
    return [one["reference"] for one in resource["derivedFrom"] if "reference" in one]


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("agreement", [KNOWS_ALL, KNOWS_NOTHING, {}, {"client_ids": True}], ids=str)
async def test_a_score_and_what_belongs_to_it_stand_at_the_server_and_point_to_each_other(plan, agreement):
    async with serving() as server, delivering(server, plan, **agreement) as destination:
        await deliver(destination, published(*lesions("L1", "L2")))

        score = one_score(server)
        (device,) = server.store.of_type("Device")
        (provenance,) = server.store.of_type("Provenance")
        found = {f"Observation/{one['id']}" for one in server.store.standing("lesion")}
        assert len(found) == 2
        assert set(pointed_at(score)) == found
        assert score["device"]["reference"] == f"Device/{device['id']}"
        assert provenance["target"][0]["reference"] == f"Observation/{score['id']}"


@pytest.mark.parametrize("plan", PLANS)
async def test_the_server_gives_its_own_ids_where_it_does_not_take_ours(plan):
    async with serving() as server, delivering(server, plan, **KNOWS_ALL) as destination:
        await deliver(destination, published())

        assert one_score(server)["id"] != SCORE_ID
        assert one_score(server)["identifier"][0]["value"] == SCORE_ID


@pytest.mark.parametrize("plan", PLANS)
async def test_our_ids_are_the_servers_where_it_takes_them(plan):
    async with serving() as server, delivering(server, plan, client_ids=True) as destination:
        await deliver(destination, published())

        assert one_score(server)["id"] == SCORE_ID


@pytest.mark.parametrize("plan", PLANS)
async def test_what_is_there_already_is_not_sent_again(plan):
    async with serving() as server, delivering(server, plan, **KNOWS_ALL) as destination:
        await deliver(destination, published())
        server.log.clear()

        await deliver(destination, published())

        assert server.log == []


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("agreement", [KNOWS_ALL, KNOWS_NOTHING, {"client_ids": True}], ids=str)
async def test_a_correction_updates_in_place_and_withdraws_what_it_took_back(plan, agreement):
    async with serving() as server, delivering(server, plan, **agreement) as destination:
        first = published(*lesions("L1", "L2"))
        await deliver(destination, first)
        before = one_score(server)["id"]

        await deliver(destination, published(*lesions("L1"), before=first.resources, grade="P2b"))

        assert one_score(server)["id"] == before
        assert one_score(server)["valueCodeableConcept"]["text"] == "P2b"
        assert len(server.store.standing("lesion")) == 1
        assert len(server.store.of_type("Observation")) == 3
        assert len(server.store.of_type("Provenance")) == 1


@pytest.mark.parametrize("plan", PLANS)
async def test_a_retracted_score_stays_there_withdrawn(plan):
    async with serving() as server, delivering(server, plan, **KNOWS_ALL) as destination:
        await deliver(destination, published())
        await deliver(destination, retracted(published()))

        assert server.store.standing() == []
        assert {one["status"] for one in server.store.of_type("Observation")} == {"entered-in-error"}


@pytest.mark.parametrize("plan", PLANS)
async def test_scores_of_one_software_share_their_device(plan):
    async with serving() as server, delivering(server, plan, **KNOWS_ALL) as destination:
        await deliver(destination, published())
        await deliver(destination, published(score_id=OTHER_ID))

        assert len(server.store.of_type("Device")) == 1
        assert len(server.store.standing()) == 2


async def test_a_transaction_is_one_request_for_all_that_is_not_shared():
    async with serving() as server, delivering(server, **KNOWS_ALL) as destination:
        await deliver(destination, published(*lesions("L1", "L2", "L3")))

        assert [(method, path) for method, path, *_ in server.writes()] == [("POST", "Device"), ("POST", "")]


async def test_every_decimal_keeps_its_digits_on_the_wire():
    async with serving() as server, delivering(server, **KNOWS_ALL) as destination:
        await deliver(destination, published())

        assert b'"value":20.0' in server.writes()[-1][2]


@pytest.mark.parametrize("number", [1, 6, 12])
async def test_a_server_with_few_entries_a_transaction_gets_several(number):
    names = [f"L{one}" for one in range(number)]
    async with serving("medplum") as server, delivering(server, max_entries=8, **KNOWS_ALL) as destination:
        await deliver(destination, published(*lesions(*names)))

        assert len(server.store.standing("lesion")) == number
        assert len(pointed_at(one_score(server))) == number


async def test_a_transaction_that_is_too_large_for_the_server_is_refused_for_good():
    async with serving("medplum") as server, delivering(server, **KNOWS_ALL) as destination:
        with pytest.raises(DeliveryError) as caught:
            await deliver(destination, published(*lesions(*"abcdefghij")))

    assert caught.value.permanent
    assert caught.value.answer.codes == ("too-costly",)


@pytest.mark.parametrize("kind", ["epic", "oracle"])
async def test_a_server_without_transactions_and_conditions_gets_one_score(kind):
    async with serving(kind) as server, delivering(server, "sequential") as destination:
        first = published(*lesions("L1", "L2"))
        await deliver(destination, first)
        await deliver(destination, published(*lesions("L1"), before=first.resources, grade="P2b"))

        assert one_score(server)["valueCodeableConcept"]["text"] == "P2b"
        assert len(server.store.of_type("Observation")) == 3


@pytest.mark.parametrize("plan", PLANS)
async def test_what_a_lost_database_no_longer_knows_is_found_by_its_identifier(plan):
    async with serving() as server:
        for _ in range(2):
            async with delivering(server, plan, FakeLedger(), **KNOWS_ALL) as destination:
                await deliver(destination, published(grade="P2b"))

        assert one_score(server)["valueCodeableConcept"]["text"] == "P2b"
        assert len(server.store.of_type("Device")) == 1


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("agreement", [KNOWS_ALL, KNOWS_NOTHING, {"client_ids": True}], ids=str)
async def test_after_a_crash_anywhere_the_same_score_stands_once(plan, agreement):
    """The process dies at each of its notes in turn; the next one goes on with what was kept."""
    crashes, died = 0, True
    while died:
        died = False
        async with serving() as server:
            ledger = FakeLedger()
            ledger.fails_after = crashes
            try:
                async with delivering(server, plan, ledger, **agreement) as destination:
                    await deliver(destination, published(*lesions("L1", "L2")))
            except KilledError:
                died = True
            ledger.fails_after = None
            async with delivering(server, plan, ledger, **agreement) as destination:
                await deliver_until_done(destination, published(*lesions("L1", "L2")))
            assert len(server.store.standing()) == len(server.store.of_type("Provenance")) == 1
            assert len(server.store.standing("lesion")) == 2
        crashes += 1
    assert crashes > 3


@pytest.mark.parametrize("plan", PLANS)
async def test_two_scores_under_one_identifier_become_one_and_a_withdrawn_one(plan):
    async with serving() as server, delivering(server, plan, **KNOWS_ALL) as destination:
        await deliver(destination, published())
        server.store.create("Observation", one_score(server))

        await deliver_until_done(destination, published(grade="P2b", before=published().resources))
        async with delivering(server, plan, FakeLedger(), **KNOWS_ALL) as anew:
            await deliver_until_done(anew, published(grade="P3a"))

        assert one_score(server)["valueCodeableConcept"]["text"] == "P3a"
        withdrawn = [one for one in server.store.of_type("Observation") if one["status"] == "entered-in-error"]
        assert ["duplicate" in one["identifier"][0]["value"] for one in withdrawn] == [True]


@pytest.mark.parametrize("plan", PLANS)
async def test_a_score_that_somebody_changed_there_is_brought_up_to_date(plan):
    async with serving() as server, delivering(server, plan, **KNOWS_ALL) as destination:
        await deliver(destination, published())
        score = one_score(server)
        server.store.update("Observation", score["id"], score | {"status": "amended"})

        await deliver_until_done(destination, published(grade="P2b"))

        assert one_score(server)["valueCodeableConcept"]["text"] == "P2b"
        assert one_score(server)["status"] == "preliminary"


@pytest.mark.parametrize("plan", PLANS)
async def test_a_score_that_somebody_deleted_there_is_made_anew(plan):
    async with serving() as server, delivering(server, plan, **KNOWS_ALL) as destination:
        await deliver(destination, published())
        del server.store.held["Observation", one_score(server)["id"]]

        await deliver_until_done(destination, published(grade="P2b"))

        assert one_score(server)["valueCodeableConcept"]["text"] == "P2b"


@pytest.mark.parametrize("plan", PLANS)
async def test_a_site_may_leave_the_provenance_out(plan):
    async with serving() as server, delivering(server, plan, provenance=False, **KNOWS_ALL) as destination:
        await deliver(destination, published())

        assert server.store.of_type("Provenance") == []


@pytest.mark.parametrize("plan", PLANS)
async def test_a_summary_report_names_the_score_and_is_withdrawn_with_it(plan):
    async with serving() as server, delivering(server, plan, summary=True, **KNOWS_ALL) as destination:
        await deliver(destination, published())
        (report,) = server.store.of_type("DiagnosticReport")
        assert report["result"][0]["reference"] == f"Observation/{one_score(server)['id']}"

        await deliver(destination, retracted(published()))
        (report,) = server.store.of_type("DiagnosticReport")
        assert report["status"] == "entered-in-error"


async def test_what_the_server_refuses_is_told_without_its_words():
    async with serving("epic") as server, delivering(server, "transaction", **KNOWS_ALL) as destination:
        with pytest.raises(DeliveryError) as caught:
            await deliver(destination, published())

    assert caught.value.permanent
    assert (caught.value.answer.status, caught.value.answer.codes) == (405, ("not-supported",))
    assert caught.value.answer.expressions == ("Observation.value",)
    assert "DOE" not in json.dumps([str(caught.value), caught.value.answer.rule])
