"""The settings of the HTTP door for HL7 v2: whether it is open, what it allows, and who may send."""

from typing import Literal, Self

from pydantic import model_validator

from adapter.arrival import Sender
from adapter.hl7v2.enhanced import AckMode
from adapter.inbound.agreements import EVERYONE_ELSE, Agreement, Bytes, Count, Name, Seconds
from adapter.inbound.answers_to import NO_ANSWERS
from adapter.inbound.credentials import CredentialRule, CredentialSenders
from adapter.sections import Section, Texts


class HttpSenderSettings(Agreement):
    """What was agreed with one sender, and by which credentials it is known."""

    api_clients: Texts | None = None
    """Names in the file of ``security.api_keys`` whose keys may send as this sender."""
    certificate_subjects: Texts | None = None
    """Subjects of its client certificates (RFC 4514 text); with ``api_clients``, both have to fit."""
    ack: Literal["auto", "original", "commit-as-aa"] = "original"
    """``original``: AA, AE or AR at once, as a request has one response; the others as for MLLP."""

    @model_validator(mode="after")
    def _is_known_by_something(self) -> Self:
        known = bool(self.api_clients or self.certificate_subjects)
        if known is (self.name == EVERYONE_ELSE):
            raise ValueError("give api_clients or certificate_subjects, but not for the sender named default")
        return self

    @model_validator(mode="after")
    def _answers_are_asked_for(self) -> Self:
        if self.answers_to is not None and self.ack != "auto":
            raise ValueError(NO_ANSWERS)
        return self

    def to_sender(self) -> Sender:
        """Turn the entry into what page one is given."""
        return self.agreed(AckMode(self.ack))

    def to_rule(self) -> CredentialRule:
        """Turn the entry into the rule that knows its requests."""
        clients = None if self.api_clients is None else frozenset(self.api_clients)
        subjects = None if self.certificate_subjects is None else frozenset(self.certificate_subjects)
        return CredentialRule(self.to_sender(), clients, subjects)


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
        names = [sender.name for sender in self.senders]
        if self.enabled and not names:
            raise ValueError("senders: name who may send")
        if len(set(names)) < len(names):
            raise ValueError("senders: two entries have one name")
        return self

    def to_senders(self) -> CredentialSenders:
        """Turn the entries into who is known how; without one named default, nobody else may send."""
        rules = [entry.to_rule() for entry in self.senders if entry.name != EVERYONE_ELSE]
        others = [entry.to_sender() for entry in self.senders if entry.name == EVERYONE_ELSE]
        return CredentialSenders(self.name, rules, *others)
