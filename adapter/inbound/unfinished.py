"""What half-received blocks take of the memory, on all connections, and who is told no when it is much."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from adapter.hl7v2.mllp import Block, Fault
from adapter.outcome import Problem

T = TypeVar("T")


class HalfBlock:
    """Follows one decoder: about how many bytes it holds of a block that has not ended; at most one chunk too many."""

    def __init__(self) -> None:
        self.size = 0
        self._skipping = False

    def fed(self, count: int, items: Sequence[Block | Fault], *, inside: bool) -> None:
        """Take note of a chunk of ``count`` bytes, what it completed, and whether a block is under way after it."""
        if items:
            last = items[-1]
            self._skipping = isinstance(last, Fault) and last.problem is Problem.BLOCK_TOO_LARGE
            self.size = 0
        # The rest of a refused block is let go as it comes.
        self.size = self.size + count if inside and not self._skipping else 0


class Unfinished(Generic[T]):
    """Holds the sum of all holders' half blocks to a limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._sizes: dict[T, int] = {}
        self._total = 0

    def note(self, holder: T, size: int) -> T | None:
        """Take note of what a holder has now; gives the one that has most when all have more than the limit."""
        self._total += size - self._sizes.pop(holder, 0)
        if size:
            self._sizes[holder] = size
        if self._total <= self._limit:
            return None
        return max(self._sizes, key=self._sizes.__getitem__)
