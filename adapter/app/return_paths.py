"""The ways back of all senders that have one, built from the settings: a lane, a connection and a task for each."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from adapter.app.return_path import AnswerQueue, Lane, ReturnPath
from adapter.inbound.agreements import Agreement
from adapter.inbound.answers_to import AnswersTo
from adapter.outbound.client_tls import ClientTls, ClientTlsFiles
from adapter.outbound.result_channel import ResultChannel, ResultListener
from adapter.settings import Settings
from adapter.telemetry import Telemetry


class ReturnPaths:
    """``start`` sends what waits from before, ``stop`` leaves what waits to the next start."""

    def __init__(self, settings: Settings, telemetry: Telemetry, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._telemetry = telemetry
        self._clock = clock
        self._paths: list[ReturnPath] = []
        self._channels: list[ResultChannel] = []
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, queue: AnswerQueue, awaited: Callable[[], frozenset[str]]) -> None:
        """Begin to send; ``awaited`` gives the messages whose answers a connection may still get."""
        for listener, agreement in _agreements(self._settings):
            peer = agreement.answers_to
            if peer is None:
                continue
            lane = _lane(listener, agreement.name, peer, awaited)
            channel = ResultChannel(_listener(listener, agreement.name, peer))
            path = ReturnPath(lane, queue, channel, self._telemetry, self._clock)
            self._paths.append(path)
            self._channels.append(channel)
            self._tasks.append(asyncio.create_task(path.run(), name=f"answers-{listener}-{agreement.name}"))

    def wake(self) -> None:
        """Say that an answer may wait."""
        for path in self._paths:
            path.wake()

    async def stop(self) -> None:
        """Send no more; an answer in hand is sent again, in the same bytes, by the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(channel.close() for channel in self._channels))


def _agreements(settings: Settings) -> Iterator[tuple[str, Agreement]]:
    """The senders of every door, each with the name of its listener."""
    mllp, messages, drop = settings.mllp, settings.http.hl7v2, settings.drop
    yield from ((mllp.name, sender) for sender in mllp.senders)
    yield from ((messages.name, sender) for sender in messages.senders if messages.enabled)
    if drop.folder is not None:
        yield drop.name, drop.sender


def _lane(listener: str, sender: str, peer: AnswersTo, awaited: Callable[[], frozenset[str]]) -> Lane:
    give_up_after = timedelta(hours=peer.give_up_after)
    if peer.only_when_gone:
        return Lane(listener, sender, give_up_after, awaited)
    return Lane(listener, sender, give_up_after)


def _listener(listener: str, sender: str, peer: AnswersTo) -> ResultListener:
    files = ClientTlsFiles(peer.tls.authorities, peer.tls.certificate, peer.tls.key, peer.tls.key_password)
    return ResultListener(
        host=peer.host,
        port=peer.port,
        tls=ClientTls(files, f"answers_to.tls of {listener}/{sender}") if peer.encrypted else None,
        connect_timeout=peer.connect_timeout,
        answer_timeout=peer.answer_timeout,
        rests=0,  # the way back waits by itself
    )
