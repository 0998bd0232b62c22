"""What follows on the reading of a message: the sender's second answer, and whether an ignored body stays."""

from collections.abc import Callable
from datetime import datetime, timedelta

from adapter.app.return_paths import ReturnPaths
from adapter.inbound.application_answers import ApplicationAnswers, application_answer
from adapter.reading import KeptMessage, Reading
from adapter.store.messages import Aftermath


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
