"""What a rendering depends on beside the score: who confirmed it, what the site publishes, which software this is."""

from dataclasses import dataclass
from datetime import datetime

from adapter.scoring.result import Score


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A named person looked at the score and stands for it; ``at`` has a time zone."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Rendering:
    """``publish_final`` is the site's decision to send scores as final that nobody has confirmed (docs/clinical.md)."""

    software_version: str
    confirmation: Confirmation | None = None
    publish_final: bool = False


def status(score: Score, rendering: Rendering) -> str:
    """Turn a score into its Observation.status: withdrawn before corrected, corrected before final or preliminary.

    What was read from prose stays preliminary until a person has confirmed it, whatever the site publishes as final.
    """
    if score.retracted:
        return "entered-in-error"
    if score.rests_on_prose and rendering.confirmation is None:
        return "preliminary"
    if score.corrected:
        return "corrected"
    return "final" if rendering.confirmation or rendering.publish_final else "preliminary"
