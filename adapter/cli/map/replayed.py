"""The messages that two mappings are compared over: those of a folder, or the last that the service keeps."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from adapter.app.hl7v2_doors import door_senders
from adapter.app.mappings_in_use import MappingsInUse
from adapter.app.reader import MessageReader
from adapter.app.replay_readings import as_input
from adapter.hl7v2.batch import split_file
from adapter.hl7v2.errors import FormatError
from adapter.mapping.cases_reading import InputReading
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.impact import Read, Replayed
from adapter.outcome import AdapterError
from adapter.reading import KeptMessage
from adapter.settings import Settings
from adapter.store.recorded import RecordedMessage, last_messages

LAST = "last-"
MOST = 100_000
_NO_MESSAGES = frozenset({".yaml", ".yml", ".md", ".csv", ".ack", ".err"})
_NO_TIME = datetime.min.replace(tzinfo=UTC)


class ReplayError(AdapterError):
    """There is nothing to replay; the text says what to name instead."""


def messages_of(folder: Path) -> list[Replayed]:
    """Turn a folder into the messages of its files, in order of their names; raises ReplayError."""
    if not folder.is_dir():
        raise ReplayError(f"{folder}: no such folder; --replay takes a folder of messages, or last-N (last-500)")
    files = (path for path in sorted(folder.rglob("*")) if _is_message_file(path))
    found = [one for path in files for one in messages_in(path, str(path.relative_to(folder)))]
    if not found:
        raise ReplayError(f"{folder}: there is no message in it")
    return found


def _is_message_file(path: Path) -> bool:
    return path.is_file() and path.suffix not in _NO_MESSAGES and not path.name.startswith(".")


def messages_in(path: Path, name: str = "") -> Iterator[Replayed]:
    """Turn a file into the messages in it, called after it: several of HL7 v2, or one body of FHIR.

    Raises OSError, and ReplayError for what is neither.
    """
    name = name or str(path)
    content = path.read_bytes()
    if content.lstrip()[:1] == b"{":
        yield Replayed(name, content)
        return
    try:
        messages = split_file(content)
    except FormatError as error:
        raise ReplayError(f"{path}: {error}") from None
    for number, payload in enumerate(messages, 1):
        yield Replayed(name if len(messages) == 1 else f"{name} [{number}]", payload)


def recorded(asked: str, settings: Settings) -> tuple[list[Replayed], Read]:
    """Turn ``last-N`` into the last messages that the service keeps, and how it reads them.

    Raises ReplayError and StoreUnavailableError.
    """
    number = asked.removeprefix(LAST)
    if not number.isascii() or not number.isdigit() or not 0 < int(number) <= MOST:
        raise ReplayError(f"--replay {LAST}N: N is a number from 1 to {MOST}")
    store = settings.store
    found = {one.id: one for one in last_messages(store.url, int(number), store.password_file)}
    if not found:
        raise ReplayError("the store keeps no message: name a folder of messages")
    return [Replayed(one.id, one.raw) for one in found.values()], _as_the_service_reads(found, settings)


def _as_the_service_reads(found: dict[str, RecordedMessage], settings: Settings) -> Read:
    """By what was agreed with the sender, and with a test message read and not scored."""
    senders = door_senders(settings)

    def read(message: Replayed, mappings: MappingSet) -> InputReading:
        reader = MessageReader(MappingsInUse(mappings, _NO_TIME), senders)
        return as_input(reader.read(_kept(found[message.name])))

    return read


def _kept(one: RecordedMessage) -> KeptMessage:
    return KeptMessage(one.id, 0, "", one.format, one.raw, _NO_TIME, "", one.processing_id, "", "", one.sender)
