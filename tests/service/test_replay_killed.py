"""A service that is killed in the middle of a replay of many: no result is doubled or lost, and repeating helps."""

import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from program import PATIENCE, Running, Serving, run
from raw_peer import read_answer
from under_test import fixture

from adapter.outbound.mllp_client import MllpClient
from adapter.settings import shipped_folder
from adapter.store import Store

pytestmark = pytest.mark.slow

PATIENTS = 250
"""Twice as many messages: more than are set back before some of them are read."""
MEANWHILE = 120
"""Messages read anew when the service is killed: the first scores are published, the last messages not yet set back."""
OLD = (shipped_folder("mappings") / "canonical.yaml").read_text("utf-8")
NEW = OLD.replace("version: 1.0.0", "version: 1.1.0").replace("Positive^SCT: positive", "Positive^SCT: equivocal")
PAIR = (fixture("demo/03_p2b_1_sstr.hl7"), fixture("demo/03_p2b_2_fdg.hl7"))
WHY = ("--all", "--reason", "mapping 1.1.0")


def pair_of(number: int) -> list[bytes]:
    """The two messages of another patient."""
    return [one.replace(b"700103", str(800000 + number).encode()).replace(b"RIS2600", b"R%d-" % number) for one in PAIR]


async def send_all(serving: Serving) -> None:
    async with await MllpClient.connect(*serving.address("mllp")) as client:
        for number in range(PATIENTS):
            for payload in pair_of(number):
                assert read_answer(await client.send(payload)).code == "AA"


def wait_for_readings(serving: Serving, count: int) -> None:
    until = time.monotonic() + 2 * PATIENCE
    while serving.stderr.count('"event": "read"') < count:
        assert time.monotonic() < until, serving.stderr.count('"event": "read"')
        time.sleep(0.02)


def wait_until_quiet(database: Path) -> None:
    """Until nothing waits to be read and nobody is due."""
    unread = "SELECT count(*) FROM message WHERE state = 'received'"
    due = f"SELECT count(*) FROM patient WHERE due <= {int(time.time() * 1000) + 300_000}"
    until = time.monotonic() + 2 * PATIENCE
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as beside:
        while any(beside.execute(f"SELECT ({unread}) + ({due})").fetchone()):
            assert time.monotonic() < until
            time.sleep(0.05)


async def standing(url: str) -> tuple[dict[str, int], list[int], list[str], set[str]]:
    """Messages by state, the versions and grades of the published scores, and what read the reports."""
    store = await Store.open(url)
    counts, scores = await store.counts(), await store.scores(("published",), limit=2 * PATIENTS)
    reports = [kept for score in scores for kept in await store.reports(score.patient)]
    served = [await store.read_resource("Observation", score.score_id) for score in scores]
    await store.close()
    assert len({score.patient for score in scores}) == len(scores)
    assert [one["meta"]["versionId"] for one in served] == [str(score.version) for score in scores]
    read_with = {kept.source.mapping_version for kept in reports}
    return counts.messages, [score.version for score in scores], [score.summary["grade"] for score in scores], read_with


def in_folder(parent: Path, name: str) -> Path:
    made = parent / name
    made.mkdir()
    return made


async def test_a_replay_of_many_survives_a_kill_and_is_repeated_without_doubling_anything(tmp_path: Path) -> None:
    mappings, keys, url = in_folder(tmp_path, "mappings"), tmp_path / "keys", f"sqlite:///{tmp_path}/netpet.db"
    (mappings / "canonical.yaml").write_text(OLD)
    keys.write_text("ris-team:0123456789abcdef\n")
    settings = {
        "NETPET_STORE__URL": url,
        "NETPET_MAPPINGS__DIRECTORY": str(mappings),
        "NETPET_SECURITY__API_KEYS": str(keys),
    }
    with Serving(in_folder(tmp_path, "before"), **settings) as first:
        await send_all(first)
        wait_until_quiet(tmp_path / "netpet.db")
        assert first.end() == 0
    assert await standing(url) == ({"read": 2 * PATIENTS}, [1] * PATIENTS, ["P2b"] * PATIENTS, {"1.0.0"})

    (mappings / "canonical.yaml").write_text(NEW)
    with Serving(in_folder(tmp_path, "killed"), **settings) as second:
        port = {"NETPET_HTTP__PORT": str(second.address("http")[1])}
        with Running(in_folder(tmp_path, "replay"), "replay", *WHY, **settings, **port) as replay:
            wait_for_readings(second, MEANWHILE)
            second.end(signal.SIGKILL)
            assert replay.process.wait(PATIENCE) == 3
    assert "run the same command again" in replay.stderr
    states, versions, _, _ = await standing(url)
    assert sum(states.values()) == 2 * PATIENTS
    assert states["received"] > 0
    assert set(versions) == {1, 2}

    with Serving(in_folder(tmp_path, "after"), **settings) as third:
        port = {"NETPET_HTTP__PORT": str(third.address("http")[1])}
        again = run("replay", *WHY, folder=tmp_path, **settings, **port)
        assert (again.returncode, again.stdout) == (0, f"{2 * PATIENTS} message(s) will be read anew\n")
        wait_until_quiet(tmp_path / "netpet.db")
        assert third.end() == 0
    assert await standing(url) == ({"read": 2 * PATIENTS}, [2] * PATIENTS, [None] * PATIENTS, {"1.1.0"})
