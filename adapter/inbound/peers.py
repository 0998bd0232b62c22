"""Who may connect, and how many at a time."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from adapter.inbound.limits import Limits
from adapter.outcome import AdapterError


class PeerListError(AdapterError):
    """An entry of the list of allowed networks is no network."""


def peer_address(address: str) -> str:
    """Turn a socket's address into the one form that lists and counters use: IPv4 inside IPv6 is IPv4, no zone."""
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return str(parsed)


class PeerList:
    """Says whether an address may connect: one of ``networks`` (CIDR) holds it, or there is no list (None)."""

    def __init__(self, networks: Iterable[str] | None = None) -> None:
        self._networks = None if networks is None else tuple(_network(entry) for entry in networks)

    def allows(self, address: str) -> bool:
        """Turn an address into whether it may connect."""
        if self._networks is None:
            return True
        parsed = ip_address(address)
        return any(parsed in network for network in self._networks)


def _network(entry: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(entry)
    except ValueError as error:
        raise PeerListError(f"{entry!r} is not a network in CIDR form, host bits zero") from error


@dataclass(frozen=True, slots=True)
class Seat:
    """One connection's place: its number, its peer, and whether it is over a cap and only there to be told so."""

    number: int
    peer: str
    over_capacity: bool


class Seats:
    """Counts the connections of a listener, in all and by peer, against its limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._served: Counter[str] = Counter()
        self._taken: set[Seat] = set()
        self._given = 0

    def take(self, peer: str) -> Seat | None:
        """Give a new connection its seat, over capacity when a cap is reached, or None when even those are taken."""
        limits = self._limits
        served = self._served.total()
        full = served >= limits.max_connections or self._served[peer] >= limits.max_connections_per_peer
        if full and len(self._taken) - served >= limits.max_refusals:
            return None
        self._given += 1
        seat = Seat(self._given, peer, full)
        self._taken.add(seat)
        if not full:
            self._served[peer] += 1
        return seat

    def leave(self, seat: Seat) -> None:
        """Give a seat back; giving it back twice changes nothing."""
        if seat not in self._taken:
            return
        self._taken.remove(seat)
        if not seat.over_capacity:
            self._served -= Counter([seat.peer])
