"""What half-received blocks take of the memory, on all connections, and who is told no when it is much."""

from typing import Generic, TypeVar

T = TypeVar("T")


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
