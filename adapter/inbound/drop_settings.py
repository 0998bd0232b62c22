"""The settings of the drop folder: where files come in, where they go, whose they are."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from adapter.hl7v2.enhanced import AckMode
from adapter.inbound.agreements import EVERYONE_ELSE, Agreement, Bytes, Name, Seconds
from adapter.inbound.senders import Senders
from adapter.sections import Section


class DropSender(Agreement):
    """What was agreed with whoever puts files into the folder."""

    name: Name = EVERYONE_ELSE
    """The sender's name."""


class Drop(Section):
    """A folder into which files of messages are renamed."""

    folder: Path | None = None
    """Where files come in; unset: there is no such door."""
    archive: Path | None = None
    """Where a file goes once each of its messages is on disk, with ``<name>.ack`` beside it."""
    errors: Path | None = None
    """Where a file goes of which something was refused, with ``<name>.err`` and ``<name>.ack`` beside it."""
    name: Name = "drop"
    """The listener's name: the channel that its messages are kept under."""
    pattern: Annotated[str, Field(min_length=1, max_length=255, pattern="^[^/]+$")] = "*"
    """Names that are picked up, with ``*``, ``?`` and ``[...]``; all others stay where they are."""
    format: Literal["hl7v2"] = "hl7v2"
    """What the files hold: HL7 v2, bare, in batches, or in blocks as they came over MLLP."""
    poll: Seconds = 1.0
    """Seconds between looks; a file is picked up when it did not change from one look to the next."""
    max_file: Bytes = 64 * 1024 * 1024
    """Bytes; a larger file goes to ``errors`` unread."""
    sender: DropSender = DropSender()
    """Whose files they are."""

    @model_validator(mode="after")
    def _folders_are_three(self) -> Self:
        if self.folder is None:
            return self
        if self.archive is None or self.errors is None:
            raise ValueError("name archive and errors too: a file has to go somewhere")
        places = [path.absolute() for path in (self.folder, self.archive, self.errors)]
        if len(set(places)) < len(places):
            raise ValueError("folder, archive and errors are three folders")
        return self

    def to_senders(self) -> Senders:
        """Turn the entry into the one sender of the folder; MSH-15 and MSH-16 count where there is a way back."""
        mode = AckMode.ORIGINAL if self.sender.answers_to is None else AckMode.AUTO
        return Senders(default=self.sender.agreed(mode))
