"""A file renamed into the folder is stored and put away; whatever happens, nothing of it is lost or doubled."""

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from test_intake_messages import FullStore, MemoryStore, message

from adapter.arrival import Arrival, Kept, Origin, Sender
from adapter.hl7v2.enhanced import AckMode
from adapter.hl7v2.mllp import encode_block
from adapter.inbound.batch_intake import BatchIntake
from adapter.inbound.drop_folders import DropFolders, FileDropError
from adapter.inbound.events import EVENTS
from adapter.inbound.file_drop import STORE_WAITS, FileDrop
from adapter.intake import Intake
from adapter.telemetry import Telemetry

NOW = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
BHS = b"BHS|^~\\&|RIS|NUC|NETPET|HOSP|20261120||||B1\r"
M1, M2, BAD = message(), message(id="M2"), message(id="BAD", processing="Q")
SILENT = message(asks="NE|NE")


@dataclass
class Dropped:
    """Three folders, a store in memory, and the drop between them."""

    root: Path
    store: MemoryStore = field(default_factory=MemoryStore)
    pattern: str = "*"
    max_file: int = 100_000
    told: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("in", "done", "wrong"):
            (self.root / name).mkdir(exist_ok=True)
        self.folders = DropFolders(self.folder, self.root / "done", self.root / "wrong", self.pattern)
        self.folders.prepare()
        self.restart()

    def restart(self) -> None:
        origin = Origin("drop", "", Sender("files", ack=AckMode.ORIGINAL))
        self.drop = FileDrop(self.folders, self.max_file, origin, lambda name, **facts: self.told.append((name, facts)))

    @property
    def folder(self) -> Path:
        return self.root / "in"

    def put(self, name: str, content: bytes) -> Path:
        """Rename a file into the folder, as the contract is."""
        beside = self.root / "beside"
        beside.write_bytes(content)
        return beside.rename(self.folder / name)

    async def look(self, times: int = 2) -> None:
        intake = Intake(self.store, Telemetry(quiet=True), lambda: NOW, lambda: None)
        for _ in range(times):
            await self.drop.look(BatchIntake(intake, lambda: NOW))

    @property
    def kept(self) -> list[str]:
        return [arrival.control_id for arrival in self.store.arrivals]

    def files(self, name: str) -> list[str]:
        return sorted(path.name for path in (self.root / name).iterdir() if path.is_file() or path.is_symlink())

    def read(self, path: str) -> str:
        return (self.root / path).read_bytes().decode()

    @property
    def events(self) -> list[str]:
        return [name for name, _ in self.told]


@pytest.fixture
def dropped(tmp_path: Path) -> Iterator[Dropped]:
    made = Dropped(tmp_path)
    yield made
    assert set(made.events) <= EVENTS
    assert not [facts for _, facts in made.told if "report" in str(facts)]


def acknowledged(text: str) -> list[str]:
    return [":".join(line.split("|")[1:3]) for line in text.split("\r") if line.startswith("MSA")]


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


@pytest.mark.parametrize(
    "name", ["report.tmp", "report.hl7.part", "REPORT.TMP", ".report.hl7", "report.hl7~", "report.filepart"]
)
async def test_a_file_that_its_sender_still_writes_is_left_alone(dropped, name):
    dropped.put(name, M1)
    await dropped.look(3)

    assert (dropped.files("in"), dropped.kept) == ([name], [])


async def test_a_file_that_grows_is_left_until_it_does_not(dropped):
    file = dropped.put("report.hl7", M1[:20])
    for size in (30, 40):
        await dropped.look(1)
        file.write_bytes(M1[:size])
    await dropped.look(1)
    assert dropped.kept == []
    file.write_bytes(M1)

    await dropped.look(2)
    assert dropped.kept == ["M1"]


async def test_a_file_that_grew_while_it_was_read_is_read_again(dropped):
    class Writing(MemoryStore):
        async def keep(self, arrival: Arrival) -> Kept:
            if len(self.arrivals) == 0:
                (dropped.folder / ".in-hand/report.hl7").write_bytes(M1 + M2)
            return await super().keep(arrival)

    dropped.store = Writing()
    dropped.put("report.hl7", M1)
    await dropped.look()
    assert dropped.drop.notice == "a file was still written to while it was read"
    assert dropped.files("done") == []

    await dropped.look(1)
    assert dropped.kept == ["M1", "M1", "M2"]
    assert (dropped.root / "done/report.hl7").read_bytes() == M1 + M2
    assert dropped.drop.notice == ""


