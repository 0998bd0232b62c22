"""An answer that goes to a peer is the same answer, and asks that peer for an accept."""

from datetime import UTC, datetime

import pytest

from adapter.hl7v2.ack import acknowledge
from adapter.hl7v2.header import read_header
from adapter.hl7v2.returned import as_message
from adapter.outcome import Accepted, Place, Problem, Refused

NOW = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
REFUSED = Refused(Problem.CODE_UNKNOWN, Place("OBX", 2, 5), "not in the table")


def answer(header: bytes, receipt=REFUSED) -> bytes:
    return acknowledge(read_header(header), receipt, now=NOW, control_id="a1")


def header(version="2.5.1", charset="", application="RIS") -> bytes:
    return f"MSH|^~\\&|{application}|NUC|NETPET|HOSP|20261120||ORU^R01|M1|P|{version}|||AL|AL||{charset}\r".encode()


@pytest.mark.parametrize("version", ["2.1", "2.3", "2.5.1", "2.9"])
def test_it_asks_for_an_accept_and_for_nothing_beyond(version):
    message = read_header(as_message(answer(header(version))))

    assert (message.accept_ack, message.application_ack) == ("AL", "NE")


def test_all_else_stays_as_it_is():
    before = answer(header())
    after = as_message(before)

    assert after.replace(b"|AL|NE", b"|NE|NE") == before


def test_it_is_the_same_message_each_time():
    once = answer(header())

    assert as_message(once) == as_message(once)
    assert as_message(as_message(once)) == as_message(once)


def test_an_answer_without_the_two_fields_gets_them():
    short = b"MSH|^~\\&|NETPET|||RIS|20261120||ACK|a1|P|2.5.1\rMSA|AA|M1\r"

    assert as_message(short) == b"MSH|^~\\&|NETPET|||RIS|20261120||ACK|a1|P|2.5.1|||AL|NE\rMSA|AA|M1\r"


def test_other_delimiters_stay_what_they_are():
    other = answer(b"MSH!*+/%!RIS!NUCMED!NETPET!HOSP!20261120!!ORU*R01!M1!P!2.5.1!!!AL!AL\r", Accepted("m"))

    assert as_message(other).split(b"\r")[0].endswith(b"!P!2.5.1!!!AL!NE")


def test_a_name_whose_bytes_look_like_a_delimiter_stays_whole():
    """The second byte of this character is a vertical line in GB 18030."""
    name = b"\x81|".decode("gb18030")
    raw = header(charset="GB 18030-2000", application=name).decode().encode("gb18030")
    message = as_message(answer(raw))

    assert read_header(message).receiving_application == name
    assert read_header(message).accept_ack == "AL"
