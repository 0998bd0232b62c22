"""A PostgreSQL whose tables' disk is full, read-only or broken for as long as the harness likes (full_disk.c)."""

import mmap
import struct
import subprocess
from pathlib import Path

from postgres_server import PostgresServer

SOURCE = Path(__file__).with_name("full_disk.c")


class ServerDisk:
    """What stands under the tables of a server: ``fail`` with an errno, 0 mends it."""

    def __init__(self, page: Path) -> None:
        with page.open("r+b") as opened:
            self._page = mmap.mmap(opened.fileno(), mmap.PAGESIZE)

    @classmethod
    def put_under(cls, server: PostgresServer) -> "ServerDisk":
        """Start a server anew on a disk that can fail."""
        page, library = _page_of(server), server.folder / "full_disk.so"
        page.write_bytes(bytes(mmap.PAGESIZE))
        command = ["gcc", "-O2", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        for file in (page, library):
            file.chmod(0o755)
        server.stop()
        server.environment = {"LD_PRELOAD": str(library), "FULL_DISK": str(page)}
        server.start()
        return cls.under(server)

    @classmethod
    def under(cls, server: PostgresServer) -> "ServerDisk":
        """Give the disk that was put under a server."""
        return cls(_page_of(server))

    def fail(self, error: int) -> None:
        """Every write to a table fails with this errno from now on; 0: none."""
        struct.pack_into("<q", self._page, 0, error)


def _page_of(server: PostgresServer) -> Path:
    return server.folder / "disk"
