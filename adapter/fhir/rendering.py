"""What a rendering depends on beside the score: who confirmed it, what the site publishes, which software this is."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from adapter.scoring.result import Score


class Verdict(Enum):
    """What a person decided on a score."""

    CONFIRMED = "confirmed"
    OVERRIDDEN = "overridden"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A named person looked at the score and stands for the verdict on it; ``at`` has a time zone."""

    by: str
    at: datetime
    verdict: Verdict = Verdict.CONFIRMED
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rendering:
    """``publish_final`` is the site's decision to send scores as final that nobody has confirmed (docs/clinical.md)."""

    software_version: str
    confirmation: Confirmation | None = None
    publish_final: bool = False

    @property
    def is_rejected(self) -> bool:
        """Did a person say that the score must not be used?"""
        return self.confirmation is not None and self.confirmation.verdict is Verdict.REJECTED


def status(score: Score, rendering: Rendering) -> str:
    """Turn a score into its Observation.status: withdrawn or rejected first, then corrected, then final or preliminary.

    What was read from prose stays preliminary until a person has confirmed it, whatever the site publishes as final.
    """
    if score.retracted or rendering.is_rejected:
        return "entered-in-error"
    if score.rests_on_prose and rendering.confirmation is None:
        return "preliminary"
    if score.corrected:
        return "corrected"
    return "final" if rendering.confirmation or rendering.publish_final else "preliminary"
