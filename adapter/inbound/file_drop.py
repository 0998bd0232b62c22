"""A folder as a door: each file that was renamed into it is stored message by message, then put away.

A file is claimed (renamed into a folder of our own), read, its messages stored, and only then moved: to the archive
with its acknowledgements beside it, or to the errors with what was refused. What a crash leaves claimed is read again
first: its messages are recognised, and nothing is stored twice.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from adapter.arrival import Origin
from adapter.hl7v2.mllp import Block, Fault
from adapter.inbound.batch_intake import BatchIntake, TakenPayload
from adapter.inbound.drop_folders import DropFolders, State
from adapter.inbound.events import Events, OnEvent
from adapter.inbound.file_moves import TooLargeError, claim, put_away, read_file
from adapter.inbound.file_payloads import payloads_of
from adapter.inbound.file_report import FileReport, unread_words
from adapter.intake import Intake
from adapter.outcome import Problem, Refused

PATIENCE = 60.0
"""Seconds for storing one payload of a file; then the file waits."""
STORE_WAITS = "the store takes no messages now"
_PASSING = frozenset({Problem.STORE_UNAVAILABLE, Problem.OVERLOADED})
"""What is wrong with us and not with the file: it waits, and is read again."""


class FileDrop:
    """Picks up the files of a folder, the oldest first. ``notice`` says what waits for a person, or is empty.

    No event names a file: senders put patients' numbers into names.
    """

    def __init__(self, folders: DropFolders, max_file: int, origin: Origin, on_event: OnEvent | None = None) -> None:
        self._folders = folders
        self._stands: Callable[[], bool] = lambda: True
        self._max_file = max_file
        self._origin = origin
        self._events = Events(origin.listener, on_event)
        self._seen: dict[str, State] = {}
        self._others = 0
        self._stopping = asyncio.Event()
        self.notice = ""

    def hold(self, turn: int, stands: Callable[[], bool]) -> None:
        """Take files in hand as the holder of this turn; when it no longer stands, they are another process's."""
        self._folders, self._stands = self._folders.held(turn), stands

    def stop(self) -> None:
        """Finish the file in hand, and pick up no more."""
        self._stopping.set()

    async def run(self, intake: Intake, clock: Callable[[], datetime], poll: float) -> None:
        """Look every so many seconds, until stopped."""
        batches = BatchIntake(intake, clock)
        while not self._stopping.is_set():
            await self.look(batches)
            try:
                await asyncio.wait_for(self._stopping.wait(), poll)
            except TimeoutError:
                continue

    async def look(self, batches: BatchIntake) -> None:
        """Take what was left in hand, then every file that did not change since the last look."""
        notices: list[str] = []
        try:
            for file in [*await asyncio.to_thread(self._folders.left), *await asyncio.to_thread(self._steady)]:
                if self._stopping.is_set() or STORE_WAITS in notices or not self._stands():
                    break
                notices += await self._take(file, batches)
        except OSError as error:
            notices.append(f"drop.folder: {_reason(error)}")
        self._note(next(iter(notices), ""))

    def _note(self, notice: str) -> None:
        if notice and notice != self.notice:
            self._events.tell("drop-waits", reason=notice)
        self.notice = notice

    def _steady(self) -> list[Path]:
        """List the files that are as they were a look ago, the oldest first."""
        found, others = self._folders.look()
        if others > self._others:
            self._events.tell("file-left", reason="a link or no regular file", count=others)
        steady = sorted((state, name) for name, state in found.items() if self._seen.get(name) == state)
        self._seen, self._others = found, others
        return [self._folders.folder / name for _, name in steady]

    async def _take(self, file: Path, batches: BatchIntake) -> list[str]:
        """Store what is in a file and put it away; gives why it waits, if it does."""
        try:
            if file.parent != self._folders.in_hand:
                if (self._folders.in_hand / file.name).exists():
                    return []  # Another one of its name waits there, and says so.
                file = await asyncio.to_thread(claim, file, self._folders.in_hand)
            return await self._store(file, batches)
        except OSError as error:
            return [f"a file cannot be moved: {_reason(error)}"]

    async def _store(self, file: Path, batches: BatchIntake) -> list[str]:
        try:
            content = await asyncio.to_thread(read_file, file, self._max_file)
        except FileNotFoundError:
            return []  # A later holder has it.
        except OSError as error:
            problem = Problem.BLOCK_TOO_LARGE if isinstance(error, TooLargeError) else Problem.VALUE_UNREADABLE
            return await self._put(file, self._folders.errors, unread_words(Refused(problem, rule=_reason(error))))
        report = FileReport()
        for item in await asyncio.to_thread(lambda: list(payloads_of(content))):
            came = await self._payload(item, batches)
            if _PASSING & {refused.problem for refused in came.refusals}:
                return [STORE_WAITS]
            report.add(came)
        if (await asyncio.to_thread(file.stat)).st_size != len(content):
            return ["a file was still written to while it was read"]
        folder = self._folders.errors if report.faults else self._folders.archive
        return await self._put(file, folder, report.words())

    async def _payload(self, item: Block | Fault, batches: BatchIntake) -> TakenPayload:
        if isinstance(item, Fault):
            return batches.refuse(item.head, Refused(item.problem, rule=item.rule), self._origin)
        try:
            async with asyncio.timeout(PATIENCE):
                return await batches.take(item.payload, self._origin, item.deviations)
        except TimeoutError:
            return TakenPayload((), (), Refused(Problem.STORE_UNAVAILABLE))
        except Exception as error:  # noqa: BLE001 - one file must not close the door for all others
            self._events.tell("receiver-failed", error=type(error).__name__)
            return batches.refuse(
                item.payload, Refused(Problem.INTERNAL, rule="the program failed on it"), self._origin
            )

    async def _put(self, file: Path, folder: Path, words: dict[str, bytes]) -> list[str]:
        if not self._stands():
            return []
        await asyncio.to_thread(put_away, file, folder, words)
        self._events.tell("file-archived" if folder == self._folders.archive else "file-to-errors")
        return []


def _reason(error: OSError) -> str:
    """What the system says of it, without the file's name."""
    return error.strerror or type(error).__name__
