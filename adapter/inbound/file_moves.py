"""Where a file goes when it was read: beside the words about it, under a name that is free, durable, never lost.

Words first, then the file: whoever sees the file in a folder finds them there. A step that a crash left half done is
done again: the same bytes under the same name are the same file.
"""

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path

PART = ".part"
_CHUNK = 1024 * 1024


class NoFileError(OSError):
    """What stands under the name is a link, a folder or a device."""


class TooLargeError(OSError):
    """The file is larger than what is read."""


def read_file(file: Path, most: int) -> bytes:
    """Turn a regular file into its content; raises OSError, NoFileError or TooLargeError. A link is not followed."""
    with _opened(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK) as descriptor:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NoFileError(errno.EINVAL, "no regular file")
        if status.st_size > most:
            raise TooLargeError(errno.EFBIG, "larger than the limit")
        chunks = list(_chunks(descriptor))
    return b"".join(chunks)


def claim(file: Path, folder: Path) -> Path:
    """Move a file into our own folder on the same disk: from then on its sender cannot put another in its place."""
    target = folder / file.name
    file.rename(target)
    sync_folder(folder)
    sync_folder(file.parent)
    return target


def put_away(file: Path, folder: Path, words: Mapping[str, bytes]) -> Path:
    """Move a file into a folder, with a file ``<name><ending>`` beside it for each of the words.

    Gives where it is; another file of its name stays, and this one gets a number. Raises OSError, and then it still is
    where it was.
    """
    target = _free(file, folder)
    for ending, text in words.items():
        with _written(target.with_name(target.name + ending)) as descriptor:
            _write(descriptor, text)
    try:
        file.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(file, target)
    sync_folder(folder)
    sync_folder(file.parent)
    return target


def sync_folder(folder: Path) -> None:
    """Bring the names of a folder to the disk."""
    with _opened(folder, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
        os.fsync(descriptor)


def _free(file: Path, folder: Path) -> Path:
    """The first of ``a.hl7``, ``a.2.hl7``, ``a.3.hl7`` that no other file has."""
    numbered = (folder / f"{file.stem}.{number}{file.suffix}" for number in count(2))
    path = folder / file.name
    while os.path.lexists(path) and not _is_same(file, path):
        path = next(numbered)
    return path


def _is_same(file: Path, other: Path) -> bool:
    """Is the other one this very file, of an attempt that was broken off?"""
    try:
        if other.is_symlink() or file.stat().st_size != other.stat().st_size:
            return False
        return file.read_bytes() == other.read_bytes()
    except OSError:
        return False


def _copy(file: Path, target: Path) -> None:
    """Move a file to another disk: copied whole first, and only then taken away."""
    with _opened(file, os.O_RDONLY | os.O_NOFOLLOW) as source, _written(target) as descriptor:
        for chunk in _chunks(source):
            _write(descriptor, chunk)
    file.unlink()


def _chunks(descriptor: int) -> Iterator[bytes]:
    while chunk := os.read(descriptor, _CHUNK):
        yield chunk


def _write(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]


@contextmanager
def _written(target: Path) -> Iterator[int]:
    """A file to write that has its name only when it is whole and on the disk."""
    part = target.with_name(f".{target.name}{PART}")
    part.unlink(missing_ok=True)
    with _opened(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW) as descriptor:
        yield descriptor
        os.fsync(descriptor)
    part.rename(target)
    sync_folder(target.parent)


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags, 0o640)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
