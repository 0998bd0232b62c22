"""Folders that are not as agreed are named by their setting; one that vanished is told and waited for."""

import errno
import os

import pytest
from drop_site import M1, Dropped

from adapter.inbound.drop_folders import FileDropError


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
