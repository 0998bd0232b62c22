"""A drop folder with its archive, its errors and a store in memory, for the tests of what becomes of a file."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from test_intake_messages import MemoryStore, message

from adapter.arrival import Origin, Sender
from adapter.hl7v2.enhanced import AckMode
from adapter.inbound.batch_intake import BatchIntake
from adapter.inbound.drop_folders import DropFolders
from adapter.inbound.file_drop import FileDrop
from adapter.intake import Intake
from adapter.telemetry import Telemetry

NOW = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
M1, M2, BAD = message(), message(id="M2"), message(id="BAD", processing="Q")


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


def acknowledged(text: str) -> list[str]:
    return [":".join(line.split("|")[1:3]) for line in text.split("\r") if line.startswith("MSA")]
