"""A patient is removed while the service runs on PostgreSQL: its score is gone at once, and it may come back as new."""

import time
from pathlib import Path

import pytest
from postgres_server import PostgresPlace
from program import PATIENCE, Serving, run
from test_crash import folder
from test_replicas import send_all
from under_test import FIXTURES

DEMO = FIXTURES / "demo"
STUDIES = [(DEMO / name).read_bytes() for name in ("02_p1_1_sstr.hl7", "02_p1_2_fdg.hl7")]
OTHERS = [(DEMO / name).read_bytes() for name in ("03_p2b_1_sstr.hl7", "03_p2b_2_fdg.hl7")]


def number_of(message: bytes) -> str:
    """PID-3.1"""
    return message.split(b"\rPID|")[1].split(b"|")[2].split(b"^")[0].decode()


def wait_for_score(serving: Serving, number: str) -> dict:
    until = time.monotonic() + PATIENCE
    while not (found := serving.scores(number)):
        assert time.monotonic() < until, "no score came"
        time.sleep(0.05)
    return found[0]


@pytest.mark.slow
def test_a_patient_is_removed_beside_the_service_and_comes_back_as_a_new_one(postgres: PostgresPlace, tmp_path: Path):
    url = {"NETPET_STORE__URL": postgres.url}
    who, other = number_of(STUDIES[0]), number_of(OTHERS[0])
    with Serving(folder(tmp_path, "run"), **url) as serving:
        send_all(serving, [*STUDIES, *OTHERS])
        before, kept = wait_for_score(serving, who), wait_for_score(serving, other)
        done = run("purge", f"{who}^^^HOSP", "--yes", "--reason", "asked for", folder=tmp_path, **url)
        after = serving.scores(who)
        send_all(serving, STUDIES)
        again = wait_for_score(serving, who)
        assert serving.scores(other) == [kept]
        assert serving.end() == 0
    verified = run("db", "verify", folder=tmp_path, **url)

    assert (done.returncode, "no row names the patient" in done.stdout) == (0, True), done.stdout + done.stderr
    assert (after, again["component"]) == ([], before["component"])
    assert verified.returncode == 0
