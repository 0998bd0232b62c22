"""The HL7 v2 door: listener, receiver, page one, and the answers that come after the reading."""

from collections.abc import Callable
from datetime import datetime, timedelta

from adapter.app.courtesy import TimedKeeping
from adapter.app.follow_up import FollowUp
from adapter.app.reader import MessageReader
from adapter.app.return_paths import ReturnPaths
from adapter.app.worker import Worker
from adapter.inbound.application_answers import ApplicationAnswers
from adapter.inbound.hl7v2_receiver import Hl7v2Receiver
from adapter.inbound.mllp_server import Listener, MllpServer
from adapter.inbound.peers import PeerList
from adapter.inbound.receiver import Connection
from adapter.inbound.senders import Senders
from adapter.inbound.tls import ServerTls
from adapter.intake import Intake, Terms
from adapter.settings import Settings
from adapter.store.store import Store
from adapter.telemetry import Telemetry


class MllpDoor:
    """Made before the store, which it tells what follows on a reading; ``build`` joins it to the store."""

    def __init__(self, settings: Settings, telemetry: Telemetry, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._telemetry = telemetry
        self._clock = clock
        self._senders: Senders = settings.mllp.to_senders()
        self.answers = ApplicationAnswers(self._deliver, self._delivered)
        self.return_paths = ReturnPaths(settings, telemetry, clock)
        keep_ignored = timedelta(days=settings.intake.keep_ignored)
        self.follow_up = FollowUp(self.answers, self.return_paths, clock, keep_ignored)

    def intake(self, store: Store, reader: MessageReader, worker: Worker) -> Intake:
        """Turn the settings into page one, of this door and the others: it keeps what comes, and wakes the worker."""
        rules = self._settings.intake
        terms = Terms(timedelta(days=rules.duplicate_window), reader.foresee if rules.refuse_unmappable else None)
        keeping = TimedKeeping(store, worker.courtesy)
        return Intake(keeping, self._telemetry, self._clock, worker.wake, terms)

    def build(self, store: Store, intake: Intake, tls: ServerTls | None) -> MllpServer:
        """Turn the settings into a listener that gives what comes to page one."""
        mllp = self._settings.mllp
        receiver = Hl7v2Receiver(intake, self._senders, self.answers, self._clock)
        listener = Listener(mllp.name, mllp.host, mllp.port, PeerList(mllp.allowed_networks))
        self._store = store
        self._server = MllpServer(receiver, listener, mllp.to_limits(), tls, self._telemetry.listener_event)
        return self._server

    def _deliver(self, connection: Connection, payload: bytes) -> bool:
        return self._server.deliver(connection.id, payload)

    async def _delivered(self, message_id: str) -> None:
        await self._store.mark_delivered(message_id, self._clock())
