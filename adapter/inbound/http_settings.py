"""The settings of the HTTP door for HL7 v2: whether it is open, what it allows, and who may send."""

from typing import Self

from pydantic import model_validator

from adapter.inbound.agreements import (
    EVERYONE_ELSE,
    Ack,
    AnsweredAgreement,
    Bytes,
    Count,
    Name,
    Seconds,
    check_names,
    known_by,
)
from adapter.inbound.credentials import CredentialRule, CredentialSenders
from adapter.sections import Section, Texts


class HttpSenderSettings(AnsweredAgreement):
    """What was agreed with one sender, and by which credentials it is known."""

    api_clients: Texts | None = None
    """Names in the file of ``security.api_keys`` whose keys may send as this sender."""
    certificate_subjects: Texts | None = None
    """Subjects of its client certificates (RFC 4514 text); with ``api_clients``, both have to fit."""
    ack: Ack = "original"
    """``original``: AA, AE or AR at once, as a request has one response; the others as for MLLP."""

    _known = known_by("api_clients", "certificate_subjects")

    def to_rule(self) -> CredentialRule:
        """Turn the entry into the rule that knows its requests."""
        return CredentialRule.of(self.to_sender(), self.api_clients, self.certificate_subjects)


class HttpMessages(Section):
    """``POST /hl7v2``: HL7 v2 over HTTP."""

    enabled: bool = False
    """Whether messages are taken; then there has to be an entry in ``senders``."""
    name: Name = "http"
    """The listener's name: the channel that its messages are kept under."""
    senders: tuple[HttpSenderSettings, ...] = ()
    """Who may send, by API key or client certificate; the first entry that fits holds, all others are refused."""
    max_body: Bytes = 16 * 1024 * 1024
    """Bytes; a larger message or batch is refused (413, AR)."""
    max_outstanding: Count = 32
    """Requests at a time whose bodies are read or stored; one more is refused (429, AR)."""
    body_timeout: Seconds = 30.0
    """Seconds for a body to arrive."""
    handler_timeout: Seconds = 30.0
    """Seconds for storing a body; then 503, and the sender repeats it."""

    @model_validator(mode="after")
    def _senders_can_be_told_apart(self) -> Self:
        if self.enabled and not self.senders:
            raise ValueError("senders: name who may send")
        check_names("senders", self.senders)
        return self

    def to_senders(self) -> CredentialSenders:
        """Turn the entries into who is known how; without one named default, nobody else may send."""
        rules = [entry.to_rule() for entry in self.senders if entry.name != EVERYONE_ELSE]
        others = [entry.to_sender() for entry in self.senders if entry.name == EVERYONE_ELSE]
        return CredentialSenders(self.name, rules, *others)
