"""A body is answered as a block is: by what became of each of its messages, and never as stored when one is not."""

import asyncio
from datetime import UTC, datetime

import pytest
from test_intake_messages import FullStore, MemoryStore, message

from adapter.arrival import NO_AGREEMENT, Arrival, Kept, Origin, Sender
from adapter.inbound.body_receiver import BodyReceiver
from adapter.inbound.credentials import CredentialRule, CredentialSenders
from adapter.intake import Intake
from adapter.outcome import Problem, Refused
from adapter.telemetry import Telemetry

NOW = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
ORIGIN = Origin("http", "127.0.0.1", Sender("ris"))
BHS = b"BHS|^~\\&|RIS|NUC|NETPET|HOSP|20261120||||B1\r"
M1, M2, BAD = message(), message(id="M2"), message(id="BAD", processing="Q")


class SlowStore(MemoryStore):
    async def keep(self, arrival: Arrival) -> Kept:
        await asyncio.Event().wait()
        return await super().keep(arrival)


def receiver(store: MemoryStore, seconds: float = 30.0) -> BodyReceiver:
    intake = Intake(store, Telemetry(quiet=True), lambda: NOW, lambda: None)
    return BodyReceiver(intake, CredentialSenders("http"), lambda: NOW, seconds)


def codes(answers: bytes) -> list[str]:
    lines = [line.split("|") for line in answers.decode("latin-1").split("\r")]
    return [":".join(line[1:3]) for line in lines if line[0] == "MSA"]


@pytest.mark.parametrize(
    ("body", "answers", "problem", "kept"),
    [
        (M1, ["AA:M1"], None, ["M1"]),
        (M1 + M2, ["AA:M1", "AA:M2"], None, ["M1", "M2"]),
        (BHS + M1 + M2 + b"BTS|2\r", ["AA:M1", "AA:M2"], None, ["M1", "M2"]),
        (M1 + BAD, ["AA:M1", "AR:BAD"], Problem.PROCESSING_ID, ["M1"]),
        (BHS + M1 + BAD + b"BTS|2\r", ["AA:M1", "AR:BAD"], Problem.PROCESSING_ID, ["M1"]),
        (BHS + M1 + b"BTS|2\r", ["AA:M1", "AE:B1"], Problem.BATCH_COUNT, ["M1"]),
        (b"", ["AR:"], Problem.HEADER_UNREADABLE, []),
        (b"\x0b" + M1 + b"\x1c\r", ["AR:"], Problem.HEADER_UNREADABLE, []),
    ],
)
async def test_a_body_has_a_problem_unless_all_of_it_is_on_disk(body, answers, problem, kept):
    store = MemoryStore()
    response = await receiver(store).receive(body, ORIGIN)

    assert (codes(response.answers), response.problem) == (answers, problem)
    assert [arrival.control_id for arrival in store.arrivals] == kept


async def test_what_is_wrong_with_us_goes_before_what_is_wrong_with_the_messages():
    response = await receiver(FullStore()).receive(BAD + M1, ORIGIN)

    assert (codes(response.answers), response.problem) == (["AR:BAD", "AR:M1"], Problem.STORE_UNAVAILABLE)


async def test_a_store_that_does_not_answer_in_time_is_a_no():
    response = await receiver(SlowStore(), 0.02).receive(M1, ORIGIN)

    assert (codes(response.answers), response.problem) == (["AR:M1"], Problem.STORE_UNAVAILABLE)


async def test_a_head_is_refused_by_the_message_that_it_names():
    response = receiver(MemoryStore()).refuse(M1[:-5], ORIGIN, Refused(Problem.BLOCK_TOO_LARGE))

    assert (codes(response.answers), response.problem) == (["AR:M1"], Problem.BLOCK_TOO_LARGE)


def worded(charset: str, codec: str) -> bytes:
    header = message().replace(b"|2.5.1|||", b"|2.5.1||||||" + charset.encode())
    return header.replace(b"DOE^JANE", "MÜLLER^JANE".encode(codec))


@pytest.mark.parametrize(
    ("declared", "codec", "content_type", "problem"),
    [
        ("UNICODE UTF-8", "utf-8", "utf-8", None),
        ("8859/1", "latin-1", "ISO-8859-1", None),
        ("8859/1", "latin-1", "windows-1252", None),
        ("8859/1", "utf-8", "utf-8", Problem.CHARACTER_SET),
        ("8859/1", "latin-1", "utf-8", Problem.CHARACTER_SET),
        ("UNICODE UTF-8", "utf-8", "ISO-8859-1", Problem.CHARACTER_SET),
        ("", "utf-8", "utf-8", None),
        ("", "latin-1", "ISO-8859-1", Problem.CHARACTER_SET),
        ("8859/1", "latin-1", "", None),
    ],
)
async def test_what_the_request_says_of_the_characters_has_to_be_true(declared, codec, content_type, problem):
    store = MemoryStore()
    response = await receiver(store).receive(worded(declared, codec), ORIGIN, content_type)

    assert response.problem is problem
    assert codes(response.answers) == (["AE:M1"] if problem else ["AA:M1"])
    assert len(store.arrivals) == (0 if problem else 1)


async def test_plain_ascii_is_the_same_in_every_character_set():
    assert (await receiver(MemoryStore()).receive(M1, ORIGIN, "windows-1252")).problem is None


def test_the_names_of_character_sets_are_those_of_the_messages():
    known = receiver(MemoryStore())

    assert known.knows("UTF-8")
    assert known.knows("iso-8859-15")
    assert not known.knows("klingon")


RIS, PACS, BOTH = Sender("ris"), Sender("pacs"), Sender("both")
RULES = [
    CredentialRule(BOTH, frozenset({"key"}), frozenset({"CN=a"})),
    CredentialRule(RIS, clients=frozenset({"ris", "ris-2"})),
    CredentialRule(PACS, subjects=frozenset({"CN=pacs"})),
]


@pytest.mark.parametrize(
    ("client", "subject", "sender"),
    [
        ("ris", None, RIS),
        ("ris-2", "CN=pacs", RIS),
        ("key", "CN=a", BOTH),
        ("key", "CN=b", None),
        ("key", None, None),
        (None, "CN=pacs", PACS),
        (None, None, None),
        ("dashboard", "CN=other", None),
    ],
)
def test_a_credential_shows_the_sender_or_nobody(client, subject, sender):
    fitting = next((rule.sender for rule in RULES if rule.fits(client, subject)), None)

    assert fitting is sender


def test_who_is_nobody_s_is_the_default_or_may_not_send():
    assert CredentialSenders("http", RULES).origin("127.0.0.1", "dashboard", None) is None
    assert CredentialSenders("http", RULES, Sender()).origin("::ffff:10.0.0.1", "dashboard", None) == Origin(
        "http", "10.0.0.1", Sender()
    )
    assert CredentialSenders("http", RULES).origin("127.0.0.1", "ris", None) == Origin("http", "127.0.0.1", RIS)
    assert receiver(MemoryStore()).origin("127.0.0.1", "ris", None) is None


def test_whoever_reads_a_kept_message_finds_its_sender_by_name():
    by_name = CredentialSenders("http", RULES).by_name()

    assert (by_name.named("pacs"), by_name.named("gone")) == (PACS, NO_AGREEMENT)
