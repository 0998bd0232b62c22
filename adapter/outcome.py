"""What became of a message, in one closed vocabulary that every protocol answers from by a table of its own."""

from dataclasses import dataclass
from enum import Enum


class AdapterError(Exception):
    """The root of every error this program raises on purpose; its text never holds a patient's value."""


class StoreUnavailableError(AdapterError):
    """Nothing was kept: the store cannot be opened, written or read now; the text says what an operator can do."""


class Problem(Enum):
    """What can be wrong with a message, or with us: a closed list, so that no answer is improvised."""

    HEADER_UNREADABLE = "header-unreadable"
    BLOCK_UNTERMINATED = "block-unterminated"
    BLOCK_TOO_LARGE = "block-too-large"
    JUNK_BETWEEN_BLOCKS = "junk-between-blocks"
    CHARACTER_SET = "character-set"
    SEGMENT_MISSING = "segment-missing"
    FIELD_MISSING = "field-missing"
    VALUE_UNREADABLE = "value-unreadable"
    CODE_UNKNOWN = "code-unknown"
    STATUS_UNKNOWN = "status-unknown"
    UNIT_UNSUPPORTED = "unit-unsupported"
    VALUE_CONFLICT = "value-conflict"
    PATIENT_MISMATCH = "patient-mismatch"
    BATCH_COUNT = "batch-count"
    MESSAGE_TYPE = "message-type"
    VERSION = "version"
    PROCESSING_ID = "processing-id"
    CONTROL_ID_REUSED = "control-id-reused"
    NO_MAPPING = "no-mapping"
    SEVERAL_MAPPINGS = "several-mappings"
    RESOURCE_INVALID = "resource-invalid"
    MEDIA_TYPE = "media-type"
    NOT_FOUND = "not-found"
    NOT_AUTHENTICATED = "not-authenticated"
    NOT_AUTHORISED = "not-authorised"
    OVERLOADED = "overloaded"
    STORE_UNAVAILABLE = "store-unavailable"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule was broken: a v2 position (all 1-based, 0 = not named) or a path; never the value found there."""

    segment: str = ""
    sequence: int = 0
    field: int = 0
    repetition: int = 0
    component: int = 0
    path: str = ""

    def __str__(self) -> str:
        """Read as an engineer writes it: ``OBX[5]-3.1``, or the path."""
        if not self.segment:
            return self.path
        text = f"{self.segment}[{self.sequence}]" if self.sequence else self.segment
        if self.field:
            text += f"-{self.field}"
        if self.repetition > 1:
            text += f"({self.repetition})"
        return f"{text}.{self.component}" if self.component else text


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The message is on disk under this id; ``duplicate`` says that it was there already."""

    message_id: str
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """The message is on disk and cannot be read yet: listed, alarmed, replayable when the mapping is mended.

    ``notes`` are what the reading tolerated until then.
    """

    problem: Problem
    place: Place = NOWHERE
    rule: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ignored:
    """The message is none of ours (a chest X-ray): answered, counted, its body not kept."""

    reason: str = "not a dual-PET report"


@dataclass(frozen=True, slots=True)
class Refused:
    """The message was not taken: the sender keeps it. ``rule`` says in words what was broken, never with a value."""

    problem: Problem
    place: Place = NOWHERE
    rule: str = ""


Receipt = Accepted | Held | Ignored | Refused
