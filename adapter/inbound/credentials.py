"""Who posts: the API key's client and the certificate turned into the sender with whom the site agreed something."""

import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from adapter.arrival import NO_AGREEMENT, Origin, Sender
from adapter.inbound.peers import peer_address
from adapter.inbound.senders import Senders
from adapter.inbound.tls import certificate_subject


@dataclass(frozen=True, slots=True)
class CredentialRule:
    """How a sender is known: by the client that its API key belongs to, its certificate's subject, or both at once."""

    sender: Sender
    clients: frozenset[str] | None = None
    subjects: frozenset[str] | None = None

    @classmethod
    def of(cls, sender: Sender, clients: Iterable[str] | None, subjects: Iterable[str] | None) -> "CredentialRule":
        """Turn a site's lists into the rule; None: that credential does not count."""
        return cls(
            sender,
            None if clients is None else frozenset(clients),
            None if subjects is None else frozenset(subjects),
        )

    def fits(self, client: str | None, subject: str | None) -> bool:
        """Turn what a request showed into whether it is this sender's."""
        if self.clients is not None and client not in self.clients:
            return False
        return self.subjects is None or subject in self.subjects


class CredentialSenders:
    """The senders of the HTTP door: the first whose rule fits; ``default`` for all others, or None: they may not."""

    def __init__(self, listener: str, rules: Sequence[CredentialRule] = (), default: Sender | None = None) -> None:
        self._listener = listener
        self._rules = tuple(rules)
        self._default = default

    def origin(self, peer: str, client: str | None, tls: ssl.SSLObject | None) -> Origin | None:
        """Turn what the connection shows into where its messages come from; None: it may not send."""
        subject = certificate_subject(tls)
        fitting = (rule.sender for rule in self._rules if rule.fits(client, subject))
        sender = next(fitting, self._default)
        return None if sender is None else Origin(self._listener, peer_address(peer), sender)

    def by_name(self) -> Senders:
        """Give the same senders to whom reads their kept messages: there the name is enough."""
        return Senders.of(*(rule.sender for rule in self._rules), default=self._default or NO_AGREEMENT)
