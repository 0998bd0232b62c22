"""The connection shows who sends; the settings say what was agreed, and are refused when they cannot hold."""

import pytest
from pydantic import ValidationError

from adapter.arrival import NO_AGREEMENT, Sender
from adapter.hl7v2.enhanced import AckMode
from adapter.inbound.limits import Limits
from adapter.inbound.mllp_settings import Mllp
from adapter.inbound.receiver import Connection
from adapter.inbound.senders import DoorSenders, Senders

NORTH = {"name": "north", "networks": ["10.1.0.0/16"]}
WITH_CARD = {"name": "card", "certificate_subjects": ["CN=ris,O=Hospital"]}
BOTH = {"name": "both", "networks": ["10.1.0.0/16"], "certificate_subjects": ["CN=both"]}
TLS = {"certificate": "c.pem", "key": "k.pem", "client_authorities": "ca.pem"}


def sender_of(entries, peer, subject=None):
    senders = Mllp.model_validate({"senders": entries, "tls": TLS}).to_senders()
    return senders.origin(Connection("mllp", peer, subject, 1)).sender.name


@pytest.mark.parametrize(
    ("peer", "subject", "name"),
    [
        ("10.1.2.3", None, "north"),
        ("10.1.2.3", "CN=both", "both"),
        ("10.2.2.3", "CN=both", "default"),
        ("10.2.2.3", "CN=ris,O=Hospital", "card"),
        ("10.2.2.3", "CN=ris", "default"),
        ("10.2.2.3", None, "default"),
        ("2001:db8::1", None, "default"),
    ],
)
def test_the_first_entry_that_fits_the_connection_is_the_sender(peer, subject, name):
    assert sender_of([BOTH, NORTH, WITH_CARD], peer, subject) == name


def test_where_an_entry_comes_from_is_the_connection_alone():
    origin = Mllp().to_senders().origin(Connection("door", "10.1.2.3", None, 1))

    assert (origin.listener, origin.peer, origin.sender) == ("door", "10.1.2.3", Sender())


def test_an_entry_says_what_was_agreed():
    entry = NORTH | {
        "ack": "commit-as-aa",
        "charset_default": "8859/1",
        "charset_override": "UTF-8",
        "control_id_reused": "refuse",
        "sending_application": "RIS",
        "sending_facility": "NUC",
    }
    senders = Mllp.model_validate({"senders": [entry]}).to_senders()

    agreed = Sender(
        "north", "8859/1", "UTF-8", AckMode.COMMIT_AS_AA, refuses_reuse=True, application="RIS", facility="NUC"
    )
    assert senders.named("north") == agreed


def test_a_sender_that_is_no_longer_agreed_with_is_everybody_else():
    senders = Mllp.model_validate({"senders": [NORTH, {"name": "default", "ack": "original"}]}).to_senders()

    assert (senders.named("gone").name, senders.named("gone").ack) == ("default", AckMode.ORIGINAL)


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"senders": [{"name": "north"}]}, "networks or certificate_subjects"),
        ({"senders": [{"name": "default", "networks": ["10.0.0.0/8"]}]}, "not for the sender named default"),
        ({"senders": [NORTH, NORTH]}, "two entries have one name"),
        ({"senders": [WITH_CARD]}, "need tls.client_authorities"),
        ({"senders": [NORTH | {"charset_default": "klingon"}]}, "no known character set"),
        ({"senders": [NORTH | {"charset_override": "8859/12"}]}, "no known character set"),
        ({"senders": [NORTH | {"networks": ["10.1.0.0/33"]}]}, "10.1.0.0/33"),
        ({"senders": [NORTH | {"ack": "always"}]}, "commit-as-aa"),
        ({"senders": [NORTH | {"name": "a b"}]}, "pattern"),
        ({"max_connections": 10}, "max_connections_per_peer is larger"),
        ({"max_block": 100_000_000}, "max_unfinished is smaller"),
        ({"max_block": 100_000_000, "max_unfinished": 100_000_000}, "max_outstanding_bytes is smaller"),
        ({"max_outstanding": 0}, "greater than or equal to 1"),
        ({"block_timeout": 0}, "greater than 0"),
        ({"handler_timeout": 1e9}, "less than or equal to 86400"),
        ({"max_junk": -1}, "greater than or equal to 0"),
    ],
)
def test_settings_that_cannot_hold_are_refused_at_the_start(settings, fault):
    with pytest.raises(ValidationError, match=fault):
        Mllp.model_validate(settings)


def test_the_settings_are_the_limits_of_the_listener():
    assert Mllp().to_limits() == Limits()
    assert Mllp(max_junk=7, handler_timeout=8).to_limits() == Limits(max_junk=7, handler_timeout=8)


def test_each_door_has_its_own_senders_and_a_door_that_is_gone_finds_them_by_name():
    north, south = Sender("ris", charset_default="cp1252"), Sender("ris", charset_default="gb18030")
    doors = DoorSenders({"mllp": Senders.of(north), "http": Senders.of(south), "drop": Senders.of(Sender("files"))})

    assert (doors.named("mllp", "ris"), doors.named("http", "ris")) == (north, south)
    assert doors.named("http", "gone") == NO_AGREEMENT
    assert doors.named("former", "files").name == "files"
    assert doors.named("former", "gone") == NO_AGREEMENT
