"""The power goes right after a store was made: the file and every folder on the way to it have their names."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from chaos.power import Control, Disk, Entry, build, entries
from program import environment

pytestmark = pytest.mark.slow
MAKING = """
import ctypes, os, sys
from pathlib import Path
watched, control, record, code = sys.argv[1:]
ctypes.CDLL(None).chaos_begin(watched.encode(), control.encode(), record.encode(), 0)
exec(code)
"""
OURS = "from adapter.store.premises import make_room; make_room(Path({file!r}))"
WITHOUT_SYNC = "Path({file!r}).parent.mkdir(parents=True, exist_ok=True); open({file!r}, 'wb').close()"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("power"))


def made(place: Path, library: Path, watched: Path, file: Path, code: str) -> bytes:
    """Make a store's file in a process whose disk is recorded; gives what was recorded of the watched folder."""
    control, record = Control(place / "control"), place / "record"
    arguments = [watched, control.file, record, code.format(file=str(file))]
    told = environment(LD_PRELOAD=str(library))
    subprocess.run([sys.executable, "-c", MAKING, *map(str, arguments)], env=told, check=True, timeout=30)
    control.close()
    return record.read_bytes()


def left(watched: Path, record: bytes) -> set[bool]:
    """Is the file's name there after a power cut? All that may be, by chance."""
    found = set()
    for seed in range(50):
        disk = Disk(watched)
        disk._names.clear()
        disk.follow(record)
        found.add("netpet.db" in disk.cut(random.Random(seed)))
    return found


@pytest.mark.parametrize(("code", "names"), [(OURS, {True}), (WITHOUT_SYNC, {True, False})], ids=["ours", "control"])
def test_a_store_that_was_made_is_there_after_a_power_cut(
    tmp_path: Path, library: Path, code: str, names: set[bool]
) -> None:
    """The control makes the file as the store did not: the check finds that its name may be lost."""
    watched = tmp_path / "var"
    watched.mkdir()

    record = made(tmp_path, library, watched, watched / "netpet.db", code)

    assert left(watched, record) == names


@pytest.mark.parametrize("code", [OURS, WITHOUT_SYNC], ids=["ours", "control"])
@pytest.mark.parametrize("deep", ["new/netpet.db", "new/deeper/netpet.db"])
def test_a_folder_that_was_made_for_the_store_is_synced_in_the_one_above(
    tmp_path: Path, library: Path, code: str, deep: str
) -> None:
    """The record knows files, not folders: it tells whether the folder above was synced at all."""
    watched = tmp_path / "var"
    watched.mkdir()

    record = made(tmp_path, library, watched, watched / deep, code)

    assert (Entry("S", 0, 0, b"") in list(entries(record))) is (code == OURS)
