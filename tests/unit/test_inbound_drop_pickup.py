"""A file is picked up when it stands still, is the oldest, and is a file: what is still written or a link is left."""

import os

import pytest
from drop_site import M1, M2, Dropped
from test_intake_messages import MemoryStore, message

from adapter.arrival import Arrival, Kept


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
