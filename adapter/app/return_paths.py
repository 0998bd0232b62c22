"""The ways back of all senders that have one, built from the settings: a lane, a connection and a task for each."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapter.app.part_holder import Part, PartHolders
from adapter.app.return_path import AnswerQueue, Lane, ReturnPath
from adapter.inbound.agreements import Agreement
from adapter.inbound.answers_to import AnswersTo
from adapter.outbound.client_tls import ClientTls, ClientTlsFiles
from adapter.outbound.result_channel import ResultChannel, ResultListener
from adapter.settings import Settings
from adapter.store.leases import Tenure
from adapter.telemetry import Telemetry


class ReturnPaths:
    """``start`` sends what waits from before, ``stop`` leaves what waits to the next start."""

    def __init__(self, settings: Settings, telemetry: Telemetry, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._telemetry = telemetry
        self._clock = clock
        self._paths: list[ReturnPath] = []
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, queue: AnswerQueue, awaited: Callable[[], frozenset[str]], holders: PartHolders) -> None:
        """Begin to send, of several processes one to each peer; ``awaited`` gives the messages whose answers a
        connection may still get.
        """
        for peer in answer_peers(self._settings):
            channel, holder = ResultChannel(peer.address()), holders.holder(f"answers/{peer.name}")
            lane = replace(peer.lane(awaited, shared=holders.shared), stands=holder.stands)
            path = ReturnPath(lane, queue, channel, self._telemetry, self._clock)
            self._paths.append(path)
            self._tasks.append(asyncio.create_task(holder.run(_sending(path, channel)), name=f"answers-{peer.name}"))

    def wake(self) -> None:
        """Say that an answer may wait."""
        for path in self._paths:
            path.wake()

    async def stop(self) -> None:
        """Send no more; an answer in hand is sent again, in the same bytes, by the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _sending(path: ReturnPath, channel: ResultChannel) -> Part:
    async def run(_tenure: Tenure) -> None:
        try:
            await path.run()
        finally:
            await channel.close()

    return run


@dataclass(frozen=True, slots=True)
class PeerOfSender:
    """Where the answers of one sender of one listener go, by the settings."""

    listener: str
    sender: str
    settings: AnswersTo

    @property
    def name(self) -> str:
        """What the sender is called where several listeners have some."""
        return f"{self.listener}/{self.sender}"

    def lane(self, awaited: Callable[[], frozenset[str]], *, shared: bool = False) -> Lane:
        """Turn the settings into what is sent; ``awaited`` is heeded where a connection may bring an answer, too.

        ``shared``: it may be a connection of another process.
        """
        give_up_after = timedelta(hours=self.settings.give_up_after)
        if self.settings.only_when_gone:
            return Lane(self.listener, self.sender, give_up_after, awaited, elsewhere=shared)
        return Lane(self.listener, self.sender, give_up_after)

    def address(self) -> ResultListener:
        """Turn the settings into where it is sent, and how long that is waited for."""
        peer, tls = self.settings, self.settings.tls
        files = ClientTlsFiles(tls.authorities, tls.certificate, tls.key, tls.key_password)
        return ResultListener(
            host=peer.host,
            port=peer.port,
            tls=ClientTls(files, f"answers_to.tls of {self.name}") if peer.encrypted else None,
            connect_timeout=peer.connect_timeout,
            answer_timeout=peer.answer_timeout,
            rests=0,  # the way back waits by itself
        )


def answer_peers(settings: Settings) -> Iterator[PeerOfSender]:
    """Turn the settings into the peers of the senders of every open door."""
    for listener, sender in _agreements(settings):
        if sender.answers_to is not None:
            yield PeerOfSender(listener, sender.name, sender.answers_to)


def _agreements(settings: Settings) -> Iterator[tuple[str, Agreement]]:
    mllp, messages, drop = settings.mllp, settings.http.hl7v2, settings.drop
    yield from ((mllp.name, sender) for sender in mllp.senders)
    yield from ((messages.name, sender) for sender in messages.senders if messages.enabled)
    if drop.folder is not None:
        yield drop.name, drop.sender
