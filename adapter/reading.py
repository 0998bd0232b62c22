"""Page two: a kept message is parsed and mapped; what it says of a patient is kept, and the patient is marked."""

from dataclasses import dataclass
from datetime import datetime

from adapter.outcome import Held, Ignored
from adapter.scoring.report import PetReport


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """A message as the store holds it; ``sequence`` is the order of arrival."""

    id: str
    sequence: int
    channel: str
    format: str
    raw: bytes
    received: datetime
    control_id: str
    processing_id: str
    patient: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Read:
    """The message was understood: the reports it carries, the mapping that read it, and what it tolerated."""

    reports: tuple[PetReport, ...]
    mapping_id: str
    mapping_version: str
    mapping_sha256: str
    notes: tuple[str, ...] = ()


Reading = Read | Held | Ignored
