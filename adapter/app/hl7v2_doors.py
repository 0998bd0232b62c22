"""The HL7 v2 doors beside the listener: HTTP bodies and the drop folder, on the same page one."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from adapter.app.part_holder import PartHolders
from adapter.arrival import Origin
from adapter.inbound.body_receiver import BodyReceiver
from adapter.inbound.drop_folders import DropFolders
from adapter.inbound.file_drop import FileDrop
from adapter.inbound.senders import DoorSenders
from adapter.intake import Intake
from adapter.settings import Settings
from adapter.store.leases import Tenure
from adapter.telemetry import Telemetry
from adapter.web.hl7v2_messages import BodyLimits, MessageRoute

Clock = Callable[[], datetime]


def door_senders(settings: Settings) -> DoorSenders:
    """Turn the settings into the senders of every door: who reads a message looks up what was agreed."""
    mllp, messages, drop = settings.mllp, settings.http.hl7v2, settings.drop
    doors = {drop.name: drop.to_senders(), messages.name: messages.to_senders().by_name()}
    return DoorSenders(doors | {mllp.name: mllp.to_senders()})


def message_route(settings: Settings, intake: Intake, clock: Clock) -> MessageRoute | None:
    """Turn the settings into what takes ``POST /hl7v2``; None: nothing does."""
    messages = settings.http.hl7v2
    if not messages.enabled:
        return None
    receiver = BodyReceiver(intake, messages.to_senders(), clock, messages.handler_timeout)
    return MessageRoute(receiver, BodyLimits(messages.max_body, messages.max_outstanding, messages.body_timeout))


class DropDoor:
    """The drop folder, if there is one; ``start`` raises FileDropError, ``stop`` finishes the file in hand."""

    def __init__(self, settings: Settings, telemetry: Telemetry) -> None:
        drop = settings.drop
        self._name, self._poll = drop.name, drop.poll
        self._telemetry = telemetry
        self._drop: FileDrop | None = None
        self._task: asyncio.Task[None] | None = None
        if drop.folder is None or drop.archive is None or drop.errors is None:
            return
        self._folders = DropFolders(drop.folder, drop.archive, drop.errors, drop.pattern)
        origin = Origin(drop.name, "", drop.to_senders().default)
        self._drop = FileDrop(self._folders, drop.max_file, origin, telemetry.listener_event)

    def notice(self) -> str:
        """What waits there for a person; empty when nothing does."""
        if self._task is not None and self._task.done():
            return "the drop folder is no longer looked at"
        return self._drop.notice if self._drop is not None else ""

    async def start(self, intake: Intake, clock: Clock, holders: PartHolders) -> None:
        """Begin to look into the folder; of the processes that see the same folder one does."""
        drop = self._drop
        if drop is None:
            return
        await asyncio.to_thread(self._folders.prepare)
        folder = await asyncio.to_thread(self._folders.identity) if holders.shared else self._name
        self._holder = holder = holders.holder(f"drop/{folder}")

        async def look(tenure: Tenure) -> None:
            drop.hold(tenure.token, holder.stands)
            await drop.run(intake, clock, self._poll)

        self._telemetry.listener_event("listening", listener=self._name)
        self._task = asyncio.create_task(holder.run(look), name="drop")

    async def stop(self) -> None:
        """Finish the file in hand, and look no more."""
        if self._drop is not None and self._task is not None:
            self._holder.stop()
            self._drop.stop()
            await asyncio.gather(self._task, return_exceptions=True)
