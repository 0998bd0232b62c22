"""What ages or is to go is pruned, removed, listed and closed by command, and a kill in the middle harms nothing."""

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from program import COMMAND, Running, Serving, run
from retained import HELD, KEY, PAIRS
from test_crash import GRADES, folder, wait_for_grades
from test_replicas import everything, send_all
from under_test import fixture


@pytest.mark.slow
def test_a_kill_in_the_middle_of_pruning_leaves_a_whole_store_and_the_rest_goes_next_time(tmp_path):
    url = f"sqlite:///{tmp_path}/netpet.db"
    with Serving(folder(tmp_path, "run"), NETPET_STORE__URL=url) as serving:
        send_all(serving, everything())
        wait_for_grades(serving, list(GRADES))
        serving.end()
    wanted = {"NETPET_STORE__URL": url, "NETPET_RETENTION__READ_BYTES": "0"}
    with_bodies = "SELECT count(*) FROM message WHERE state = 'read' AND raw IS NOT NULL"
    slow = ("-c", _SLOW_PRUNING)
    with Running(folder(tmp_path, "prune"), *slow, command=COMMAND[:1], **wanted) as pruning:
        pruning.wait_for("read: 3")
        pruning.process.kill()
        pruning.process.wait()

    before = ask(tmp_path, with_bodies)
    assert run("db", "verify", folder=tmp_path, **wanted).returncode == 0
    done = run("db", "prune", "--json", folder=tmp_path, **wanted)
    told = json.loads(done.stdout)["pruned"]["read"]
    assert (before > 0, told["count"] + told["held_back"]) == (True, before)
    with Serving(folder(tmp_path, "again"), NETPET_STORE__URL=url) as serving:
        wait_for_grades(serving, list(GRADES))


_SLOW_PRUNING = """
from datetime import timedelta
from adapter.app.retention import Pace
from adapter.cli import db_prune
db_prune.ALL_THE_TIME = Pace(timedelta(0), timedelta(seconds=0.2))
from adapter.cli import app
app(["db", "prune"])
"""
"""One body a commit, so that there is a middle to be killed in."""


def ask(here: Path, question: str) -> int:
    with closing(sqlite3.connect(here / "netpet.db")) as connection:
        return int(connection.execute(question).fetchone()[0])


@pytest.mark.slow
def test_a_file_of_an_older_version_gives_space_back_once_it_was_pruned_by_command(tmp_path):
    url = f"sqlite:///{tmp_path}/netpet.db"
    assert run("db", "migrate", folder=tmp_path, NETPET_STORE__URL=url).returncode == 0
    with closing(sqlite3.connect(tmp_path / "netpet.db", isolation_level=None)) as old:
        old.execute("PRAGMA auto_vacuum=NONE")
        old.execute("VACUUM")
        old.execute("CREATE TABLE ballast AS SELECT randomblob(4000000) AS body")
        old.execute("DROP TABLE ballast")
    began = time.monotonic()
    done = run("db", "prune", "--json", folder=tmp_path, NETPET_STORE__URL=url)
    told = json.loads(done.stdout)

    assert (done.returncode, told["bytes_before"] - told["bytes"] > 3_900_000) == (0, True)
    assert (tmp_path / "netpet.db").stat().st_size == told["bytes"]
    assert ask(tmp_path, "PRAGMA auto_vacuum") == 2
    assert time.monotonic() - began < 30


@pytest.mark.slow
def test_a_patient_is_removed_by_command_and_is_in_no_byte_of_the_store(tmp_path):
    url = {"NETPET_STORE__URL": f"sqlite:///{tmp_path}/netpet.db"}
    with Serving(folder(tmp_path, "run"), **url) as serving:
        send_all(serving, [file.read_bytes() for file in PAIRS[:6]])
        number = fixture("demo/" + PAIRS[0].name).split(b"PID|")[1].split(b"|")[2].split(b"^")[0].decode()
        _wait_for_score(serving, number)
        refused = run("purge", f"{number}^^^HOSP", "--yes", "--reason", "asked for", folder=tmp_path, **url)
        assert (refused.returncode, "in use" in refused.stderr) == (3, True)
        serving.end()

    listed = run("purge", f"{number}^^^HOSP", "--json", folder=tmp_path, **url)
    assert (listed.returncode, json.loads(listed.stdout)["rows"]["message"]) == (0, 2)
    named = run("purge", f"{number}^^^HOSP", "--yes", "--reason", f"of {number}", folder=tmp_path, **url)
    assert named.returncode == 1
    done = run("purge", f"{number}^^^HOSP", "--yes", "--reason", "asked for", "--json", folder=tmp_path, **url)
    told = json.loads(done.stdout)
    assert (done.returncode, told["traces"], told["bytes_in_file"], told["rows"]["message"]) == (0, [], 0, 2)
    assert number not in done.stdout
    assert all(number.encode() not in one.read_bytes() for one in tmp_path.glob("netpet.db*"))
    assert run("purge", f"{number}^^^HOSP", folder=tmp_path, **url).returncode == 1
    assert run("db", "verify", folder=tmp_path, **url).returncode == 0
    with closing(sqlite3.connect(tmp_path / "netpet.db")) as connection:
        ((subject, reason),) = connection.execute("SELECT subject, reason FROM audit WHERE action = 'purge'")
    assert (subject, reason.startswith("asked for (")) == (told["digest"], True)


def _wait_for_score(serving: Serving, number: str) -> None:
    until = time.monotonic() + 30
    while not serving.scores(number):
        assert time.monotonic() < until, "no score came"
        time.sleep(0.05)


@pytest.mark.slow
def test_problems_are_listed_shown_and_closed_by_command(tmp_path):
    (tmp_path / "keys").write_text(f"desk:{KEY}\n")
    (tmp_path / "keys").chmod(0o600)
    here = folder(tmp_path, "run")
    wanted = {"NETPET_STORE__URL": f"sqlite:///{tmp_path}/netpet.db", "NETPET_SECURITY__API_KEYS": f"{tmp_path}/keys"}
    with Serving(here, **wanted) as serving:
        send_all(serving, [HELD])
        wanted |= {"NETPET_HTTP__PORT": str(serving.address("http")[1])}
        held = _held(tmp_path, wanted)
        shown = run("messages", "show", held, folder=tmp_path, **wanted)
        closed = [run("messages", "close", held, "--reason", "a test", folder=tmp_path, **wanted) for _ in range(2)]
        history = run("messages", "show", held, folder=tmp_path, **wanted).stdout
        left = run("messages", "list", folder=tmp_path, **wanted)
        wrong = run("messages", "list", "--state", "lost", folder=tmp_path, **wanted)
        serving.end()
    gone = run("messages", "list", folder=tmp_path, **wanted)

    assert (shown.returncode, "no-mapping" in shown.stdout) == (0, True)
    assert not {"900900", "DOE"} & set(shown.stdout.replace("^", " ").split())
    assert [one.returncode for one in closed] == [0, 2]
    assert ("close-message" in history, left.stdout.strip()) == (True, "0 message(s)")
    assert (wrong.returncode, gone.returncode) == (2, 3)


def _held(here: Path, wanted: dict[str, str]) -> str:
    until = time.monotonic() + 30
    while True:
        listed = run("messages", "list", "--json", folder=here, **wanted)
        found = json.loads(listed.stdout)["messages"]
        if found:
            return str(found[0]["message"])
        assert time.monotonic() < until, "it was never held"
