"""What became of the messages of one file, in the words that are laid beside it; never with a value of a message."""

from dataclasses import dataclass, field

from adapter.inbound.batch_intake import TakenPayload
from adapter.outcome import Refused

ADVICE = "What was refused is not stored: mend it and send it again. What was stored may come again, it is recognised."


@dataclass(slots=True)
class FileReport:
    """Counts the messages of a file under way; ``answers`` are their acknowledgements, one behind the other."""

    stored: int = 0
    refused: int = 0
    answers: list[bytes] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def add(self, came: TakenPayload) -> None:
        """Take what one payload of the file came to."""
        for one in came.taken:
            if one.kept is not None:
                self.stored += 1
            else:
                self.refused += 1
                self._fault(f"message {self.stored + self.refused}", one.refused)
        self._fault("batch", came.refusal)
        self.answers += came.answers

    def _fault(self, what: str, refused: Refused | None) -> None:
        if refused is not None:
            place = f" at {refused.place}" if str(refused.place) else ""
            self.faults.append(f"{what}: {refused.problem.value}{place}: {refused.rule}")

    def words(self) -> dict[str, bytes]:
        """Turn the counts into the files beside this one: ``.ack`` always, ``.err`` when something was refused."""
        acknowledged = {".ack": b"".join(self.answers)}
        if not self.faults:
            return acknowledged
        counted = f"{self.stored + self.refused} messages: {self.stored} stored, {self.refused} refused."
        return acknowledged | {".err": "\n".join([f"{counted} {ADVICE}", *self.faults, ""]).encode()}


def unread_words(refused: Refused) -> dict[str, bytes]:
    """Turn why a file could not be read at all into the words beside it."""
    return {".err": f"Not read, nothing of it is stored.\nfile: {refused.problem.value}: {refused.rule}\n".encode()}
