"""Reads messages with the site's mappings and what was agreed with their senders."""

import hashlib

from adapter.app.mappings_in_use import MappingsInUse
from adapter.app.replay_mappings import KnownMappings
from adapter.arrival import Arrival
from adapter.inbound.senders import DoorSenders
from adapter.outcome import Held, Problem
from adapter.reading import Charsets, KeptMessage, Reading, read

NOT_HERE = "{}, which is to read it as it did before, is not here: put its file back, or replay with --current"
"""Why a message that is replayed as sent is held."""


class MessageReader:
    """Turns a message into what it says, by the mappings then in use: one that is kept, or one that is at the door.

    ``known`` finds the mapping of a message that names its own.
    """

    def __init__(self, mappings: MappingsInUse, senders: DoorSenders) -> None:
        self._mappings = mappings
        self.known = KnownMappings(mappings)
        self._senders = senders

    def read(self, message: KeptMessage) -> Reading:
        """Turn a kept message into what it says, by the mappings in use unless it names one."""
        mappings = self.known.alone(message.read_with) if message.read_with else self._mappings.current
        if mappings is None:
            return Held(Problem.NO_MAPPING, rule=NOT_HERE.format(message.read_with.partition(" ")[0]))
        sender = self._senders.named(message.channel, message.sender)
        return read(message, mappings, Charsets(sender.charset_default, sender.charset_override))

    def foresee(self, arrival: Arrival) -> Held | None:
        """Turn an arrival into why it would be held; None when it would not."""
        reading = self.read(_as_kept(arrival))
        return reading if isinstance(reading, Held) else None


def _as_kept(arrival: Arrival) -> KeptMessage:
    return KeptMessage(
        id="",
        sequence=0,
        channel=arrival.channel,
        format=arrival.format,
        raw=arrival.raw,
        received=arrival.received,
        control_id=arrival.control_id,
        processing_id=arrival.processing_id,
        patient=arrival.patient,
        sha256=hashlib.sha256(arrival.raw).hexdigest(),
        sender=arrival.sender,
    )
