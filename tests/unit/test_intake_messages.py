"""An accept is given only for what is on disk; whatever else happens the sender is told no, and keeps its message."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapter.arrival import NO_AGREEMENT, Arrival, ControlIdReusedError, Kept, Origin
from adapter.hl7v2.enhanced import AckMode
from adapter.hl7v2.header import read_header
from adapter.intake import Intake, Terms, lane
from adapter.outcome import Held, Place, Problem, Refused, StoreUnavailableError
from adapter.scoring.report import patient_key
from adapter.telemetry import Telemetry

NOW = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
ORIGIN = Origin("mllp", "127.0.0.1")


def message(**fields: str) -> bytes:
    values = {"type": "ORU^R01^ORU_R01", "id": "M1", "processing": "P", "version": "2.5.1", "asks": ""} | fields
    header = "MSH|^~\\&|RIS|NUC|NETPET|HOSP|20261120101500||{type}|{id}|{processing}|{version}|||{asks}"
    return (header.format(**values) + "\rPID|1||123456^^^HOSP^MR||DOE^JANE\r").encode()


class MemoryStore:
    """Keeps arrivals in a list, under their control IDs."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []

    async def keep(self, arrival: Arrival) -> Kept:
        self.arrivals.append(arrival)
        return Kept(arrival.control_id, arrival.answer)


class FullStore(MemoryStore):
    async def keep(self, arrival: Arrival) -> Kept:
        raise StoreUnavailableError("the disk is full")


class JealousStore(MemoryStore):
    """Has seen every control ID before."""

    async def keep(self, arrival: Arrival) -> Kept:
        self.arrivals.append(arrival)
        if arrival.refuse_reused:
            raise ControlIdReusedError
        return Kept(arrival.control_id, arrival.answer, control_id_reused=True)


class Door:
    """Page one with a store in memory, and how often somebody was told that there is work."""

    def __init__(self, store: MemoryStore | None = None, **terms: object) -> None:
        self.store = store or MemoryStore()
        self.marked = 0
        self.telemetry = Telemetry(quiet=True)
        self.intake = Intake(self.store, self.telemetry, lambda: NOW, self.mark, Terms(**terms))

    def mark(self) -> None:
        self.marked += 1

    async def answer(self, payload: bytes, origin: Origin = ORIGIN, deviations: tuple[str, ...] = ()) -> list[str]:
        """MSA-1, MSA-2 and ERR-5.1 of the answer; nothing for none."""
        taken = await self.intake.receive(payload, origin, deviations)
        if taken.answer is None:
            return []
        lines = [line.split("|") for line in taken.answer.decode().split("\r")]
        told = [field.split("^")[0] for line in lines if line[0] == "ERR" for field in line[5:6]]
        return [*next(line[1:3] for line in lines if line[0] == "MSA"), *told]

    def counted(self, answer: str) -> float | None:
        labels = {"listener": "mllp", "answer": answer}
        return self.telemetry.registry.get_sample_value("netpet_messages_total", labels)


def agreed(**sender: object) -> Origin:
    return Origin("mllp", "127.0.0.1", replace(NO_AGREEMENT, name="ris", **sender))


async def test_a_message_is_kept_with_what_its_header_and_its_connection_say():
    door = Door()

    assert await door.answer(message(), agreed(), ("junk-skipped: 1",)) == ["AA", "M1"]

    (kept,) = door.store.arrivals
    assert (kept.channel, kept.peer, kept.sender, kept.control_id) == ("mllp", "127.0.0.1", "ris", "M1")
    assert (kept.raw, kept.received, kept.deviations) == (message(), NOW, ("junk-skipped: 1",))
    assert kept.patient == patient_key("HOSP", "123456")
    assert (door.marked, door.counted("kept")) == (1, 1.0)


async def test_a_message_that_cannot_be_stored_is_never_accepted():
    door = Door(FullStore())

    assert await door.answer(message()) == ["AR", "M1", "store-unavailable"]
    assert (door.marked, door.counted("store-unavailable")) == (0, 1.0)


@pytest.mark.parametrize(
    ("payload", "answer"),
    [
        (b"GET / HTTP/1.1", ["AR", "", "header-unreadable"]),
        (message(id=""), ["AE", "", "field-missing"]),
        (message(type="ADT^A01"), ["AR", "M1", "message-type"]),
        (message(version="3.0"), ["AR", "M1", "version"]),
        (message(processing=""), ["AE", "M1", "field-missing"]),
        (message(processing="Q"), ["AR", "M1", "processing-id"]),
        (message().replace(b"JANE", b"J\xc4NE"), ["AE", "M1", "character-set"]),
    ],
)
async def test_what_cannot_be_taken_is_refused_by_its_rule_and_not_kept(payload, answer):
    door = Door()

    assert await door.answer(payload) == answer
    assert (door.store.arrivals, door.marked) == ([], 0)


