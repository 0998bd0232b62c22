"""A file is moved whole or stays where it is, also to another disk, and is never written over another."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from adapter.inbound.file_moves import NoFileError, TooLargeError, claim, put_away, read_file

OTHER_DISK = Path("/dev/shm")
"""A file system of its own on every Linux."""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    with TemporaryDirectory(dir=OTHER_DISK) as folder:
        assert Path(folder).stat().st_dev != tmp_path.stat().st_dev, "the test needs two file systems"
        yield Path(folder)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "done").mkdir()
    return tmp_path / "done"


def made(folder: Path, content: bytes = b"MSH|", name: str = "report.hl7") -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_a_file_goes_with_its_words(tmp_path, here):
    target = put_away(made(tmp_path), here, {".ack": b"MSA", ".err": b"x"})

    assert target == here / "report.hl7"
    assert names(here) == ["report.hl7", "report.hl7.ack", "report.hl7.err"]
    assert (target.read_bytes(), names(tmp_path)) == (b"MSH|", [])


def test_a_file_goes_to_another_disk_whole(tmp_path, elsewhere):
    content = os.urandom(3 * 1024 * 1024 + 7)
    target = put_away(made(tmp_path, content), elsewhere, {".ack": b"MSA"})

    assert target.read_bytes() == content
    assert (names(elsewhere), names(tmp_path)) == (["report.hl7", "report.hl7.ack"], [])


def test_a_copy_that_was_broken_off_is_made_anew(tmp_path, elsewhere):
    made(elsewhere, b"half", ".report.hl7.part")
    put_away(made(tmp_path), elsewhere, {})

    assert ((elsewhere / "report.hl7").read_bytes(), names(elsewhere)) == (b"MSH|", ["report.hl7"])


def test_a_copy_whose_file_was_not_taken_away_is_the_same_file(tmp_path, elsewhere):
    made(elsewhere)
    put_away(made(tmp_path), elsewhere, {})

    assert (names(elsewhere), names(tmp_path)) == (["report.hl7"], [])


@pytest.mark.parametrize("name", ["report.hl7", "report", ".hl7.gz"])
def test_another_file_of_its_name_is_never_written_over(tmp_path, here, name):
    for number in range(3):
        put_away(made(tmp_path, b"%d" % number, name), here, {})

    assert sorted(path.read_bytes() for path in here.iterdir()) == [b"0", b"1", b"2"]


def test_a_link_of_its_name_is_never_followed(tmp_path, here):
    outside = made(tmp_path, b"outside", "outside")
    (here / "report.hl7").symlink_to(outside)
    target = put_away(made(tmp_path), here, {})

    assert (target.name, outside.read_bytes()) == ("report.2.hl7", b"outside")


def test_a_folder_of_its_name_is_left_alone(tmp_path, here):
    (here / "report.hl7").mkdir()

    assert put_away(made(tmp_path), here, {}).name == "report.2.hl7"


def test_a_folder_that_cannot_be_had_leaves_the_file_where_it_is(tmp_path):
    file = made(tmp_path)
    with pytest.raises(FileNotFoundError):
        put_away(file, tmp_path / "gone", {})

    assert file.read_bytes() == b"MSH|"


def test_a_file_that_vanished_is_told(tmp_path, here):
    with pytest.raises(FileNotFoundError):
        put_away(tmp_path / "gone", here, {})


def test_a_file_is_claimed_by_its_name(tmp_path, here):
    assert claim(made(tmp_path), here) == here / "report.hl7"


def test_a_file_is_read_up_to_the_limit(tmp_path):
    assert read_file(made(tmp_path, b"12345"), 5) == b"12345"
    with pytest.raises(TooLargeError) as caught:
        read_file(made(tmp_path, b"123456"), 5)
    assert caught.value.errno == errno.EFBIG


def test_what_is_no_regular_file_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NoFileError):
        read_file(tmp_path / "pipe", 5)
    (tmp_path / "link").symlink_to(made(tmp_path))
    with pytest.raises(OSError, match="symbolic links"):
        read_file(tmp_path / "link", 5)
