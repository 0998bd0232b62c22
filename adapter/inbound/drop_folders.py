"""The folders of a drop: which names are picked up, when a file is complete, and where each goes."""

import os
import stat
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from adapter.outcome import AdapterError

IN_HAND = ".in-hand"
"""The folder of the file that is being read, inside the drop folder: a rename into it cannot fail half-way."""
_UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~")

State = tuple[int, int, int]
"""Time of change, size and inode of a file: alike in two looks, nobody writes it."""


class FileDropError(AdapterError):
    """A folder cannot be used; the text names the setting and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class DropFolders:
    """Where files come in, where they go, and which names are picked up."""

    folder: Path
    archive: Path
    errors: Path
    pattern: str = "*"

    @property
    def in_hand(self) -> Path:
        """The folder of the file that is being read."""
        return self.folder / IN_HAND

    def prepare(self) -> None:
        """Make the folder of the file in hand; raises FileDropError for a folder that cannot be used."""
        for name, path in (("folder", self.folder), ("archive", self.archive), ("errors", self.errors)):
            if not path.is_dir():
                raise FileDropError(f"drop.{name}: {path} is no folder")
            if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
                raise FileDropError(f"drop.{name}: this program may not read and write in {path}")
        self.in_hand.mkdir(mode=0o700, exist_ok=True)
        if self.in_hand.is_symlink():
            raise FileDropError(f"drop.folder: {self.in_hand} is a link")

    def takes(self, name: str) -> bool:
        """Is a file of this name picked up? Hidden ones and those that a sender still writes are not."""
        is_finished = not name.startswith(".") and not name.lower().endswith(_UNFINISHED)
        return is_finished and fnmatchcase(name, self.pattern)

    def left(self) -> list[Path]:
        """List what an end without warning left in hand."""
        return sorted(path for path in self.in_hand.iterdir() if not path.name.startswith("."))

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
