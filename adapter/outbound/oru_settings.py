"""The settings of plan ``oru``: the EHR's interface, and what was agreed about the results that go there."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from adapter.hl7v2.character_sets import codec_of
from adapter.hl7v2.datatypes import Coded
from adapter.hl7v2.result_message import Envelope, Party
from adapter.outbound.plans.oru_message import Agreement
from adapter.scoring.report import TracerKind
from adapter.sections import Section, is_loopback

UTF_8 = "UNICODE UTF-8"
"""Table 0211."""

_MODES = {"original": ("", ""), "accept": ("AL", "NE"), "application": ("AL", "AL")}
"""Mode -> MSH-15 and MSH-16 (table 0155)."""


class ResultInterface(Section):
    """Where the EHR's interface listens."""

    host: str | None = None
    """Its name or address."""
    port: Annotated[int, Field(ge=1, le=65535)] = 2575
    """Its TCP port."""
    encrypted: bool = True
    """Speak TLS, with the files of ``destination.tls``; without it only to loopback (a tunnel's end)."""
    connect_timeout: Annotated[float, Field(gt=0, le=20)] = 5.0
    """Seconds for a connection to stand."""
    answer_timeout: Annotated[float, Field(gt=0, le=20)] = 15.0
    """Seconds for the answer to one message; after them it is sent again in the same bytes."""
    acknowledgement: Literal["original", "accept", "application"] = "original"
    """``original``: AA; ``accept``: CA (MSH-15 AL, MSH-16 NE); ``application``: CA and then AA (both AL)."""

    @model_validator(mode="after")
    def _is_encrypted(self) -> Self:
        if self.host and not self.encrypted and not is_loopback(self.host):
            raise ValueError("only loopback may be reached without TLS: leave encrypted at true, or use a tunnel")
        return self


class Results(Section):
    """What is agreed about the messages."""

    sending_application: str = "NETPET"
    """MSH-3."""
    sending_facility: str = ""
    """MSH-4."""
    receiving_application: str = ""
    """MSH-5."""
    receiving_facility: str = ""
    """MSH-6."""
    version: Literal["2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8"] = "2.5.1"
    """MSH-12."""
    character_set: str | None = None
    """MSH-18, unset: ``UNICODE UTF-8``; a result with a character that the set lacks is not sent."""
    processing_id: Literal["P", "T", "D"] = "P"
    """MSH-11."""
    order: Literal["fdg", "sstr"] = "fdg"
    """The study whose order numbers are answered; the other one's, where that study is missing."""
    procedure_code: str | None = None
    """The site's code for OBR-4, ``code^text^system``; ours stands beside it as the alternate."""
    withdrawn: Literal["W", "X", "D"] = "W"
    """OBX-11 of a result that no longer stands; OBR-25 is then ``X``."""

    @field_validator("character_set")
    @classmethod
    def _is_of_single_bytes_or_utf8(cls, value: str | None) -> str | None:
        codec = codec_of(value or UTF_8)
        if codec is None or codec.startswith(("utf-16", "iso2022")):
            raise ValueError("give a character set of docs/hl7v2.md that is neither UTF-16 nor ISO 2022")
        return value

    @field_validator("procedure_code")
    @classmethod
    def _is_a_triplet(cls, value: str | None) -> str | None:
        if value is not None and (value.count("^") != 2 or not all(value.split("^")[::2])):
            raise ValueError("give code^text^system")
        return value

    def to_agreement(self, interface: ResultInterface) -> Agreement:
        """Turn the settings into what the plan is given."""
        sender = Party(self.sending_application, self.sending_facility)
        receiver = Party(self.receiving_application, self.receiving_facility)
        answers = _MODES[interface.acknowledgement]
        envelope = Envelope(sender, receiver, self.version, self.character_set or UTF_8, self.processing_id, *answers)
        return Agreement(envelope, TracerKind(self.order), _coded(self.procedure_code), self.withdrawn)


def _coded(triplet: str | None) -> Coded | None:
    if triplet is None:
        return None
    code, text, system = triplet.split("^")
    return Coded(code, text, system)
