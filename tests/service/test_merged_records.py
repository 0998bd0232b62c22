"""Records of one patient: reports and scores go with the survivor, and come back when the merge was wrong."""

from itertools import permutations

import pytest
from test_late_and_cancelled import PID, report
from under_test import AdapterUnderTest

ONE, TWO, THREE = "777001", "777002", "777003"


def of(record, payload):
    """The same message of another record."""
    return payload.replace(f"{ONE}^^^HOSP".encode(), f"{record}^^^HOSP".encode())


def adt(trigger, survivor, old, hour, control=""):
    at = f"20261121{hour:02}0000+0000"
    second = f"PID|2||{old}^^^HOSP^MR" if trigger == "A37" else f"MRG|{old}^^^HOSP^MR"
    header = f"MSH|^~\\&|ADT|HIS|NETPET|HOSP|{at}||ADT^{trigger}|{trigger}{survivor}{old}{hour}{control}|P|2.5.1"
    return "\r".join((header, f"EVN|{trigger}|{at}", PID.replace(ONE, survivor), second, "")).encode()


SSTR_OF_ONE, FDG_OF_TWO = report("S"), of(TWO, report("F", suv=3))
MERGE = adt("A40", TWO, ONE, 1)
UNLINK = adt("A37", ONE, TWO, 2)
SWAPPED = adt("A40", ONE, TWO, 3)


async def told(adapter, record):
    """What an EHR may rely on of a record."""
    found = await adapter.observations(record)
    return [one["valueCodeableConcept"]["text"] for one in found if one["status"] == "preliminary"]


async def withdrawn(adapter, record):
    return {one["status"] for one in await adapter.observations(record)} <= {"entered-in-error"}


@pytest.mark.parametrize("order", list(permutations([SSTR_OF_ONE, FDG_OF_TWO, MERGE])))
async def test_studies_of_two_records_are_a_pair_once_these_are_merged_in_any_order(tmp_path, order):
    async with AdapterUnderTest(tmp_path) as adapter:
        for payload in order:
            assert await adapter.send(payload) == ["AA"]
        await adapter.settled()

        assert (await told(adapter, ONE), await told(adapter, TWO)) == ([], ["P2a"])


async def test_a_score_of_a_record_that_is_merged_away_is_withdrawn_and_stands_under_the_survivor(tmp_path):
    async with AdapterUnderTest(tmp_path) as adapter:
        await adapter.send(report("S"), report("F", suv=3))
        await adapter.settled()
        assert await told(adapter, ONE) == ["P2a"]

        await adapter.send(MERGE)
        await adapter.settled()

        assert (await told(adapter, TWO), await withdrawn(adapter, ONE)) == (["P2a"], True)


async def test_an_unlink_brings_each_record_back_what_was_its_own(tmp_path):
    async with AdapterUnderTest(tmp_path) as adapter:
        await adapter.send(report("S"), report("F", suv=3), MERGE)
        await adapter.settled()
        await adapter.send(UNLINK)
        await adapter.settled()

        assert (await told(adapter, ONE), await withdrawn(adapter, TWO)) == (["P2a"], True)


async def test_a_merge_with_the_roles_swapped_moves_the_score_to_the_other_record(tmp_path):
    async with AdapterUnderTest(tmp_path) as adapter:
        await adapter.send(SWAPPED, SSTR_OF_ONE, FDG_OF_TWO, MERGE)
        await adapter.settled()

        assert (await told(adapter, ONE), await told(adapter, TWO)) == (["P2a"], [])


async def test_a_chain_of_merges_ends_in_its_last_record(tmp_path):
    async with AdapterUnderTest(tmp_path) as adapter:
        await adapter.send(adt("A40", THREE, TWO, 2), SSTR_OF_ONE, FDG_OF_TWO, MERGE)
        await adapter.settled()

        assert [await told(adapter, record) for record in (ONE, TWO, THREE)] == [[], [], ["P2a"]]


