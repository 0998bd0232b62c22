"""Which events of a subscription were heard of, and whether some in between were not."""

from collections.abc import Iterable
from dataclasses import dataclass

MOST_AHEAD = 1000
"""Numbers that are remembered beyond a gap; with more, the gap is for a sweep to close anyway."""


@dataclass(frozen=True, slots=True)
class EventNumbers:
    """``last`` is the number up to which all were heard of (None: none yet), ``ahead`` those beyond, in order."""

    last: int | None = None
    ahead: tuple[int, ...] = ()

    @property
    def missing(self) -> tuple[int, int] | None:
        """The first and the last number that may not have been heard of; None: there is no gap."""
        return (self.last + 1, self.ahead[-1]) if self.last is not None and self.ahead else None

    def heard(self, numbers: Iterable[int]) -> "EventNumbers":
        """Take note of events; the first ones ever heard of are where counting begins."""
        new = sorted(set(numbers))
        if not new:
            return self
        last = self.last if self.last is not None else new[-1]
        ahead = sorted({*self.ahead, *new})
        while ahead and ahead[0] <= last + 1:
            last = max(last, ahead.pop(0))
        return EventNumbers(last, tuple(ahead[-MOST_AHEAD:]))

    def counted(self, count: int) -> "EventNumbers":
        """Take note of how many events there were, as a sign of life says: what it was about was not heard of."""
        if self.last is None:
            return EventNumbers(count)
        return self if count <= self.last else EventNumbers(self.last, tuple(sorted({*self.ahead, count})))

    def closed(self) -> "EventNumbers":
        """Take note that what was missing has been read in another way."""
        return EventNumbers(max(self.last or 0, *self.ahead)) if self.ahead else self
