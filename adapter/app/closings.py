"""What the web says of closings: who did what, and why a problem is not closed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from adapter.store.closings import NoSuchMessageError, NothingToCloseError
from adapter.store.confirmations import NoSuchScoreError
from adapter.store.views import AuditEntry
from adapter.web.faults import Fault, RefusedError


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what the store does not close into the refusal that says so."""
    try:
        yield
    except (NoSuchMessageError, NoSuchScoreError) as error:
        raise RefusedError(Fault.NOT_FOUND, str(error)) from None
    except NothingToCloseError as error:
        raise RefusedError(Fault.NOT_DECIDABLE, str(error)) from None


def entry_members(one: AuditEntry) -> dict[str, Any]:
    """Turn what a person did into JSON members."""
    at = one.at.isoformat(timespec="milliseconds")
    return {"at": at, "action": one.action, "by": one.by, "reason": one.reason}
