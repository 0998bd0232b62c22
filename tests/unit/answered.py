"""Headers of messages, what became of them, and the answers that they get, for the tests of acknowledgements."""

from datetime import datetime, timedelta, timezone

from adapter.hl7v2.ack import Level, acknowledge, acknowledge_accept
from adapter.hl7v2.header import Header, read_header
from adapter.hl7v2.message import Message, Segment
from adapter.outcome import Accepted, Held, Ignored, Place, Problem, Receipt, Refused

NOW = datetime(2026, 11, 20, 10, 15, tzinfo=timezone(timedelta(hours=1)))
REFUSED = Refused(Problem.VALUE_UNREADABLE, Place("OBX", 5, 5, 2, 1), "not a decimal number")
RECEIPTS: list[Receipt] = [Accepted("id"), Accepted("id", duplicate=True), Held(Problem.NO_MAPPING), Ignored(), REFUSED]


def header(
    version: str = "2.5.1", accept: str = "", application: str = "", charset: str = "", start: str = ""
) -> Header:
    start = start or "MSH|^~\\&|RIS^1.2^ISO|NUCMED|NETPET|HOSP|20261120101500+0100"
    text = f"{start}||ORU^R01^ORU_R01|MSG00001|P^T|{version}|||{accept}|{application}||{charset}\rPID|1\r"
    return read_header(text.encode())


def answer(header: Header | None, receipt: Receipt, level: Level = Level.APPLICATION) -> Message:
    build = acknowledge if level is Level.APPLICATION else acknowledge_accept
    payload = build(header, receipt, now=NOW, control_id="A1")
    return Message.parse(payload.decode(header.codec if header else "ascii"))


def segment(message: Message, name: str) -> Segment:
    found = message.first(name)
    assert found is not None
    return found
