"""What a power cut leaves of a folder: what was synced, and by chance some of what was not (see power.c)."""

import mmap
import random
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ENTRY = struct.Struct("<qqqq")
CONTROL = struct.Struct("<qqq")
SOURCE = Path(__file__).with_name("power.c")
SHARED_MEMORY = "-shm"
"""SQLite makes it anew from the log after a start of the machine; what is in it must not matter."""

Files = dict[str, bytes]


def build(folder: Path) -> Path:
    """Compile the library into a folder."""
    library = folder / "power.so"
    command = ["gcc", "-O2", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl", "-lpthread"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return library


class Control:
    """The page through which the harness reaches into a process: its disk's errors, its last touch, its clock."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.write_bytes(bytes(mmap.PAGESIZE))
        with file.open("r+b") as opened:
            self._page = mmap.mmap(opened.fileno(), mmap.PAGESIZE)

    def _set(self, place: int, value: int) -> None:
        struct.pack_into("<q", self._page, 8 * place, value)

    def fail(self, error: int) -> None:
        """Every touch that changes the folder fails with this errno from now on; 0: none."""
        self._set(0, error)

    def end_at(self, touch: int) -> None:
        """The process kills itself at its n-th touch of the folder; 0: it does not."""
        self._set(1, touch)

    def set_clock(self, ahead: int) -> None:
        """The process's clock is this many seconds ahead of the machine's."""
        self._set(2, ahead)

    def close(self) -> None:
        self._page.close()


@dataclass(frozen=True, slots=True)
class Entry:
    """One touch: C creates a name, W writes, T sets a size, U removes a name, S syncs a file (0: the folder)."""

    kind: str
    file: int
    offset: int
    data: bytes


def entries(record: bytes) -> Iterator[Entry]:
    """Turn a record into its touches; one that was being written at the end is left out: nothing was promised of it."""
    place = 0
    while place + ENTRY.size <= len(record):
        kind, file, offset, length = ENTRY.unpack_from(record, place)
        data = record[place + ENTRY.size : place + ENTRY.size + length]
        place += ENTRY.size + length
        if len(data) == length:
            yield Entry(chr(kind), file, offset, data)


@dataclass(slots=True)
class _File:
    """What is on the disk of a file, and what is not yet."""

    synced: bytearray
    pending: list[Entry] = field(default_factory=list)

    def sync(self) -> None:
        for entry in self.pending:
            _apply(self.synced, entry)
        self.pending.clear()


class Disk:
    """Follows a record: which bytes and names of a folder are on the disk for certain, and which only perhaps."""

    def __init__(self, folder: Path) -> None:
        files = [path for path in folder.iterdir() if not path.name.endswith(SHARED_MEMORY)]
        self._numbers = {path.stat().st_ino: _File(bytearray(path.read_bytes())) for path in files}
        self._names = {path.name: self._numbers[path.stat().st_ino] for path in files}
        self._renamed: list[tuple[str, _File | None]] = []

    def follow(self, record: bytes) -> None:
        """Take note of every touch of a record."""
        for entry in entries(record):
            self._take(entry)

    def _take(self, entry: Entry) -> None:
        if entry.kind == "C":
            self._numbers[entry.file] = _File(bytearray())
            self._renamed.append((entry.data.decode(), self._numbers[entry.file]))
        elif entry.kind == "U":
            self._renamed.append((entry.data.decode(), None))
        elif entry.kind == "S" and entry.file == 0:
            self._name(self._renamed)
            self._renamed.clear()
        elif entry.kind == "S":
            self._numbers[entry.file].sync()
        else:
            self._numbers[entry.file].pending.append(entry)

    def _name(self, changes: list[tuple[str, _File | None]]) -> None:
        for name, file in changes:
            if file is None:
                self._names.pop(name, None)
            else:
                self._names[name] = file

    def cut(self, chance: random.Random) -> Files:
        """Turn what is known into what a power cut leaves; any sectors of the rest may be there, torn or whole."""
        survival = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        sector = chance.choice((512, 4096))
        self._name(self._renamed[: sum(chance.random() < survival for _ in self._renamed)])
        for file in self._numbers.values():
            kept = [part for entry in file.pending for part in _sectors(entry, sector) if chance.random() < survival]
            file.pending = kept
            file.sync()
        return {name: bytes(file.synced) for name, file in self._names.items()}

    def whole(self) -> Files:
        """What the files hold for a program that reads them now."""
        self._name(self._renamed)
        for file in self._numbers.values():
            file.sync()
        return {name: bytes(file.synced) for name, file in self._names.items()}


def _apply(content: bytearray, entry: Entry) -> None:
    if entry.kind == "T":
        del content[entry.offset :]
        content.extend(bytes(entry.offset - len(content)))
        return
    content.extend(bytes(max(0, entry.offset - len(content))))
    content[entry.offset : entry.offset + len(entry.data)] = entry.data


def _sectors(entry: Entry, size: int) -> Iterator[Entry]:
    """The parts of a write that reach the disk each for itself."""
    if entry.kind == "T":
        yield entry
        return
    start, end = entry.offset, entry.offset + len(entry.data)
    while start < end:
        until = min(end, (start // size + 1) * size)
        yield Entry("W", entry.file, start, entry.data[start - entry.offset : until - entry.offset])
        start = until


def restore(folder: Path, files: Files, chance: random.Random) -> None:
    """Put into a folder what a power cut left; what was shared memory may hold anything."""
    for path in folder.iterdir():
        if path.name.endswith(SHARED_MEMORY):
            path.write_bytes(chance.randbytes(path.stat().st_size))
        elif path.name not in files:
            path.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
