"""The answer after the reading finds its sender, never overtakes the one at commit, and is not lost when it cannot."""

from datetime import UTC, datetime

import pytest
from test_inbound_fakes import eventually

from adapter.arrival import Kept
from adapter.inbound import application_answers
from adapter.inbound.application_answers import ApplicationAnswers, application_answer
from adapter.inbound.receiver import Connection
from adapter.outcome import Held, Ignored, Place, Problem, StoreUnavailableError
from adapter.reading import KeptMessage, Read

NOW = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
HERE, THERE = (Connection("mllp", "127.0.0.1", None, number) for number in (1, 2))
READ, HELD = Read((), "canonical", "1", ""), Held(Problem.CODE_UNKNOWN, Place("OBX", 5, 5), "not in the table")


class Line:
    """Connections that stand or not, and a store that notes what was delivered."""

    def __init__(self, *, stands: bool = True, down: bool = False) -> None:
        self._stands = stands
        self._down = down
        self.sent: list[tuple[int, bytes]] = []
        self.noted: list[str] = []
        self.answers = ApplicationAnswers(self.deliver, self.note)

    def deliver(self, connection: Connection, payload: bytes) -> bool:
        if self._stands:
            self.sent.append((connection.id, payload))
        return self._stands

    async def note(self, message_id: str) -> None:
        if self._down:
            raise StoreUnavailableError("the disk is full")
        self.noted.append(message_id)


def kept(number: int = 1, answer: bytes | None = None) -> Kept:
    return Kept(f"m{number}", b"MSA|CA", application_asked=True, application_answer=answer)


async def test_an_answer_goes_back_on_the_connection_that_brought_the_message():
    line = Line()
    line.answers.expect(kept(), HERE)
    line.answers.answered("m1")
    line.answers.concluded("m1", b"MSA|AA")
    await line.answers.close()

    assert (line.sent, line.noted) == ([(1, b"MSA|AA")], ["m1"])


async def test_an_answer_does_not_overtake_the_one_at_commit():
    line = Line()
    line.answers.expect(kept(), HERE)
    line.answers.concluded("m1", b"MSA|AA")
    assert line.sent == []
    line.answers.answered("m1")

    assert line.sent == [(1, b"MSA|AA")]
    await line.answers.close()


async def test_an_answer_is_given_once():
    line = Line()
    line.answers.expect(kept(), HERE)
    line.answers.answered("m1")
    for _ in range(2):
        line.answers.concluded("m1", b"MSA|AA")
    line.answers.answered("m1")
    await line.answers.close()

    assert line.sent == [(1, b"MSA|AA")]


async def test_where_none_is_due_after_all_nothing_is_sent():
    line = Line()
    line.answers.expect(kept(), HERE)
    line.answers.answered("m1")
    line.answers.concluded("m1", None)
    line.answers.concluded("m1", b"MSA|AA")

    assert line.sent == []


async def test_who_repeats_a_message_gets_its_answer_on_the_new_connection():
    line = Line()
    line.answers.expect(kept(), HERE)
    line.answers.answered("m1")
    line.answers.expect(kept(), THERE)
    line.answers.concluded("m1", b"MSA|AA")
    line.answers.answered("m1")
    await line.answers.close()

    assert line.sent == [(2, b"MSA|AA")]


async def test_the_answer_to_a_message_that_was_read_before_comes_at_once():
    line = Line()
    line.answers.expect(kept(answer=b"MSA|AA"), HERE)
    line.answers.answered("m1")
    await line.answers.close()

    assert line.sent == [(1, b"MSA|AA")]


async def test_an_answer_to_a_connection_that_is_gone_is_not_noted_as_delivered():
    line = Line(stands=False)
    line.answers.expect(kept(), HERE)
    line.answers.answered("m1")
    line.answers.concluded("m1", b"MSA|AA")
    await line.answers.close()

    assert line.noted == []


async def test_a_store_that_cannot_note_a_delivery_stops_nobody():
    line = Line(down=True)
    line.answers.expect(kept(), HERE)
    line.answers.answered("m1")
    line.answers.concluded("m1", b"MSA|AA")

    await eventually(lambda: not line.answers._notes)
    assert line.sent == [(1, b"MSA|AA")]


async def test_an_answer_is_another_way_s_business_only_when_no_connection_can_bring_it_any_more():
    """Until the store knows of a delivery, nobody else may deliver the answer once more."""
    line = Line()
    line.answers.expect(kept(), HERE)
    waiting = line.answers.awaited()
    line.answers.answered("m1")
    line.answers.concluded("m1", b"MSA|AA")
    sent = line.answers.awaited()
    await line.answers.close()

    assert (waiting, sent, line.answers.awaited()) == ({"m1"}, {"m1"}, frozenset())


@pytest.mark.parametrize("state", [{"stands": False}, {"down": True}])
async def test_an_answer_whose_delivery_is_not_certain_is_another_way_s_business(state):
    line = Line(**state)
    line.answers.expect(kept(), HERE)
    line.answers.answered("m1")
    line.answers.concluded("m1", b"MSA|AA")
    await line.answers.close()

    assert line.answers.awaited() == frozenset()


async def test_the_number_of_waits_is_bounded_and_the_oldest_gives_way():
    line = Line()
    for number in range(application_answers.BOUND + 1):
        line.answers.expect(kept(number), HERE)
        line.answers.answered(f"m{number}")
    line.answers.concluded("m0", b"MSA|AA")
    line.answers.concluded("m1", b"MSA|AA")
    await line.answers.close()

    assert line.noted == ["m1"]


def message(asks: str, *, asked: bool = True) -> KeptMessage:
    raw = f"MSH|^~\\&|RIS|NUC|||20261120||ORU^R01|M1|P|2.5.1|||{asks}\r".encode()
    return KeptMessage("m1", 1, "mllp", "hl7v2", raw, NOW, "M1", "P", "lane", "", application_asked=asked)


@pytest.mark.parametrize(
    ("asks", "reading", "answer"),
    [
        ("AL|AL", READ, b"MSA|AA|M1"),
        ("AL|AL", Ignored(), b"MSA|AA|M1"),
        ("AL|AL", HELD, b"MSA|AE|M1"),
        ("AL|AL", Held(Problem.INTERNAL), b"MSA|AR|M1"),
        ("AL|SU", READ, b"MSA|AA|M1"),
        ("AL|SU", HELD, None),
        ("AL|ER", READ, None),
        ("AL|ER", HELD, b"MSA|AE|M1"),
        ("AL|NE", HELD, None),
    ],
)
def test_the_answer_says_what_the_reading_made_of_it(asks, reading, answer):
    given = application_answer(message(asks), reading, NOW)

    assert given is None if answer is None else answer in given


def test_an_error_names_place_and_rule():
    answer = application_answer(message("AL|AL"), HELD, NOW)

    assert b"ERR||OBX^5^5|103^" in answer
    assert b"not in the table" in answer


def test_a_message_that_has_its_answer_gets_no_other():
    assert application_answer(message("AL|AL", asked=False), READ, NOW) is None
