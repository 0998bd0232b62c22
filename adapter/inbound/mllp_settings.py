"""The settings of the HL7 v2 listener: where it is, what it allows, and what was agreed with each sender."""

from dataclasses import fields
from ipaddress import ip_network
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from adapter.inbound.agreements import (
    EVERYONE_ELSE,
    AnsweredAgreement,
    Bytes,
    Count,
    Name,
    Seconds,
    check_names,
    known_by,
)
from adapter.inbound.answers_to import MllpAnswersTo
from adapter.inbound.limits import Limits
from adapter.inbound.peers import PeerList
from adapter.inbound.senders import SenderRule, Senders
from adapter.sections import Section, Texts, Tls


def check_networks(value: list[str] | None) -> list[str] | None:
    """Turn texts into the same texts, each of them a network; raises ValueError."""
    for network in value or ():
        ip_network(network)
    return value


class SenderSettings(AnsweredAgreement):
    """What was agreed with one sender, and how its connections are known."""

    networks: Texts | None = None
    """CIDR networks that the sender connects from."""
    certificate_subjects: Texts | None = None
    """Subjects of its client certificates (RFC 4514 text); with ``networks``, both have to fit."""
    answers_to: MllpAnswersTo | None = None
    """The peer that gets what a message is answered after its reading, as a message of its own."""

    _networks = field_validator("networks")(check_networks)

    _known = known_by("networks", "certificate_subjects")

    def to_rule(self) -> SenderRule:
        """Turn the entry into the rule that knows its connections."""
        peers = None if self.networks is None else PeerList(self.networks)
        subjects = None if self.certificate_subjects is None else frozenset(self.certificate_subjects)
        return SenderRule(self.to_sender(), peers, subjects)


class Mllp(Section):
    """The HL7 v2 listener."""

    host: str = "127.0.0.1"
    """Address to listen on; any but loopback needs ``mllp.tls`` with client certificates."""
    port: Annotated[int, Field(ge=0, le=65535)] = 2575
    """TCP port; 0 takes a free one."""
    name: Name = "mllp"
    """The listener's name: the channel that its messages are kept under."""
    allowed_networks: Texts | None = None
    """CIDR networks that may connect; unset: any that can reach the port."""
    tls: Tls | None = None
    """TLS; unset: plain TCP, on loopback only."""
    senders: tuple[SenderSettings, ...] = ()
    """What was agreed with single senders; the first entry that fits a connection holds."""
    max_block: Bytes = 16 * 1024 * 1024
    """Bytes; a larger message is refused (AR) and the connection lives on."""
    max_junk: Annotated[int, Field(ge=0, le=2**20)] = 1024
    """Bytes outside of blocks until the connection is refused and closed."""
    max_unfinished: Bytes = 64 * 1024 * 1024
    """Bytes of blocks that have begun and not ended, of all connections; beyond it the largest is refused (AR)."""
    max_outstanding: Annotated[int, Field(ge=1, le=10_000)] = 32
    """Messages of one connection that wait for their answers, before its socket is read no further."""
    max_outstanding_bytes: Bytes = 32 * 1024 * 1024
    """The same bound in bytes."""
    max_connections: Count = 256
    """Connections at a time; one more is told so on its first message."""
    max_connections_per_peer: Count = 64
    """Connections at a time from one address."""
    block_timeout: Seconds = 30.0
    """Seconds without a byte inside a block until it is given up."""
    idle_timeout: Seconds | None = None
    """Seconds between blocks; unset: a quiet night is not a fault."""
    handler_timeout: Seconds = 30.0
    """Seconds for one answer; a message that could not be stored by then is refused (AR)."""
    write_timeout: Seconds = 30.0
    """Seconds that a sender may leave its answers unread."""
    handshake_timeout: Seconds = 10.0
    """Seconds for the TLS handshake."""

    _networks = field_validator("allowed_networks")(check_networks)

    @model_validator(mode="after")
    def _limits_fit_together(self) -> Self:
        if self.max_connections_per_peer > self.max_connections:
            raise ValueError("max_connections_per_peer is larger than max_connections")
        for name in ("max_unfinished", "max_outstanding_bytes"):
            if getattr(self, name) < self.max_block:
                raise ValueError(f"{name} is smaller than max_block: no block of that size could come in")
        return self

    @model_validator(mode="after")
    def _senders_can_be_told_apart(self) -> Self:
        certified = any(sender.certificate_subjects for sender in self.senders)
        if certified and (self.tls is None or self.tls.client_authorities is None):
            raise ValueError("senders: certificate_subjects need tls.client_authorities")
        check_names("senders", self.senders)
        return self

    def to_limits(self) -> Limits:
        """Turn the settings into the listener's limits."""
        return Limits(**{name: getattr(self, name) for name in _LIMITS})

    def to_senders(self) -> Senders:
        """Turn the entries into who is known how; without one named default, nothing is agreed with the others."""
        rules = [entry.to_rule() for entry in self.senders if entry.name != EVERYONE_ELSE]
        others = [entry.to_sender() for entry in self.senders if entry.name == EVERYONE_ELSE]
        return Senders(rules, *others)


_LIMITS = Mllp.model_fields.keys() & {field.name for field in fields(Limits)}
