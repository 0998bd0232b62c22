"""A message that comes again is taken for another one."""

from uuid import uuid4

from adapter.arrival import Arrival
from adapter.store import messages


def plant() -> None:
    row = messages.arrival_row

    def unlike_any_other(arrival: Arrival) -> messages.Row:
        return row(arrival) | {"id": str(uuid4()), "sha256": uuid4().hex}

    messages.arrival_row = unlike_any_other
