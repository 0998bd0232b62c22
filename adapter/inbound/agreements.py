"""The form of what a site agrees with one sender, whichever door it uses."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import Field, field_validator, model_validator

from adapter.arrival import Sender
from adapter.hl7v2.character_sets import codec_of
from adapter.hl7v2.enhanced import AckMode
from adapter.inbound.answers_to import NO_ANSWERS, AnswersTo
from adapter.sections import Section

EVERYONE_ELSE = "default"
"""The name of the entry that holds for whoever is nobody else."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Bytes = Annotated[int, Field(ge=1024, le=2**31)]
Count = Annotated[int, Field(ge=1, le=65_535)]
Ack = Literal["auto", "original", "commit-as-aa"]


class Named(Protocol):
    """An entry with a name."""

    @property
    def name(self) -> str:
        """The name."""
        ...


def known_by(*means: str) -> Any:
    """Turn names of settings into the check that a sender is known by one of them, and everyone else by none."""

    def check(entry: Any) -> Any:
        if any(getattr(entry, one) for one in means) is (entry.name == EVERYONE_ELSE):
            raise ValueError(f"give {' or '.join(means)}, but not for the sender named {EVERYONE_ELSE}")
        return entry

    return model_validator(mode="after")(check)


def check_names(setting: str, entries: Iterable[Named]) -> None:
    """Turn entries into nothing when each has a name of its own; raises ValueError."""
    names = [entry.name for entry in entries]
    if len(set(names)) < len(names):
        raise ValueError(f"{setting}: two entries have one name")


class Agreement(Section):
    """What was agreed with one sender of HL7 v2."""

    name: Name
    """The sender's name."""
    charset_default: str | None = None
    """Character set of bytes that are not ASCII where MSH-18 names none and they are not UTF-8."""
    charset_override: str | None = None
    """Character set of all its messages, whatever MSH-18 says."""
    control_id_reused: Literal["accept", "refuse"] = "accept"
    """Whether other content under a control ID that was used within ``intake.duplicate_window`` is taken."""
    sending_application: str | None = None
    """What MSH-3 has to be (the field or its first component); else AR."""
    sending_facility: str | None = None
    """What MSH-4 has to be (the field or its first component); else AR."""

    answers_to: AnswersTo | None = None
    """The peer that gets what a message is answered after its reading, as a message of its own."""

    @field_validator("charset_default", "charset_override")
    @classmethod
    def _is_charset(cls, value: str | None) -> str | None:
        if value is not None and codec_of(value) is None:
            raise ValueError("no known character set (docs/hl7v2.md lists them)")
        return value

    def agreed(self, ack: AckMode) -> Sender:
        """Turn the entry into what page one is given; ``ack`` is how the sender is answered."""
        return Sender(
            name=self.name,
            charset_default=self.charset_default,
            charset_override=self.charset_override,
            ack=ack,
            refuses_reuse=self.control_id_reused == "refuse",
            application=self.sending_application,
            facility=self.sending_facility,
            answers_elsewhere=self.answers_to is not None and not self.answers_to.only_when_gone,
        )


class AnsweredAgreement(Agreement):
    """What was agreed with a sender that is answered over the connection that it sends on."""

    ack: Ack = "auto"
    """``auto``: as MSH-15 and MSH-16 ask; ``original``: AA, AE or AR at once; ``commit-as-aa``: AA where CA is due."""

    @model_validator(mode="after")
    def _answers_are_asked_for(self) -> Self:
        if self.answers_to is not None and self.ack != "auto":
            raise ValueError(NO_ANSWERS)
        return self

    def to_sender(self) -> Sender:
        """Turn the entry into what page one is given."""
        return self.agreed(AckMode(self.ack))
