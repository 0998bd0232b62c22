"""A file renamed into the folder is stored and put away; whatever happens, nothing of it is lost or doubled."""

import pytest
from drop_site import BAD, M1, M2, acknowledged
from test_intake_messages import FullStore, MemoryStore, message

from adapter.arrival import Arrival, Kept
from adapter.hl7v2.mllp import encode_block
from adapter.inbound.file_drop import STORE_WAITS

BHS = b"BHS|^~\\&|RIS|NUC|NETPET|HOSP|20261120||||B1\r"
SILENT = message(asks="NE|NE")


@pytest.mark.parametrize(
    ("content", "answers", "kept"),
    [
        (M1, ["AA:M1"], ["M1"]),
        (M1.replace(b"\r", b"\n"), ["AA:M1"], ["M1"]),
        (M1 + M2, ["AA:M1", "AA:M2"], ["M1", "M2"]),
        (BHS + M1 + M2 + b"BTS|2\r", ["AA:M1", "AA:M2"], ["M1", "M2"]),
        (b"FHS|^~\\&\r" + BHS + M1 + b"BTS|1\rFTS|1\r", ["AA:M1"], ["M1"]),
        (encode_block(M1) + b"\r\n" + encode_block(M2), ["AA:M1", "AA:M2"], ["M1", "M2"]),
        (encode_block(BHS + M1 + b"BTS|1\r"), ["AA:M1"], ["M1"]),
        (encode_block(M1)[:-1], ["AA:M1"], ["M1"]),
        (SILENT, ["AA:M1"], ["M1"]),
    ],
)
async def test_a_file_whose_messages_are_all_stored_goes_to_the_archive_with_its_answers(
    dropped, content, answers, kept
):
    dropped.put("report.hl7", content)
    await dropped.look()

    assert dropped.kept == kept
    assert (dropped.files("in"), dropped.files("in/.in-hand"), dropped.files("wrong")) == ([], [], [])
    assert dropped.files("done") == ["report.hl7", "report.hl7.ack"]
    assert (dropped.root / "done/report.hl7").read_bytes() == content
    assert acknowledged(dropped.read("done/report.hl7.ack")) == answers
    assert [(one.channel, one.sender) for one in dropped.store.arrivals] == [("drop", "files")] * len(kept)


@pytest.mark.parametrize(
    ("content", "kept", "words"),
    [
        (b"", [], ["message 1: header-unreadable at MSH: "]),
        (b"not HL7", [], ["message 1: header-unreadable at MSH: "]),
        (BAD, [], ["message 1: processing-id at MSH[1]-11: MSH-11 processing ID is one of P, T, D"]),
        (M1 + BAD + M2, ["M1", "M2"], ["3 messages: 2 stored, 1 refused.", "message 2: processing-id"]),
        (BHS + M1 + b"BTS|2\r", ["M1"], ["batch: batch-count at BTS[1]-1: "]),
        (BHS + M1 + b"BTS|1\rOBX|1|NM|x\r", [], ["batch: segment-missing at MSH: "]),
        (M1 + b"BTS|2\r", [], ["message 1: batch-count"]),
        (encode_block(M1) + b"\x0b" + M2, ["M1"], ["message 2: block-unterminated: the block never ended"]),
        (encode_block(M1) + b"PID|1", ["M1"], ["message 2: junk-between-blocks: bytes behind the last block"]),
        (encode_block(M1) + b"x" * 2000, ["M1"], ["message 2: junk-between-blocks: "]),
    ],
)
async def test_a_file_of_which_something_was_refused_goes_to_the_errors_with_problem_place_and_rule(
    dropped, content, kept, words
):
    dropped.put("report.hl7", content)
    await dropped.look()

    assert dropped.kept == kept
    assert (dropped.files("in/.in-hand"), dropped.files("done")) == ([], [])
    assert dropped.files("wrong") == ["report.hl7", "report.hl7.ack", "report.hl7.err"]
    told = dropped.read("wrong/report.hl7.err")
    assert [one for one in words if one not in told] == []
    assert "DOE" not in told


