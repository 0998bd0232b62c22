"""A drop folder that several processes see: the next holder takes what one left in hand, none puts away wrongly."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from drop_site import M1, M2, NOW
from test_intake_messages import MemoryStore

from adapter.arrival import Origin, Sender
from adapter.hl7v2.enhanced import AckMode
from adapter.inbound.batch_intake import BatchIntake
from adapter.inbound.drop_folders import DropFolders
from adapter.inbound.file_drop import FileDrop
from adapter.intake import Intake
from adapter.telemetry import Telemetry


@dataclass
class Shared:
    """One folder and one store, and the drops of several processes."""

    root: Path
    store: MemoryStore = field(default_factory=MemoryStore)

    def __post_init__(self) -> None:
        for name in ("in", "done", "wrong"):
            (self.root / name).mkdir()
        self.folders = DropFolders(self.root / "in", self.root / "done", self.root / "wrong")
        self.folders.prepare()

    def holder(self, turn: int) -> tuple[FileDrop, list[bool]]:
        """A drop in its turn, and whether it stands."""
        drop = FileDrop(self.folders, 100_000, Origin("drop", "", Sender("files", ack=AckMode.ORIGINAL)))
        stands = [True]
        drop.hold(turn, lambda: stands[0])
        return drop, stands

    async def look(self, drop: FileDrop, store: MemoryStore | None = None) -> None:
        intake = Intake(store or self.store, Telemetry(quiet=True), lambda: NOW, lambda: None)
        for _ in range(2):
            await drop.look(BatchIntake(intake, lambda: NOW))

    def in_hand(self, turn: int, content: bytes) -> Path:
        """Leave a file in the hand of a holder."""
        self.folders.held(turn)
        file = self.root / f"in/.in-hand/{turn}/report.hl7"
        file.write_bytes(content)
        return file

    def names(self, folder: str) -> list[str]:
        return sorted(path.name for path in (self.root / folder).iterdir() if path.is_file())

    @property
    def kept(self) -> list[str]:
        return [arrival.control_id for arrival in self.store.arrivals]


@pytest.fixture
def shared(tmp_path: Path) -> Shared:
    return Shared(tmp_path)


async def test_what_an_earlier_holder_left_in_hand_is_read_by_the_next(shared: Shared) -> None:
    shared.in_hand(3, M1)
    later, _ = shared.holder(4)

    await shared.look(later)

    assert (shared.kept, shared.names("done")) == (["M1"], ["report.hl7", "report.hl7.ack"])


async def test_what_a_later_holder_has_in_hand_is_left_to_it(shared: Shared) -> None:
    theirs = shared.in_hand(4, M1)
    earlier, _ = shared.holder(3)

    await shared.look(earlier)

    assert (shared.kept, theirs.exists()) == ([], True)


async def test_one_process_alone_reads_what_any_holder_left(shared: Shared) -> None:
    """The store has moved back from PostgreSQL to a file."""
    shared.in_hand(7, M1)
    alone, _ = shared.holder(0)

    await shared.look(alone)

    assert (shared.kept, shared.names("done")) == (["M1"], ["report.hl7", "report.hl7.ack"])


async def test_a_holder_that_went_on_too_late_puts_nothing_away_and_writes_no_words(shared: Shared) -> None:
    """It stopped while it stored the file; the next one took it, and the sender dropped another of its name."""
    drop, _ = shared.holder(3)
    (shared.root / "in/report.hl7").write_bytes(M1)
    later, _ = shared.holder(4)

    class Paused(MemoryStore):
        async def keep(store, arrival):  # noqa: N805 - self is the test's shared folder here
            kept = await super().keep(arrival)
            await shared.look(later)
            shared.in_hand(4, M2)
            return kept

    await shared.look(drop, Paused())

    assert shared.kept == ["M1"]
    assert shared.names("done") == ["report.hl7", "report.hl7.ack"]
    assert shared.names("in/.in-hand/4") == ["report.hl7"]
    assert shared.names("wrong") == []


async def test_a_holder_whose_lease_is_over_takes_no_file_and_puts_none_away(shared: Shared) -> None:
    drop, stands = shared.holder(3)
    (shared.root / "in/report.hl7").write_bytes(M1)

    class Lapsing(MemoryStore):
        async def keep(store, arrival):  # noqa: N805 - as above
            stands[0] = False
            return await super().keep(arrival)

    (shared.root / "in/second.hl7").write_bytes(M2)
    await shared.look(drop, Lapsing())

    assert (shared.names("in"), shared.names("in/.in-hand/3"), shared.names("done")) == (
        ["second.hl7"],
        ["report.hl7"],
        [],
    )


def test_a_folder_is_known_by_the_same_name_to_all_who_see_it(shared: Shared, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").symlink_to(shared.root / "in")
    seen = DropFolders(tmp_path / "elsewhere", shared.folders.archive, shared.folders.errors)
    (tmp_path / "another").mkdir()
    another = DropFolders(tmp_path / "another", shared.folders.archive, shared.folders.errors)
    another.prepare()

    assert shared.folders.identity() == seen.identity() == shared.folders.identity()
    assert another.identity() != shared.folders.identity()
    assert shared.folders.left() == []