async def test_a_report_that_comes_under_the_old_record_after_the_merge_counts_for_the_survivor(tmp_path):
    async with AdapterUnderTest(tmp_path) as adapter:
        await adapter.send(MERGE, FDG_OF_TWO)
        await adapter.settled()
        await adapter.send(SSTR_OF_ONE)
        await adapter.settled()

        assert await told(adapter, TWO) == ["P2a"]


async def test_a_merge_that_closes_a_circle_is_held_and_changes_nothing(tmp_path):
    async with AdapterUnderTest(tmp_path) as adapter:
        await adapter.send(SSTR_OF_ONE, FDG_OF_TWO, MERGE, adt("A40", THREE, TWO, 2))
        await adapter.settled()
        await adapter.send(adt("A40", ONE, THREE, 3))
        await adapter.settled()

        (last, *_) = await adapter.service.store.messages()
        assert (last.state, last.problem) == ("held", "value-conflict")
        assert await told(adapter, THREE) == ["P2a"]


async def test_a_held_merge_is_taken_by_itself_once_what_it_contradicts_is_undone(tmp_path):
    async with AdapterUnderTest(tmp_path) as adapter:
        await adapter.send(SSTR_OF_ONE, of(THREE, report("F", suv=3)), MERGE)
        await adapter.settled()
        await adapter.send(adt("A40", THREE, ONE, 1))
        await adapter.settled()
        (held, *_) = await adapter.service.store.messages()
        assert (held.state, await told(adapter, THREE)) == ("held", [])

        await adapter.send(UNLINK)
        await adapter.settled()

        assert (await adapter.service.store.message(held.id)).summary.state == "read"
        assert await told(adapter, THREE) == ["P2a"]


async def test_a_held_merge_is_taken_once_a_further_merge_makes_both_survivors_one(tmp_path):
    async with AdapterUnderTest(tmp_path) as adapter:
        await adapter.send(SSTR_OF_ONE, of(THREE, report("F", suv=3)), MERGE, adt("A40", THREE, ONE, 1))
        await adapter.settled()
        await adapter.send(adt("A40", THREE, TWO, 2))
        await adapter.settled()

        assert {one.state for one in await adapter.service.store.messages()} == {"read"}
        assert await told(adapter, THREE) == ["P2a"]


async def test_what_still_contradicts_is_held_again_and_tried_no_further(tmp_path):
    async with AdapterUnderTest(tmp_path) as adapter:
        await adapter.send(MERGE, adt("A40", THREE, ONE, 1), adt("A40", TWO, "777004", 2))
        await adapter.settled()

        states = {one.control_id: one.state for one in await adapter.service.store.messages()}
        assert sorted(states.values()) == ["held", "read", "read"]


async def test_merged_records_that_disagree_on_the_birth_date_are_a_hard_stop(tmp_path):
    async with AdapterUnderTest(tmp_path) as adapter:
        await adapter.send(SSTR_OF_ONE, FDG_OF_TWO.replace(b"19600101", b"19600202"), MERGE)
        await adapter.settled()

        assert await adapter.observations(TWO) == []
        (stopped,) = await adapter.service.store.scores(("stopped",))
        assert "patient-mismatch" in stopped.summary["reasons"]


async def test_a_merge_for_testing_merges_nothing(tmp_path):
    async with AdapterUnderTest(tmp_path) as adapter:
        await adapter.send(SSTR_OF_ONE, FDG_OF_TWO, MERGE.replace(b"|P|2.5.1", b"|T|2.5.1"))
        await adapter.settled()

        assert await told(adapter, TWO) == []


async def test_a_merge_that_is_replayed_says_the_same_once_more(tmp_path):
    async with AdapterUnderTest(tmp_path) as adapter:
        await adapter.send(SSTR_OF_ONE, FDG_OF_TWO, MERGE)
        await adapter.settled()
        before = await adapter.observations(TWO)
        (merge, *_) = await adapter.service.store.messages()
        await adapter.service.store.replay(merge.id, "to see", adapter.now)
        await adapter.settled()

        assert await adapter.observations(TWO) == before