async def test_while_the_store_takes_nothing_the_file_waits_and_then_goes_its_way(dropped):
    dropped.store = FullStore()
    dropped.put("a.hl7", M1)
    dropped.put("b.hl7", M2)
    await dropped.look(4)
    assert (dropped.drop.notice, dropped.events) == (STORE_WAITS, ["drop-waits"])
    assert (dropped.files("in/.in-hand"), dropped.files("in"), dropped.files("wrong")) == (["a.hl7"], ["b.hl7"], [])

    dropped.store = MemoryStore()
    await dropped.look(1)
    assert (dropped.kept, dropped.drop.notice) == (["M1", "M2"], "")
    assert dropped.files("done") == ["a.hl7", "a.hl7.ack", "b.hl7", "b.hl7.ack"]


class BrokenStore(MemoryStore):
    async def keep(self, arrival: Arrival) -> Kept:
        if arrival.control_id == "M1":
            raise ValueError("a fault of ours")
        return await super().keep(arrival)


async def test_a_fault_of_ours_in_one_file_does_not_hold_up_the_others(dropped):
    dropped.store = BrokenStore()
    dropped.put("a.hl7", M1)
    dropped.put("b.hl7", M2)
    await dropped.look()

    assert (dropped.kept, dropped.files("done")) == (["M2"], ["b.hl7", "b.hl7.ack"])
    assert "message 1: internal: the program failed on it" in dropped.read("wrong/a.hl7.err")


async def test_what_an_end_without_warning_left_in_hand_is_read_first(dropped):
    (dropped.folders.in_hand / "report.hl7").write_bytes(M1)
    dropped.put("report.hl7", M2)
    dropped.restart()
    await dropped.look(2)

    assert dropped.kept == ["M1", "M2"]
    assert dropped.files("done") == ["report.2.hl7", "report.2.hl7.ack", "report.hl7", "report.hl7.ack"]


@pytest.mark.parametrize("left", [["done/report.hl7.ack"], ["done/.report.hl7.ack.part"], ["done/report.hl7"]])
async def test_a_step_that_was_broken_off_is_done_again_and_leaves_nothing_twice(dropped, left):
    (dropped.folders.in_hand / "report.hl7").write_bytes(M1)
    for path in left:
        (dropped.root / path).write_bytes(M1)
    await dropped.look(1)

    assert dropped.files("done") == ["report.hl7", "report.hl7.ack"]
    assert acknowledged(dropped.read("done/report.hl7.ack")) == ["AA:M1"]


async def test_another_file_of_the_same_name_in_the_archive_stays(dropped):
    for number in range(3):
        dropped.put("report.hl7", message(id=f"M{number}"))
        await dropped.look()

    assert [one for one in dropped.files("done") if not one.endswith(".ack")] == [
        "report.2.hl7",
        "report.3.hl7",
        "report.hl7",
    ]
    assert acknowledged(dropped.read("done/report.2.hl7.ack")) == ["AA:M1"]


async def test_a_name_that_waits_in_hand_is_not_claimed_a_second_time(dropped):
    dropped.store = FullStore()
    dropped.put("report.hl7", M1)
    await dropped.look()
    dropped.put("report.hl7", M2)
    await dropped.look()

    assert (dropped.folders.in_hand / "report.hl7").read_bytes() == M1
    assert (dropped.folder / "report.hl7").read_bytes() == M2


async def test_a_stop_lets_the_other_files_wait(dropped):
    class Stopping(MemoryStore):
        async def keep(self, arrival: Arrival) -> Kept:
            dropped.drop.stop()
            return await super().keep(arrival)

    dropped.store = Stopping()
    dropped.put("a.hl7", M1)
    dropped.put("b.hl7", M2)
    await dropped.look()

    assert (dropped.files("done"), dropped.files("in")) == (["a.hl7", "a.hl7.ack"], ["b.hl7"])
