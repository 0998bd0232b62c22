"""The commands together, each a process of its own: what ``send`` sends, ``serve`` keeps, scores and serves."""

import re
from pathlib import Path

import pytest
from program import Serving, run

from adapter.settings import shipped_folder

pytestmark = pytest.mark.slow
DEMO = shipped_folder("fixtures") / "demo"


def sent(serving: Serving, folder: Path, *names: str) -> list[str]:
    """The acknowledgement codes that ``send`` prints."""
    ended = run("send", *(DEMO / name for name in names), "--to", serving.mllp, folder=folder)
    return re.findall(r"\.hl7 \[1\]: (\w+)", ended.stdout)


def test_what_is_sent_is_accepted_scored_and_served(tmp_path):
    with Serving(tmp_path) as serving:
        assert sent(serving, tmp_path, "06_p5_1_sstr.hl7", "06_p5_2_fdg.hl7") == ["AA", "AA"]
        (score,) = until_scored(serving, "700106")

    assert score["valueCodeableConcept"]["text"] == "P5"


def until_scored(serving: Serving, identifier: str) -> list[dict]:
    serving.wait_for('"event": "published"')
    return serving.scores(identifier)


def test_scores_survive_a_restart_as_they_are(tmp_path):
    with Serving(tmp_path) as first:
        sent(first, tmp_path, "01_p0_1_sstr.hl7", "01_p0_2_fdg.hl7")
        before = until_scored(first, "700101")
        assert first.end() == 0

    again = tmp_path / "again"
    again.mkdir()
    url = f"sqlite:///{tmp_path}/var/netpet.db"
    with Serving(again, NETPET_STORE__URL=url) as second:
        assert second.scores("700101") == before
        assert len(before) == 1


def test_what_was_accepted_is_known_to_the_next_process_though_this_one_was_killed(tmp_path):
    names = ("06_p5_1_sstr.hl7", "06_p5_2_fdg.hl7")
    with Serving(tmp_path) as first:
        assert sent(first, tmp_path, *names) == ["AA", "AA"]
        first.process.kill()
        first.process.wait()

    again = tmp_path / "again"
    again.mkdir()
    with Serving(again, NETPET_STORE__URL=f"sqlite:///{tmp_path}/var/netpet.db") as second:
        assert sent(second, again, *names) == ["AA", "AA"]
        _, metrics = second.get("/metrics")

    assert b'netpet_messages_total{answer="duplicate",listener="mllp"} 2.0' in metrics


def test_a_message_sent_twice_gets_the_same_answer_and_makes_one_score(tmp_path):
    with Serving(tmp_path) as serving:
        for _ in range(2):
            assert sent(serving, tmp_path, "06_p5_1_sstr.hl7", "06_p5_2_fdg.hl7") == ["AA", "AA"]
        until_scored(serving, "700106")

        assert len(serving.scores("700106")) == 1
        _, metrics = serving.get("/metrics")

    assert b'netpet_messages_total{answer="duplicate",listener="mllp"} 2.0' in metrics


def test_a_message_that_cannot_be_read_is_accepted_held_and_told_of(tmp_path):
    with Serving(tmp_path) as serving:
        assert sent(serving, tmp_path, "07_held_unknown_uptake_code_2_fdg.hl7") == ["AA"]
        serving.wait_for('"event": "held"')
        (line,) = serving.said("held")

    assert (line["problem"], line["place"]) == ("code-unknown", "OBX[8]-5.1")
