"""The folders of a drop: which names are picked up, when a file is complete, and where each goes.

Where several processes share the folder, each holder has its files in hand in a folder of its own, named by the number
of its turn. A later holder takes what an earlier one left; the earlier one, should it go on, no longer finds it.
"""

import contextlib
import os
import stat
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from uuid import uuid4

from adapter.inbound.file_moves import sync_folder
from adapter.outcome import AdapterError

IN_HAND = ".in-hand"
"""The folder of the file that is being read, inside the drop folder: a rename into it cannot fail half-way."""
IDENTITY = ".identity"
"""The file in it that says which folder this is, by whatever path a machine sees it."""
_UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~")

State = tuple[int, int, int]
"""Time of change, size and inode of a file: alike in two looks, nobody writes it."""


class FileDropError(AdapterError):
    """A folder cannot be used; the text names the setting and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class DropFolders:
    """Where files come in, where they go, and which names are picked up. ``turn``: of the holder; 0: there is one."""

    folder: Path
    archive: Path
    errors: Path
    pattern: str = "*"
    turn: int = 0

    @property
    def in_hand(self) -> Path:
        """The folder of the file that is being read."""
        return self._all_in_hand / str(self.turn) if self.turn else self._all_in_hand

    @property
    def _all_in_hand(self) -> Path:
        return self.folder / IN_HAND

    def held(self, turn: int) -> "DropFolders":
        """Turn the folders into those of a holder; its folder is there then."""
        mine = replace(self, turn=turn)
        mine.in_hand.mkdir(mode=0o700, exist_ok=True)
        return mine

    def identity(self) -> str:
        """Give what the folder is known by; made where it is missing, by who asks first. Raises FileDropError."""
        file = self._all_in_hand / IDENTITY
        try:
            if not file.exists():
                _make_once(file, uuid4().hex)
            return file.read_text("ascii")
        except OSError as error:
            raise FileDropError(f"drop.folder: {file} cannot be made or read: {error.strerror}") from error

    def prepare(self) -> None:
        """Make the folder of the file in hand; raises FileDropError for a folder that cannot be used."""
        for name, path in (("folder", self.folder), ("archive", self.archive), ("errors", self.errors)):
            if not path.is_dir():
                raise FileDropError(f"drop.{name}: {path} is no folder")
            if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
                raise FileDropError(f"drop.{name}: this program may not read and write in {path}")
        self._all_in_hand.mkdir(mode=0o700, exist_ok=True)
        if self._all_in_hand.is_symlink():
            raise FileDropError(f"drop.folder: {self._all_in_hand} is a link")

    def takes(self, name: str) -> bool:
        """Is a file of this name picked up? Hidden ones and those that a sender still writes are not."""
        is_finished = not name.startswith(".") and not name.lower().endswith(_UNFINISHED)
        return is_finished and fnmatchcase(name, self.pattern)

    def left(self) -> list[Path]:
        """List what an end without warning left in hand, here or with an earlier holder."""
        found = [path for folder in (self._all_in_hand, *self._earlier()) for path in folder.iterdir()]
        found += self.in_hand.iterdir() if self.turn else ()
        return sorted(path for path in found if not path.name.startswith(".") and not _is_folder(path))

    def _earlier(self) -> list[Path]:
        turns = [path for path in self._all_in_hand.iterdir() if _is_folder(path) and path.name.isdecimal()]
        return [path for path in turns if not self.turn or int(path.name) < self.turn]

    def look(self) -> tuple[dict[str, State], int]:
        """List the files that may be picked up, and count what is none: links, devices, pipes."""
        found: dict[str, State] = {}
        others = 0
        with os.scandir(self.folder) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False) if self.takes(entry.name) else None
                if status is not None and stat.S_ISREG(status.st_mode):
                    found[entry.name] = (status.st_mtime_ns, status.st_size, status.st_ino)
                elif status is not None and not stat.S_ISDIR(status.st_mode):
                    others += 1
        return found, others


def _make_once(file: Path, content: str) -> None:
    """Make a file whole, unless it is there by now."""
    made = file.with_name(f"{file.name}.{content}")
    made.write_text(content, "ascii")
    with contextlib.suppress(FileExistsError):
        os.link(made, file)
    made.unlink()
    sync_folder(file.parent)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
