"""Write plan ``oru``: a score goes back to the EHR as an ORU^R01, under the order numbers of the report.

A message is kept before it is sent, so that it is repeated in the very same bytes, under the same MSH-10, after a
time-out, a lost answer or a crash. What stands at the EHR is what the last message says: a later one is a correction
(``C``), a withdrawal says every row again as withdrawn, and a result whose order numbers changed is withdrawn under the
old ones before it is sent under the new.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

from adapter.delivery import Answer, DeliveryError, SentMessage
from adapter.hl7v2.answer import Verdict, judge
from adapter.hl7v2.errors import FormatError
from adapter.hl7v2.result_changes import NO_LONGER, SentResult, take_back_rows, withdraw
from adapter.hl7v2.result_message import ResultNotWritableError, write_result
from adapter.outbound.plans.oru_message import Agreement, is_withdrawn, result_message
from adapter.publication import Claim, Publication

_MOVED = "moved:"
"""Before the digest of a publication: its message withdraws the former one under its former order numbers."""
_TICK = timedelta(seconds=1)
"""MSH-7 and OBR-22 are written in seconds; a later message of a score is never of the same second or earlier."""


class SentMessages(Protocol):
    """What the plan needs of the store."""

    async def last_sent(self, score_id: str) -> SentMessage | None:
        """Give the last message of a score."""
        ...

    async def keep_sent(self, claim: Claim, message: SentMessage) -> None:
        """Keep a message that is about to be sent; refused when the claim is stale."""
        ...

    async def record_answer(self, message: SentMessage, answer: bytes, accepted: bool, at: datetime) -> None:
        """Keep what a message was answered."""
        ...


class Channel(Protocol):
    """The way to the EHR's interface."""

    async def send(self, payload: bytes) -> bytes:
        """Turn a message into its answer; raises DeliveryError when there is none."""
        ...


class OruDestination:
    """Turns a publication into the messages that bring the EHR to it; raises DeliveryError until it has accepted."""

    keeps_record = False

    def __init__(self, sent: SentMessages, channel: Channel, agreement: Agreement) -> None:
        self._sent = sent
        self._channel = channel
        self._agreement = agreement

    async def deliver(self, claim: Claim, publication: Publication, at: datetime) -> None:
        """Bring the EHR to the publication; what it accepted before is not sent again."""
        last = await self._sent.last_sent(publication.score_id)
        while (due := self._due(publication, last, at)) is not None:
            if due is not last:
                await self._sent.keep_sent(claim, due)
            await self._send(due, at)
            last = replace(due, accepted=True)

    async def _send(self, message: SentMessage, at: datetime) -> None:
        answer = await self._channel.send(message.payload)
        verdict = _verdict(answer)
        await self._sent.record_answer(message, answer, verdict.accepted, at)
        if not verdict.accepted:
            codes = tuple(filter(None, (verdict.code, *verdict.conditions)))
            said = Answer(codes=codes, expressions=verdict.places, rule="the EHR's interface refused the result")
            raise DeliveryError(said, permanent=verdict.permanent)

    def _due(self, publication: Publication, last: SentMessage | None, at: datetime) -> SentMessage | None:
        """The one message that comes next; None when the EHR has accepted what the publication says."""
        if last is None:
            return None if is_withdrawn(publication) else self._result(publication, None, at)
        if last.accepted and last.digest == publication.digest:
            return None
        former = _Former(last)
        if is_withdrawn(publication):
            return _withdrawal_due(former, publication.digest, self._agreement.withdrawn, at)
        if last.digest == publication.digest and not former.was_refused:
            return last
        return self._change(publication, former, at)

    def _change(self, publication: Publication, former: "_Former", at: datetime) -> SentMessage | None:
        """A result that stands after another message of the same score."""
        due = self._result(publication, former, at)
        if SentResult.read(due.payload).address == former.result.address:
            return due
        moved = _withdrawal_due(former, _MOVED + publication.digest, self._agreement.withdrawn, at)
        return moved or self._result(publication, former.elsewhere, at)

    def _result(self, publication: Publication, former: "_Former | None", at: datetime) -> SentMessage:
        number, at, before = (former.number, former.after(at), former.status) if former else (1, at, "")
        control_id = _control_id(publication.score_id, number, publication.digest)
        try:
            payload = write_result(result_message(publication, self._agreement, control_id, at, before))
        except ResultNotWritableError as error:
            raise DeliveryError(Answer(rule=str(error)), permanent=True) from error
        if former is not None and not former.is_elsewhere:
            payload = take_back_rows(payload, former.result)
        return SentMessage(publication.score_id, number, publication.digest, control_id, payload, at)


class _Former:
    """The last message of a score: what it said, and whether the EHR may have it."""

    def __init__(self, message: SentMessage, *, is_elsewhere: bool = False) -> None:
        self.message = message
        self.result = SentResult.read(message.payload)
        self.was_refused = not message.accepted and message.answer is not None and _verdict(message.answer).permanent
        self.is_elsewhere = is_elsewhere

    @property
    def number(self) -> int:
        """That of the message after it."""
        return self.message.number + 1

    @property
    def status(self) -> str:
        """OBR-25 as the EHR has it: of what it refused it has nothing, unless that corrected something."""
        nothing = self.is_elsewhere or (self.was_refused and self.result.status in ("P", "F"))
        return "" if nothing else self.result.status

    @property
    def elsewhere(self) -> "_Former":
        """The same for a result that goes where the EHR has none."""
        return _Former(self.message, is_elsewhere=True)

    def after(self, at: datetime) -> datetime:
        """A time after it: receivers order by MSH-7 and OBR-22, and clocks jump."""
        return max(at, self.message.made + _TICK)


def _withdrawal_due(former: _Former, digest: str, status: str, at: datetime) -> SentMessage | None:
    """The withdrawal of a former message: None when the EHR has accepted it, the same again when nobody knows."""
    last = former.message
    if former.result.status == NO_LONGER and not former.was_refused:
        return None if last.accepted else last
    at, control_id = former.after(at), _control_id(last.score_id, former.number, digest)
    payload = withdraw(former.result, control_id, at, status)
    return SentMessage(last.score_id, former.number, digest, control_id, payload, at)


def _verdict(answer: bytes) -> Verdict:
    try:
        return judge(answer)
    except FormatError:
        return Verdict("")


def _control_id(score_id: str, number: int, digest: str) -> str:
    """MSH-10, 20 characters (v2.3.1 to v2.6): of the score and its content, and new for a content that comes back."""
    return "N" + sha256(f"{score_id}|{number}|{digest}".encode()).hexdigest()[:19].upper()
