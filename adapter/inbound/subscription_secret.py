"""The secret that a server shows with every notification: read from a file, compared in constant time."""

from hashlib import sha256
from hmac import compare_digest
from pathlib import Path

from adapter.outcome import AdapterError

SHORTEST = 16
"""Characters."""


class SubscriptionSecretError(AdapterError):
    """The file holds no secret that could be used; the text never holds it."""


class SubscriptionSecret:
    """A secret in a file, read again when it changes; raises SubscriptionSecretError when made from a faulty one."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen = self._signature()
        self._digest = self._read()

    def is_shown(self, shown: str | None) -> bool:
        """Is it the secret? A file that became faulty leaves the former one in force."""
        seen = self._signature()
        if seen != self._seen:
            try:
                self._digest, self._seen = self._read(), seen
            except SubscriptionSecretError:
                self._seen = seen
        return compare_digest(_digest(shown or ""), self._digest)

    def _signature(self) -> tuple[int, int, int]:
        try:
            status = self._file.stat()
        except OSError:
            return (0, 0, 0)
        return (status.st_mtime_ns, status.st_size, status.st_ino)

    def _read(self) -> bytes:
        try:
            text = self._file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SubscriptionSecretError(
                f"cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}"
            ) from None
        if len(text) < SHORTEST:
            raise SubscriptionSecretError(f"the secret is shorter than {SHORTEST} characters")
        return _digest(text)


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogateescape")).digest()
