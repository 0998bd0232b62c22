"""The clients that may read: a file with a line ``name:key`` for each, looked at anew whenever it changes.

``name:key:confirm`` is a client that may also bring the decisions of persons on scores.
"""

import re
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path

from adapter.outcome import AdapterError
from adapter.web.telling import Tell, tell_nobody, tell_safely

SHORTEST_KEY = 16
"""Characters."""
CONFIRM = "confirm"
"""The right to bring a person's decision on a score."""
LOOK_EVERY = 1.0
"""Seconds between looks at the file."""

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_KEY = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""What RFC 6750 lets a bearer token be."""


class ApiKeysError(AdapterError):
    """The file of API keys cannot be used; ``faults`` names every fault by its line, never a key."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class ApiKeys:
    """Turns a presented key into the client that it belongs to. Raises ApiKeysError when made from a faulty file.

    A file that becomes faulty later leaves the former keys in force, and ``fault`` says so: a slip of an editor must
    not shut out every dashboard.
    """

    def __init__(self, file: Path, tell: Tell = tell_nobody, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._tell = tell
        self._clock = clock
        self._looked = clock()
        self._seen = _signature(file)
        self._clients, self._confirming = _read(file)
        self.fault = ""

    def client_of(self, presented: str) -> str | None:
        """Turn a key into its client's name, or None; how long that takes says nothing about any key."""
        self._look_again()
        digest = _digest(presented)
        found = None
        for name, known in self._clients.items():
            if compare_digest(digest, known):
                found = name
        return found

    def may_confirm(self, client: str) -> bool:
        """May the client bring what a person decided on a score?"""
        return client in self._confirming

    def _look_again(self) -> None:
        if self._clock() - self._looked < LOOK_EVERY:
            return
        self._looked = self._clock()
        seen = _signature(self._file)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self._clients, self._confirming = _read(self._file)
            self.fault = ""
            tell_safely(self._tell, "api-keys-reloaded", count=len(self._clients))
        except ApiKeysError as error:
            self.fault = f"the file of API keys became faulty, the former keys stay in force: {error}"
            tell_safely(self._tell, "api-keys-reload-failed", faults=str(error))


def _read(file: Path) -> tuple[dict[str, bytes], frozenset[str]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ApiKeysError([f"cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}"]) from None
    clients: dict[str, bytes] = {}
    confirming = set()
    faults = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, _, rest = (part.strip() for part in line.partition(":"))
        key, colon, right = (part.strip() for part in rest.partition(":"))
        if colon and right != CONFIRM:
            faults.append(f"line {number}: the only right that a client can have behind its key is {CONFIRM}")
        confirming |= {name} if right == CONFIRM else set()
        faults += [f"line {number}: {fault}" for fault in _faults(name, key, clients)]
        clients[name] = _digest(key)
    if not clients:
        faults.append("holds no key")
    if faults:
        raise ApiKeysError(faults)
    return clients, frozenset(confirming)


def _faults(name: str, key: str, clients: dict[str, bytes]) -> Iterator[str]:
    if not _NAME.fullmatch(name):
        yield "is not name:key (a name is 1 to 64 letters, digits, dots, hyphens and underscores)"
    if len(key) < SHORTEST_KEY:
        yield f"the key is shorter than {SHORTEST_KEY} characters"
    elif not _KEY.fullmatch(key):
        yield "the key holds characters that no bearer token may hold"
    if name in clients:
        yield "the name is given twice"
    if _digest(key) in clients.values():
        yield "the key is given twice"


def _digest(key: str) -> bytes:
    return sha256(key.encode("utf-8", "surrogateescape")).digest()


def _signature(file: Path) -> tuple[int, int, int]:
    try:
        status = file.stat()
    except OSError:
        return (0, 0, 0)
    return (status.st_mtime_ns, status.st_size, status.st_ino)
