"""A peer of answers that could get none, or would get them unprotected, is a fault that names its setting."""

import re
from pathlib import Path

import pytest

from adapter.hl7v2.enhanced import AckMode
from adapter.settings import SettingsError, load_settings

PEER = "{host: ris.hospital.example}"
FILES = "folder: in, archive: done, errors: wrong"


PAGE = (Path(__file__).parents[2] / "docs/conformance.md").read_text("utf-8")
MATRIX = re.findall(r"^\| (unset|`when: [a-z]+`) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)


def settings(folder, text):
    file = folder / "netpet.yaml"
    file.write_text(text)
    return load_settings(file)


def mllp(entry: str) -> str:
    return f"mllp:\n  senders: [{{name: default, {entry}}}]"


def http(entry: str) -> str:
    return f"http:\n  hl7v2: {{enabled: true, senders: [{{name: default, {entry}}}]}}"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (mllp(f"ack: original, answers_to: {PEER}"), "answers_to needs ack: auto"),
        (mllp(f"ack: commit-as-aa, answers_to: {PEER}"), "answers_to needs ack: auto"),
        (http(f"answers_to: {PEER}"), "answers_to needs ack: auto"),
        (http("ack: auto, answers_to: {host: ris, when: gone}"), "answers_to.when: there is no such setting"),
        (mllp("answers_to: {port: 2576}"), "answers_to.host"),
        (mllp("answers_to: {host: ''}"), "answers_to.host"),
        (mllp("answers_to: {host: ris, port: 0}"), "answers_to.port"),
        (mllp("answers_to: {host: ris, when: never}"), "answers_to.when"),
        (mllp("answers_to: {host: ris, encrypted: false}"), "only loopback may be reached without TLS"),
        (mllp("answers_to: {host: ris, tls: {key: key.pem}}"), "give certificate and key together"),
        (mllp("answers_to: {host: ris, give_up_after: 0}"), "answers_to.give_up_after"),
        (f"drop: {{{FILES}, sender: {{answers_to: {{port: 1}}}}}}", "drop.sender.answers_to.host"),
    ],
)
def test_a_peer_that_cannot_work_is_named(tmp_path, text, fault):
    with pytest.raises(SettingsError) as caught:
        settings(tmp_path, text)

    assert any(fault in one for one in caught.value.faults), caught.value.faults


@pytest.mark.parametrize(("when", "elsewhere"), [("always", True), ("gone", False)])
def test_whether_a_connection_gets_the_answer_is_agreed_with_the_sender(tmp_path, when, elsewhere):
    (sender,) = settings(tmp_path, mllp(f"answers_to: {{host: ris, when: {when}}}")).mllp.senders

    assert sender.to_sender().answers_elsewhere is elsewhere


def test_by_default_all_answers_go_to_the_peer_encrypted(tmp_path):
    (sender,) = settings(tmp_path, mllp(f"answers_to: {PEER}")).mllp.senders

    assert (sender.answers_to.when, sender.answers_to.encrypted, sender.answers_to.port) == ("always", True, 2575)


def test_a_tunnel_s_near_end_may_be_reached_without_tls(tmp_path):
    (sender,) = settings(tmp_path, mllp("answers_to: {host: localhost, encrypted: false}")).mllp.senders

    assert sender.answers_to.encrypted is False


def test_a_sender_of_bodies_has_its_answers_go_there(tmp_path):
    (sender,) = settings(tmp_path, http(f"ack: auto, answers_to: {PEER}")).http.hl7v2.senders

    assert sender.to_sender().answers_elsewhere is True


@pytest.mark.parametrize(
    ("peer", "mode", "elsewhere"),
    [("", AckMode.ORIGINAL, False), (f", sender: {{answers_to: {PEER}}}", AckMode.AUTO, True)],
)
def test_files_are_answered_as_they_ask_where_there_is_a_way_back(tmp_path, peer, mode, elsewhere):
    sender = settings(tmp_path, f"drop: {{{FILES}{peer}}}").drop.to_senders().default

    assert (sender.ack, sender.answers_elsewhere) == (mode, elsewhere)


def way_of_answers(sender) -> str:
    """Where the answer after the reading goes, in the words of the page."""
    agreed = sender.to_sender()
    if sender.answers_to is None:
        return "on the connection" if agreed.ack is AckMode.AUTO else "nowhere"
    return "to the peer" if agreed.answers_elsewhere else "on the connection; to the peer"


def door_of(folder, door: str, peer: str) -> str:
    try:
        if door == "mllp":
            return way_of_answers(settings(folder, mllp(f"ack: auto{peer}")).mllp.senders[0])
        if door == "http":
            entry = f"ack: {'auto' if peer else 'original'}{peer}"
            return way_of_answers(settings(folder, http(entry)).http.hl7v2.senders[0])
        drop = settings(folder, f"drop: {{{FILES}, sender: {{name: files{peer}}}}}").drop
        elsewhere = drop.to_senders().default.answers_elsewhere
    except SettingsError:
        return "no such setting"
    return "to the peer" if elsewhere else "nowhere"


@pytest.mark.parametrize(("how", "by_mllp", "by_http", "by_file"), MATRIX)
def test_the_conformance_sheet_says_where_answers_go(tmp_path, how, by_mllp, by_http, by_file):
    peer = "" if how == "unset" else f", answers_to: {{host: ris, {how.strip('`')}}}"
    if how == "`when: always`":
        assert door_of(tmp_path, "mllp", peer) == by_mllp
        peer = f", answers_to: {PEER}"  # by the other doors it is no choice
    told = [door_of(tmp_path, door, peer) for door in ("mllp", "http", "drop")]

    assert [said.startswith(way) for said, way in zip((by_mllp, by_http, by_file), told, strict=True)] == [True] * 3


def test_every_row_of_the_sheet_is_looked_at():
    assert [row[0] for row in MATRIX] == ["unset", "`when: always`", "`when: gone`"]
