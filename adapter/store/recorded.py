"""The messages that a service keeps, read beside it: by a connection that cannot write, while it goes on."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from adapter.store.backup import reading
from adapter.store.schema import message


@dataclass(frozen=True, slots=True)
class RecordedMessage:
    """A message as it came: its id, format and sender's name, the processing id (MSH-11), and its bytes."""

    id: str
    format: str
    sender: str
    processing_id: str
    raw: bytes


def last_messages(url: str, count: int, password_file: Path | None = None) -> list[RecordedMessage]:
    """Turn a store's URL into the last messages it keeps, in the order of arrival; an ignored one has no bytes.

    Raises StoreUnavailableError for a store that is not there or cannot be read.
    """
    columns = (message.c.id, message.c.format, message.c.sender, message.c.processing_id, message.c.raw)
    newest = select(*columns).where(message.c.raw.is_not(None)).order_by(message.c.sequence.desc()).limit(count)
    with reading(url, password_file) as connection:
        rows = connection.execute(newest).all()
    return [RecordedMessage(*row) for row in reversed(rows)]
