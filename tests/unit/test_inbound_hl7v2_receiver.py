"""A block is its messages: each goes to page one by itself, and the answers come back as the block was made."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from test_intake_messages import FullStore, MemoryStore, message

from adapter.arrival import Arrival, Kept, Sender
from adapter.hl7v2.mllp import Block, Fault
from adapter.inbound.application_answers import ApplicationAnswers
from adapter.inbound.hl7v2_receiver import Hl7v2Receiver
from adapter.inbound.receiver import Connection
from adapter.inbound.senders import Senders
from adapter.intake import Intake
from adapter.outcome import Problem
from adapter.telemetry import Telemetry

NOW = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
HERE = Connection("mllp", "127.0.0.1", None, 1)
NOBODY = Senders()
BHS = b"BHS|^~\\&|RIS|NUC|NETPET|HOSP|20261120||||B1\r"


class AskedStore(MemoryStore):
    """Keeps messages with what they ask for."""

    async def keep(self, arrival: Arrival) -> Kept:
        return replace(await super().keep(arrival), application_asked=arrival.application_asked)


class Reception:
    """A receiver with a store in memory and a line that always stands."""

    def __init__(self, store: MemoryStore | None = None, senders: Senders = NOBODY) -> None:
        self.store = store or MemoryStore()
        self.later: list[bytes] = []
        self.telemetry = Telemetry(quiet=True)
        intake = Intake(self.store, self.telemetry, lambda: NOW, lambda: None)
        self.answers = ApplicationAnswers(self._deliver, self._note)
        self.receiver = Hl7v2Receiver(intake, senders, self.answers, lambda: NOW)

    def _deliver(self, _connection: Connection, payload: bytes) -> bool:
        self.later.append(payload)
        return True

    async def _note(self, _message_id: str) -> None:
        return

    async def receive(self, payload: bytes, *deviations: str) -> list[list[str]]:
        return told(await self.receiver.receive(Block(payload, deviations), HERE))

    async def refuse(self, head: bytes, problem: Problem = Problem.STORE_UNAVAILABLE) -> list[list[str]]:
        return told(await self.receiver.refuse(Fault(problem, head, "a rule"), HERE))

    def kept(self) -> list[str]:
        return [arrival.control_id for arrival in self.store.arrivals]


def told(reply) -> list[list[str]]:
    """For each block of a reply its acknowledgement codes and control IDs."""
    segments = [[line.split("|") for line in payload.decode().split("\r")] for payload in reply.payloads]
    return [[":".join(line[1:3]) for line in lines if line[0] == "MSA"] for lines in segments]


M1, M2, BAD = message(), message(id="M2"), message(id="BAD", processing="Q")
SILENT = message(asks="NE|NE")


@pytest.mark.parametrize(
    ("payload", "answers", "kept"),
    [
        (M1, [["AA:M1"]], ["M1"]),
        (M1 + BAD + M2, [["AA:M1"], ["AR:BAD"], ["AA:M2"]], ["M1", "M2"]),
        (BHS + M1 + BAD + M2 + b"BTS|3\r", [["AA:M1", "AR:BAD", "AA:M2"]], ["M1", "M2"]),
        (BHS + M1 + b"BTS|2\r", [["AA:M1", "AE:B1"]], ["M1"]),
        (BHS + b"BTS|0\r", [[]], []),
        (SILENT, [], ["M1"]),
        (SILENT + M2, [["AA:M2"]], ["M1", "M2"]),
        (BHS + SILENT + b"BTS|1\r", [], ["M1"]),
        (BHS + SILENT + b"BTS|2\r", [["AE:B1"]], ["M1"]),
        (b"not HL7", [["AR:"]], []),
        (M1 + b"BTS|2\r", [["AE:M1"]], []),
        (M1 + M2 + b"BTS|3\r", [["AE:M1"], ["AE:M2"]], []),
        (M1 + b"BTS|1\r", [["AA:M1"]], ["M1"]),
        (M1 + b"BTS|1\rOBX|1|NM|SUV||3\r", [["AE:M1"]], []),
        (BHS + M1 + b"BTS|1\rOBX|1|NM|SUV||3\r", [["AE:B1"]], []),
        (BHS + M1 + b"BTS|1\rNTE|1||end of day\r", [["AA:M1"]], ["M1"]),
        (BHS + b"MSH|\r" * 100_000, [["AR:"]], []),
    ],
)
async def test_each_message_of_a_block_is_kept_and_answered_as_it_asks(payload, answers, kept):
    reception = Reception()

    assert await reception.receive(payload) == answers
    assert reception.kept() == kept


@pytest.mark.parametrize(("elsewhere", "awaited"), [(False, 1), (True, 0)])
async def test_no_connection_waits_for_an_answer_that_goes_to_a_peer(elsewhere, awaited):
    reception = Reception(AskedStore(), Senders(default=Sender(answers_elsewhere=elsewhere)))
    await reception.receive(message(asks="AL|AL"))

    assert len(reception.answers.awaited()) == awaited
    assert [arrival.answer_again for arrival in reception.store.arrivals] == [elsewhere]


async def test_what_was_tolerated_in_the_block_stands_with_each_of_its_messages():
    reception = Reception()
    await reception.receive(M1 + M2, "junk-skipped: 1")

    noted = ("junk-skipped: 1", "several-messages-in-one-block: 2")
    assert [arrival.deviations for arrival in reception.store.arrivals] == [noted, noted]


async def test_nothing_of_a_batch_is_accepted_that_cannot_be_stored():
    assert await Reception(FullStore()).receive(BHS + M1 + M2 + b"BTS|2\r") == [["AR:M1", "AR:M2"]]


@pytest.mark.parametrize(
    ("head", "answers"),
    [
        (M1, [["AR:M1"]]),
        (M1 + M2, [["AR:M1"], ["AR:M2"]]),
        (BHS + M1 + M2, [["AR:B1"]]),
        (M1[:30], [["AR:"]]),
        (b"x" * 100, [["AR:"]]),
        (SILENT, []),
        (M1 + b"BTS|1\rOBX|1", [["AR:M1"]]),
    ],
)
async def test_a_block_that_came_to_nothing_is_refused_by_what_it_held(head, answers):
    reception = Reception()

    assert await reception.refuse(head) == answers
    assert reception.kept() == []


async def test_a_batch_with_a_wrong_count_and_a_refused_block_are_counted():
    reception = Reception()
    await reception.receive(BHS + M1 + b"BTS|2\r")
    await reception.refuse(BHS + M1, Problem.BLOCK_UNTERMINATED)

    for problem in ("batch-count", "block-unterminated"):
        labels = {"listener": "mllp", "answer": problem}
        assert reception.telemetry.registry.get_sample_value("netpet_messages_total", labels) == 1.0
