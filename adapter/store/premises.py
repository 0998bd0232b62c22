"""Is this a place where a database can be kept, and is it ours alone?"""

import contextlib
import os
import re
import sqlite3
from pathlib import Path

from adapter.outcome import StoreUnavailableError
from adapter.store.failure import unavailable

MOUNTS = Path("/proc/self/mountinfo")

ESCAPE = re.compile(r"\\([0-7]{3})")
"""How mountinfo writes a blank, a tab, a line end and a backslash in a path."""

NETWORK_FILE_SYSTEMS = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2"}
    | {"smb2", "smb3", "smbfs", "davfs", "fuse.ceph", "fuse.glusterfs", "fuse.gcsfuse", "fuse.rclone", "fuse.s3fs"}
    | {"fuse.sshfs", "fuse.davfs2", "fuse.blobfuse", "fuse.blobfuse2", "fuse.juicefs", "fuse.cephfs"}
)
"""Where locks or the WAL's shared memory do not hold between machines (sqlite.org/useovernet.html)."""


def make_room(path: Path) -> None:
    """Create the database file and its folders where they are missing, for this user alone: patients' data.

    Their names are on the disk when this returns: what is accepted later must not lie in a file that has none.
    """
    try:
        make_folder(path.parent)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        sync_folder(path.parent)
    except OSError as error:
        raise StoreUnavailableError(
            f"store.url: {path} cannot be created or written ({error.strerror}): check the path, rights and free space"
        ) from error


def make_folder(folder: Path) -> None:
    """Create a folder, and those above it that are missing, each with its name on the disk; raises OSError.

    The name of one that is there already is synced as well: whoever made it may have been cut off before it did.
    """
    above = [one for one in folder.parents if not one.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for one in (folder, *above):
        with contextlib.suppress(PermissionError):  # a folder that others made, and that we may not list
            sync_folder(one.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names of a folder to the disk; raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_system(path: Path, mountinfo: str) -> str:
    """Turn a path and the text of /proc/self/mountinfo into the type of the file system that holds it (proc(5))."""
    holder, found = "", ""
    for line in mountinfo.splitlines():
        left, separator, right = line.partition(" - ")
        if not separator:
            continue
        mount = ESCAPE.sub(lambda found: chr(int(found[1], 8)), left.split(" ")[4])
        if path.is_relative_to(mount) and len(mount) >= len(holder):
            holder, found = mount, right.split(" ")[0]
    return found


def refuse_network(path: Path, mounts: Path = MOUNTS) -> list[str]:
    """Refuse a file on a network file system; where the system does not tell, the answer is a warning."""
    try:
        found = file_system(path, mounts.read_text())
    except OSError:
        found = ""
    if found in NETWORK_FILE_SYSTEMS:
        raise StoreUnavailableError(
            f"store.url: {path} is on a network file system ({found}), where SQLite can lose data: use a local disk"
        )
    return [] if found else ["it is not known whether the database is on a local disk: make sure that it is"]


class Lock:
    """Keeps a second process (and a second store in this one) away from a database for as long as it is held.

    It is an empty SQLite file beside the database, locked exclusively: SQLite knows how to lock on every system, and
    the system lets go of the lock when the process dies, however it dies.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def take(cls, database: Path) -> "Lock":
        """Take the lock or raise StoreUnavailableError at once."""
        connection = sqlite3.connect(f"{database}.lock", timeout=0, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            connection.close()
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise unavailable(error) from error
            raise StoreUnavailableError(
                f"{database} is in use by another netpet-adapter: stop it, or give this one a store.url of its own"
            ) from error
        return cls(connection)

    def release(self) -> None:
        """Let the next one in."""
        self._connection.close()
