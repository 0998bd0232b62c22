"""Files that somebody else replaces while we run: secrets, keys, certificates."""

from pathlib import Path

from adapter.delivery import Answer, DeliveryError

Signature = tuple[int, int, int]


def signature(file: Path) -> Signature | None:
    """Turn a file into what changes when it changes: time, size and inode; None while it is not there."""
    try:
        status = file.stat()
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size, status.st_ino)


class WatchedFile:
    """The content of a file, read again when it changes; while it cannot be read the former content stays."""

    def __init__(self, file: Path, setting: str) -> None:
        self._file = file
        self._setting = setting
        self._seen: Signature | None = None
        self._content: bytes | None = None

    def read(self) -> bytes:
        """Give the content; raises DeliveryError (to be tried again) when there never was any."""
        seen = signature(self._file)
        if seen is not None and seen != self._seen:
            try:
                self._content = self._file.read_bytes()
                self._seen = seen
            except OSError:
                seen = None
        if self._content is None:
            raise DeliveryError(Answer(rule=f"{self._setting}: the file cannot be read"))
        return self._content

    def line(self) -> str:
        """Give the content as text without blanks around it; raises DeliveryError for an empty or binary file."""
        try:
            text = self.read().decode("utf-8").strip()
        except UnicodeDecodeError:
            text = ""
        if not text or not text.isprintable():
            raise DeliveryError(Answer(rule=f"{self._setting}: the file holds no line of text"))
        return text
