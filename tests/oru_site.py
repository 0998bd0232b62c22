"""A site whose scores go back to an EHR, both in memory: what was sent, what was answered, what stands there."""

from dataclasses import replace

import pytest
from oru_results import AGREEMENT, AT

from adapter.delivery import Answer, DeliveryError, SentMessage
from adapter.hl7v2.header import read_header
from adapter.hl7v2.message import Message
from adapter.outbound.plans.oru import OruDestination
from adapter.publication import Claim

CLAIM = Claim("patient", 1)


class FakeSentMessages:
    """Keeps messages and answers as the store does."""

    def __init__(self):
        self.kept: list[SentMessage] = []

    async def last_sent(self, score_id):
        return next((message for message in reversed(self.kept) if message.score_id == score_id), None)

    async def keep_sent(self, claim, message):
        self.kept.append(message)

    async def record_answer(self, message, answer, accepted, at):
        place = next(n for n, kept in enumerate(self.kept) if kept.control_id == message.control_id)
        self.kept[place] = replace(self.kept[place], answer=answer, accepted=accepted or self.kept[place].accepted)


class FakeEhr:
    """Takes results and answers ``AA``, or what the script says next: a code, segments beside it, or no answer."""

    def __init__(self, *script):
        self.script = list(script)
        self.received: list[bytes] = []

    async def send(self, payload):
        self.received.append(payload)
        answer = self.script.pop(0) if self.script else "AA"
        if answer is None:
            raise DeliveryError(Answer(codes=("timed-out",), rule="no answer"))
        code, *segments = answer.split("\r")
        return b"\r".join([acknowledgement(code, read_header(payload).control_id), *(s.encode() for s in segments)])

    @property
    def messages(self):
        return [Message.parse(payload.decode()) for payload in self.received]

    @property
    def statuses(self):
        return [message.first("OBR").value(25) for message in self.messages]

    def rows(self):
        """What stands, as an EHR keeps it that files each observation under order, code and sub-id."""
        held = {}
        for message in self.messages:
            order = message.first("OBR").field(3)
            for obx in message.all("OBX"):
                key = (order, obx.value(3), obx.value(4))
                held[key] = (obx.value(5), obx.value(11))
        return {key: value for key, (value, status) in held.items() if status not in "DWX"}


class Site:
    """A destination with its store and its EHR."""

    def __init__(self, *script, agreement=AGREEMENT):
        self.sent = FakeSentMessages()
        self.ehr = FakeEhr(*script)
        self.agreement = agreement

    async def deliver(self, *publications, at=AT):
        """Deliver each in turn, from a plan that was just started: all it knows is in the store."""
        for one in publications:
            await OruDestination(self.sent, self.ehr, self.agreement).deliver(CLAIM, one, at)

    async def refused(self, one):
        with pytest.raises(DeliveryError) as raised:
            await self.deliver(one)
        return raised.value


def acknowledgement(code, of):
    return f"MSH|^~\\&|EHR||NETPET||20261122||ACK|A1|P|2.5.1\rMSA|{code}|{of}".encode()
