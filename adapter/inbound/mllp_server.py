"""Listens for MLLP connections: who may come, how many, with which TLS; each one served by an MllpConnection."""

import asyncio
import errno
import socket
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from adapter.inbound.events import Events, OnEvent
from adapter.inbound.limits import Limits
from adapter.inbound.mllp_connection import MllpConnection
from adapter.inbound.parts import Holder, ListenerParts
from adapter.inbound.peers import PeerList, Seat, Seats, peer_address
from adapter.inbound.receiver import Receiver
from adapter.inbound.tls import Refresh, ServerTls
from adapter.inbound.unfinished import Unfinished
from adapter.outcome import AdapterError

_ACCEPT_PAUSE = 0.2
"""Without a free file descriptor the next try would fail at once too: let some connections end first."""
_KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""A peer that vanished is found after two minutes instead of the kernel's two hours."""


class ListenError(AdapterError):
    """The listener's address cannot be had."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One door: its name (the channel of its messages), where it is, and from which networks one may come."""

    name: str
    host: str = "127.0.0.1"
    port: int = 2575
    peers: PeerList = field(default_factory=PeerList)


class MllpServer:
    """Turns the blocks of many connections into calls of one receiver, and its answers into blocks."""

    def __init__(
        self,
        receiver: Receiver,
        listener: Listener,
        limits: Limits,
        tls: ServerTls | None = None,
        on_event: OnEvent | None = None,
    ) -> None:
        self._listener = listener
        self._limits = limits
        self._tls = tls
        self._events = Events(listener.name, on_event)
        unfinished: Unfinished[Holder] = Unfinished(limits.max_unfinished)
        self._parts = ListenerParts(listener.name, receiver, limits, self._events, tls, unfinished)
        self._seats = Seats(limits)
        self._connections: dict[int, MllpConnection] = {}
        self._opening: set[asyncio.Task[None]] = set()
        self._listening: socket.socket | None = None
        self._accepting: set[asyncio.Task[None]] = set()
        self._empty = asyncio.Event()
        self._empty.set()

    async def start(self) -> tuple[str, int]:
        """Begin to accept connections; gives the address and port bound; raises ListenError."""
        self._listening = listening = await _listen(self._listener.host, self._listener.port)
        self._accepting.add(asyncio.create_task(self._accept(listening)))
        host, port = listening.getsockname()[:2]
        self._events.tell("listening", port=port)
        return host, port

    async def drain(self, grace: float) -> int:
        """Accept no more, answer what is in hand within ``grace`` seconds, end all; gives how many got no answer."""
        self._events.tell("draining", count=self._outstanding())
        await _cancel(self._accepting)
        await _cancel(self._opening)
        if self._listening is not None:
            self._listening.close()
        for connection in tuple(self._connections.values()):
            connection.drain()
        await self._emptied(grace)
        left = self._outstanding()
        for connection in tuple(self._connections.values()):
            connection.abort()
        await self._emptied(1.0)
        self._events.tell("drained", count=left)
        return left

    def deliver(self, connection_id: int, payload: bytes) -> bool:
        """Send a payload that answers an earlier block, on its connection; False when that is gone."""
        connection = self._connections.get(connection_id)
        return connection is not None and connection.push(payload)

    def _outstanding(self) -> int:
        return sum(connection.outstanding for connection in self._connections.values())

    async def _emptied(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            return

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, address = await loop.sock_accept(listening)
            except OSError as error:
                self._events.tell("accept-failed", error=errno.errorcode.get(error.errno or 0, "unknown"))
                await asyncio.sleep(_ACCEPT_PAUSE)
            else:
                self._admit(accepted, peer_address(address[0]))

    def _admit(self, accepted: socket.socket, peer: str) -> None:
        if not self._listener.peers.allows(peer):
            self._turn_away(accepted, peer, "peer-not-listed")
            return
        seat = self._seats.take(peer)
        if seat is None:
            self._turn_away(accepted, peer, "no-room-to-refuse")
            return
        if seat.over_capacity:
            self._refused(peer, "over-capacity")
        opening = asyncio.create_task(self._open(accepted, seat))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)

    def _turn_away(self, accepted: socket.socket, peer: str, reason: str) -> None:
        accepted.close()
        self._refused(peer, reason)

    def _refused(self, peer: str, reason: str) -> None:
        self._events.tell("connection-refused", peer=peer, reason=reason)

    async def _open(self, accepted: socket.socket, seat: Seat) -> None:
        def connection() -> MllpConnection:
            return MllpConnection(self._parts, seat, self._opened, self._finished)

        try:
            _tune(accepted)
            await asyncio.get_running_loop().connect_accepted_socket(connection, accepted, **self._security())
        except OSError as error:
            reason = getattr(error, "reason", None)
            self._events.tell("handshake-failed", peer=seat.peer, error=type(error).__name__, reason=reason)
        finally:
            if seat.number not in self._connections:
                self._seats.leave(seat)

    def _security(self) -> dict[str, Any]:
        if self._tls is None:
            return {}
        refresh = self._tls.refresh()
        if refresh is not Refresh.UNCHANGED:
            self._events.tell("tls-reloaded" if refresh is Refresh.RELOADED else "tls-reload-failed")
        return {
            "ssl": self._tls.context,
            "ssl_handshake_timeout": self._limits.handshake_timeout,
            "ssl_shutdown_timeout": self._limits.linger,
        }

    def _opened(self, connection: MllpConnection) -> None:
        self._connections[connection.seat.number] = connection
        self._empty.clear()

    def _finished(self, connection: MllpConnection) -> None:
        del self._connections[connection.seat.number]
        self._seats.leave(connection.seat)
        if not self._connections:
            self._empty.set()


async def _cancel(tasks: Collection[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _listen(host: str, port: int) -> socket.socket:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        listening = socket.create_server(address[:2], family=family, backlog=256)
    except OSError as error:
        raise ListenError(f"cannot listen on {host} port {port}: {error.strerror}") from error
    listening.setblocking(False)
    return listening


def _tune(accepted: socket.socket) -> None:
    accepted.setblocking(False)
    accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        option = getattr(socket, name, None)
        if option is not None:
            accepted.setsockopt(socket.IPPROTO_TCP, option, value)
