"""Searches that came by form are held here, so that their next pages need no identifier in any URL."""

import time
from collections import OrderedDict
from collections.abc import Callable
from secrets import token_urlsafe

from adapter.web.faults import Fault, RefusedError
from adapter.web.query_text import Parameter

LIFETIME = 900.0
"""Seconds since a page was last asked for."""
CAPACITY = 1000
"""Searches; the one that was not asked for the longest goes first."""

Parameters = tuple[Parameter, ...]


class HeldSearches:
    """Turns a search into a ticket that says nothing of it, and the ticket back into the search, in this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: OrderedDict[str, tuple[float, str, Parameters]] = OrderedDict()

    def hold(self, type_: str, search: Parameters) -> str:
        """Turn a search of a type into a ticket."""
        self._forget_old()
        ticket = token_urlsafe(24)
        self._held[ticket] = (self._clock(), type_, search)
        if len(self._held) > CAPACITY:
            self._held.popitem(last=False)
        return ticket

    def find(self, type_: str, ticket: str) -> Parameters:
        """Turn a ticket into its search; raises RefusedError when it is held no longer, or is of another type."""
        self._forget_old()
        _, its_type, search = self._held.get(ticket, (0.0, "", ()))
        if its_type != type_:
            raise RefusedError(Fault.SEARCH_EXPIRED, "this search is held no longer: search anew", "_continue")
        self._held[ticket] = (self._clock(), type_, search)
        self._held.move_to_end(ticket)
        return search

    def _forget_old(self) -> None:
        while self._held:
            ticket, (asked, *_) = next(iter(self._held.items()))
            if self._clock() - asked <= LIFETIME:
                return
            del self._held[ticket]
