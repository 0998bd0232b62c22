"""What can go wrong between us and a destination, and what of its answer may be kept: never a patient's value."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.outcome import AdapterError

LONGEST_PAUSE = timedelta(hours=1)
"""Between two tries of the same thing: who asks for more (Retry-After) is asked again after this all the same."""


def is_given_up(since: datetime, now: datetime, tries: int, give_up_after: timedelta) -> bool:
    """Turn how long and how often something was tried in vain (now included) into whether that was long enough.

    It takes the age, so that a weekend's outage gives up nothing, and as many tries as fit into the age at the longest
    pauses, so that a clock that jumps soon after the first failure gives up nothing either.
    """
    return now - since >= give_up_after and tries >= give_up_after // LONGEST_PAUSE


@dataclass(frozen=True, slots=True)
class Answer:
    """What a destination said, as far as it may be kept: its status, the issue codes, the places that it names.

    ``rule`` is our own sentence about it. Words of the destination (``diagnostics``, ``details``) may quote a patient
    and are left where they are.
    """

    status: int = 0
    codes: tuple[str, ...] = ()
    expressions: tuple[str, ...] = ()
    rule: str = ""


class DeliveryError(AdapterError):
    """A score did not reach its destination, or nobody can say whether it did.

    ``permanent``: the same content will be refused again, and a person has to look; else it is tried again, not before
    ``retry_after`` where the destination said so.
    """

    def __init__(self, answer: Answer, *, permanent: bool = False, retry_after: timedelta | None = None) -> None:
        words = (str(answer.status) if answer.status else "", ", ".join(answer.codes), answer.rule)
        super().__init__("; ".join(word for word in words if word))
        self.answer = answer
        self.permanent = permanent
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one resource of ours, named by type and our id, is at a FHIR server.

    ``digest`` is that of our resource as it stands there; None: in doubt, a write has begun and its answer was not
    seen. ``server_id`` None: the server's id is not known, or there is none yet.
    """

    type: str
    id: str
    server_id: str | None = None
    version: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class SentMessage:
    """One message of a score, kept before it is sent, so that it is repeated in the very same bytes.

    ``number`` counts the messages of a score from 1; ``digest`` is the publication's. ``answer`` is what came back
    (None: nothing yet), ``accepted`` whether it was an accept.
    """

    score_id: str
    number: int
    digest: str
    control_id: str
    payload: bytes
    made: datetime
    answer: bytes | None = None
    accepted: bool = False
