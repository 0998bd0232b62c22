"""What follows on the reading of a message: the sender's second answer, and how long an ignored body stays."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from adapter.app.return_paths import ReturnPaths
from adapter.inbound.application_answers import ApplicationAnswers, application_answer
from adapter.outcome import StoreUnavailableError
from adapter.reading import KeptMessage, Reading
from adapter.store.messages import Aftermath
from adapter.telemetry import Telemetry

LOOK = timedelta(hours=1)
"""Between two looks for bodies that have been kept long enough; they are kept for days."""
AT_A_TIME = 1000
"""Bodies dropped in one commit, so that no message waits long for its own."""


class FollowUp:
    """Tells the store what to keep of a reading, and the waiting sender what came of it."""

    def __init__(
        self,
        answers: ApplicationAnswers,
        paths: ReturnPaths,
        clock: Callable[[], datetime],
        keep_ignored: timedelta,
    ) -> None:
        self._answers = answers
        self._paths = paths
        self._clock = clock
        self._keep_ignored = keep_ignored > timedelta(0)

    def aftermath(self, message: KeptMessage, reading: Reading) -> Aftermath:
        """Turn a reading into the answer that is due, and whether the body of an ignored message stays."""
        now = self._clock()
        return Aftermath(application_answer(message, reading, now), self._keep_ignored, now)

    def concluded(self, message_id: str, answer: bytes | None) -> None:
        """Give the answer to its sender; it is on disk."""
        self._answers.concluded(message_id, answer)
        if answer is not None:
            self._paths.wake()


async def forget_ignored(
    forget: Callable[[datetime, int], Awaitable[int]],
    clock: Callable[[], datetime],
    keep: timedelta,
    telemetry: Telemetry,
) -> None:
    """Drop the bodies of ignored messages once their time is over, until cancelled; a store that is down is retried."""
    while True:
        dropped = 0
        try:
            dropped = await forget(clock() - keep, AT_A_TIME)
        except StoreUnavailableError:
            telemetry.failed("forget-ignored")
        await asyncio.sleep(0 if dropped == AT_A_TIME else LOOK.total_seconds())