async def test_only_names_of_the_pattern_are_picked_up(tmp_path):
    dropped = Dropped(tmp_path, pattern="*.hl7")
    dropped.put("report.hl7", M1)
    dropped.put("report.txt", M2)
    await dropped.look()

    assert (dropped.kept, dropped.files("in")) == (["M1"], ["report.txt"])


async def test_the_oldest_file_is_first(dropped):
    for number, name in enumerate(("c", "a", "b")):
        file = dropped.put(name, message(id=name))
        os.utime(file, (1000 + number, 1000 + number))
    await dropped.look()

    assert dropped.kept == ["c", "a", "b"]


async def test_a_link_is_never_followed_and_that_is_told_once(dropped):
    outside = dropped.root / "outside.hl7"
    outside.write_bytes(M1)
    (dropped.folder / "report.hl7").symlink_to(outside)
    os.mkfifo(dropped.folder / "pipe")
    (dropped.folder / "folder").mkdir()
    await dropped.look(3)

    assert (dropped.kept, dropped.files("in")) == ([], ["report.hl7"])
    assert dropped.told == [("file-left", {"listener": "drop", "reason": "a link or no regular file", "count": 2})]


async def test_a_file_that_became_a_link_after_the_look_is_not_followed_either(dropped):
    outside = dropped.root / "outside.hl7"
    outside.write_bytes(M1)
    (dropped.folders.in_hand / "report.hl7").symlink_to(outside)
    await dropped.look(1)

    assert (dropped.kept, dropped.files("wrong")) == ([], ["report.hl7", "report.hl7.err"])
    assert "Not read, nothing of it is stored." in dropped.read("wrong/report.hl7.err")
    assert outside.read_bytes() == M1


async def test_a_file_that_is_too_large_is_not_read(tmp_path):
    dropped = Dropped(tmp_path, max_file=len(M1) - 1)
    dropped.put("report.hl7", M1)
    await dropped.look()

    assert dropped.files("wrong") == ["report.hl7", "report.hl7.err"]
    assert "file: block-too-large: larger than the limit" in dropped.read("wrong/report.hl7.err")


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


async def test_a_folder_that_vanished_is_told_and_waited_for(dropped):
    (dropped.root / "done").rename(dropped.root / "gone")
    dropped.put("report.hl7", M1)
    await dropped.look(3)
    assert dropped.drop.notice == f"a file cannot be moved: {os.strerror(errno.ENOENT)}"
    assert dropped.events == ["drop-waits"]

    (dropped.root / "gone").rename(dropped.root / "done")
    await dropped.look(1)
    assert (dropped.files("done"), dropped.drop.notice) == (["report.hl7", "report.hl7.ack"], "")


async def test_a_drop_folder_that_vanished_is_told(dropped):
    dropped.folder.rename(dropped.root / "gone")
    await dropped.look(1)

    assert dropped.drop.notice == f"drop.folder: {os.strerror(errno.ENOENT)}"
    (dropped.root / "gone").rename(dropped.folder)


@pytest.mark.parametrize("name", ["in", "done", "wrong"])
def test_a_folder_that_is_not_there_is_named_by_its_setting(tmp_path, name):
    dropped = Dropped(tmp_path)
    folder = tmp_path / name
    if name == "in":
        dropped.folders.in_hand.rmdir()
    folder.rmdir()
    folder.write_bytes(b"")

    with pytest.raises(FileDropError, match=r"drop\.(folder|archive|errors): .* is no folder"):
        dropped.folders.prepare()


def test_the_folder_of_files_in_hand_is_no_link(tmp_path):
    dropped = Dropped(tmp_path)
    dropped.folders.in_hand.rmdir()
    dropped.folders.in_hand.symlink_to(tmp_path / "done")

    with pytest.raises(FileDropError, match="is a link"):
        dropped.folders.prepare()


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