async def test_a_control_id_used_again_is_counted_and_kept():
    door = Door(JealousStore())

    assert await door.answer(message()) == ["AA", "M1"]
    assert reuses(door, "default") == 1.0


async def test_a_control_id_used_again_is_counted_and_refused_where_that_was_agreed():
    door = Door(JealousStore(), reuse_window=timedelta(days=2))

    assert await door.answer(message(), agreed(refuses_reuse=True)) == ["AR", "M1", "control-id-reused"]
    assert reuses(door, "ris") == 1.0
    assert door.store.arrivals[0].reused_since == NOW - timedelta(days=2)


def reuses(door: Door, sender: str) -> float | None:
    labels = {"listener": "mllp", "sender": sender}
    return door.telemetry.registry.get_sample_value("netpet_control_ids_reused_total", labels)


async def test_what_would_be_held_is_refused_with_its_place_where_the_site_wants_that():
    held = Held(Problem.NO_MAPPING, Place("MSH", 1, 3), "no mapping owns it")
    door = Door(foresee=lambda arrival: held if arrival.control_id == "M1" else None)

    assert await door.answer(message()) == ["AE", "M1", "no-mapping"]
    assert await door.answer(message(id="M2")) == ["AA", "M2"]
    assert [arrival.control_id for arrival in door.store.arrivals] == ["M2"]


@pytest.mark.parametrize(
    ("asks", "ack", "answer", "application"),
    [
        ("", AckMode.AUTO, ["AA", "M1"], False),
        ("AL|NE", AckMode.AUTO, ["CA", "M1"], False),
        ("AL|AL", AckMode.AUTO, ["CA", "M1"], True),
        ("NE|ER", AckMode.AUTO, [], True),
        ("NE|NE", AckMode.AUTO, [], False),
        ("NE|NE", AckMode.ORIGINAL, ["AA", "M1"], False),
        ("AL|AL", AckMode.ORIGINAL, ["AA", "M1"], False),
        ("AL|AL", AckMode.COMMIT_AS_AA, ["AA", "M1"], False),
        ("NE|AL", AckMode.COMMIT_AS_AA, [], True),
    ],
)
async def test_the_answer_is_as_the_message_or_the_agreement_asks_for_it(asks, ack, answer, application):
    door = Door()

    assert await door.answer(message(asks=asks), agreed(ack=ack)) == answer
    (kept,) = door.store.arrivals
    assert kept.application_asked is application
    assert bool(kept.answer) is bool(answer)


@pytest.mark.parametrize(("asks", "answer"), [("NE|NE", None), ("ER|NE", b"MSA|CR|M1"), ("NE|AL", b"MSA|AR|M1")])
def test_a_refusal_too_is_given_only_as_it_is_asked_for(asks, answer):
    header = read_header(message(asks=asks))

    taken = Door().intake.refuse(header, Refused(Problem.OVERLOADED), ORIGIN)

    assert taken.answer is answer if answer is None else answer in taken.answer


@pytest.mark.parametrize(
    ("application", "facility", "problem"),
    [
        ("RIS", "NUC", None),
        ("RIS", None, None),
        ("PACS", None, "not-authorised"),
        ("RIS", "EAST", "not-authorised"),
        ("ris", None, "not-authorised"),
    ],
)
async def test_the_header_names_who_was_agreed_for_the_connection(application, facility, problem):
    answer = await Door().answer(message(), agreed(application=application, facility=facility))

    assert answer == (["AA", "M1"] if problem is None else ["AR", "M1", problem])


async def test_bytes_are_read_in_the_character_set_that_was_agreed():
    door = Door()
    payload = message().replace(b"JANE", b"J\xc4NE")

    assert await door.answer(payload, agreed(charset_default="8859/1")) == ["AA", "M1"]
    assert door.store.arrivals[0].deviations == ("character-set-undeclared: MSH-18",)
    assert await door.answer(payload, agreed(charset_override="UTF-8")) == ["AE", "M1", "character-set"]


def test_a_message_without_a_patient_waits_for_nobody():
    payload = message().partition(b"PID")[0]
    header = read_header(payload)

    assert lane(payload, header) != lane(payload, header)
