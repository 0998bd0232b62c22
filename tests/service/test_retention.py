"""Retention in the whole service: bodies age and go, problems stay until a person closes them, scores never change."""

import asyncio
import json
import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from program import COMMAND, Running, Serving, run
from test_crash import GRADES, folder, wait_for_grades
from test_replicas import everything, send_all
from under_test import FIXTURES, AdapterUnderTest, fixture, patient_of

from adapter.app.retention import Pace, Pass, rules
from adapter.store.leases import ALONE, Tenure
from adapter.store.views import MessageFilter

KEY = "0123456789abcdef0123"
US = Tenure("retention", ALONE)
QUICK = Pace(timedelta(seconds=1), timedelta(0))
PAIRS = sorted((FIXTURES / "demo").glob("*.hl7"))
HELD = (
    b"MSH|^~\\&|RIS|HOSP|NETPET|HOSP|20261120101500||ORU^R01|HELD1|P|2.5\rPID|1||900900^^^HOSP||DOE^HELD\r"
    b"OBR|1||ACC1|126401^PET^DCM|||20261119\rOBX|1|ST|nonsense^x^L||pet\r"
)


def keeping(tmp_path: Path, **retention: object) -> AdapterUnderTest:
    (tmp_path / "keys").write_text(f"desk:{KEY}\n")
    security = {"api_keys": tmp_path / "keys"}
    return AdapterUnderTest(tmp_path, retention={"every": 1, **retention}, security=security)


async def prune(adapter: AdapterUnderTest) -> None:
    store = adapter.service.store
    await Pass(store.retention, QUICK).run(rules(adapter.service.settings, adapter.now), US)


async def bodies(adapter: AdapterUnderTest, *states: str) -> int:
    store = adapter.service.store
    listed = await store.messages(MessageFilter(states=states), limit=500)
    return [(await store.message(one.id)).raw is None for one in listed].count(False)


async def served(adapter: AdapterUnderTest) -> Any:
    """All that /fhir/Observation serves, as JSON."""
    headers = {"Authorization": f"Bearer {KEY}"}
    async with adapter.http.get("/fhir/Observation", params={"_count": "100"}, headers=headers) as answer:
        bundle = await answer.json(content_type=None)
    return [entry["resource"] for entry in bundle.get("entry", ())]


async def eventually(holds, within: float = 20.0) -> None:
    async with asyncio.timeout(within):
        while not await holds():  # noqa: ASYNC110 - the service tells nobody when it has pruned
            await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_the_service_itself_drops_what_is_too_old_and_serves_the_same_as_before(tmp_path):
    async with keeping(tmp_path) as adapter:
        await adapter.send(*(file.read_bytes() for file in PAIRS[:6]))
        await adapter.settled()
        before, kept = await served(adapter), await bodies(adapter, "read")
        adapter.now += timedelta(days=366)

        async def gone() -> bool:
            return await bodies(adapter, "read") < kept / 2

        await eventually(gone)
        await adapter.settled()
        assert await served(adapter) == before


@pytest.mark.slow
async def test_of_bodies_no_more_bytes_stay_than_the_site_wants(tmp_path):
    async with keeping(tmp_path, read_bytes=0) as adapter:
        await adapter.send(*(file.read_bytes() for file in PAIRS[:2]))
        await adapter.settled()

        async def gone() -> bool:
            return await bodies(adapter, "read") == 0

        await eventually(gone)


@pytest.mark.slow
async def test_a_problem_stays_for_years_and_ages_once_a_person_closed_it(tmp_path):
    headers = {"Authorization": f"Bearer {KEY}"}
    async with keeping(tmp_path) as adapter:
        await adapter.send(HELD)
        await adapter.settled()
        (held,) = await adapter.service.store.messages(MessageFilter(states=("held",)))
        adapter.now += timedelta(days=3000)
        await prune(adapter)
        assert await bodies(adapter, "held") == 1

        close = f"/messages/{held.id}/close"
        async with adapter.http.post(close, json={"reason": "a test of the RIS"}, headers=headers) as answer:
            assert (answer.status, (await answer.json())["state"]) == (200, "closed")
        async with adapter.http.post(close, json={"reason": "once more"}, headers=headers) as answer:
            assert answer.status == 409
        adapter.now += timedelta(days=89)
        await prune(adapter)
        assert await bodies(adapter, "closed") == 1
        adapter.now += timedelta(days=2)
        await prune(adapter)
        assert await bodies(adapter, "closed") == 0
        async with adapter.http.get(f"/messages/{held.id}", headers=headers) as answer:
            shown = await answer.json()
        assert [(one["action"], one["by"], one["reason"]) for one in shown["history"]] == [
            ("close-message", "desk", "a test of the RIS")
        ]
        adapter.now += timedelta(days=366)
        await prune(adapter)
        assert await adapter.service.store.message(held.id) is None


@pytest.mark.slow
async def test_a_late_correction_gives_the_same_score_whether_or_not_bodies_went(tmp_path):
    first, second = (file.read_bytes() for file in PAIRS[:2])
    header, _, rest = second.partition(b"\r")
    fields = header.split(b"|")
    fields[9] = b"LATE1"
    late = b"|".join(fields) + b"\r" + rest.replace(b"|F", b"|C")
    found = []
    for name, prunes in (("whole", False), ("pruned", True)):
        (tmp_path / name).mkdir()
        async with keeping(tmp_path / name, every=86400) as adapter:
            await adapter.send(first, second)
            await adapter.settled()
            adapter.now += timedelta(days=400)
            if prunes:
                await prune(adapter)
                assert await bodies(adapter, "read") == 0
            await adapter.send(late)
            await adapter.settled()
            states = await adapter.message_states(patient_of(late))
            found.append((states, [score_of(one) for one in await served(adapter)]))

    assert found[0] == found[1]


def score_of(observation: dict[str, Any]) -> dict[str, Any]:
    """What does not depend on when it was written."""
    return {name: value for name, value in observation.items() if name not in ("meta", "issued")}


@pytest.mark.slow
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(6)), when=st.sets(st.integers(0, 6)))
def test_pruning_at_any_moment_never_changes_what_is_served(tmp_path_factory, order, when):
    """The same messages with and without it end in the same Observations."""
    without, with_it = (
        asyncio.run(_sent(tmp_path_factory.mktemp("moment"), order, moments)) for moments in (set(), when)
    )

    assert without == with_it


async def _sent(here: Path, order: list[int], moments: set[int]) -> list[dict[str, Any]]:
    async with keeping(here, every=86400, read_bytes=0, message_days=30, read_days=0.001) as adapter:
        for number, file in enumerate(order):
            if number in moments:
                await _pruned_alike(adapter)
            await adapter.send(PAIRS[file].read_bytes())
            await adapter.settled()
        if 6 in moments:
            await _pruned_alike(adapter)
        return sorted((score_of(one) for one in await served(adapter)), key=lambda one: one["id"])


async def _pruned_alike(adapter: AdapterUnderTest) -> None:
    before = await served(adapter)
    await prune(adapter)
    await adapter.settled()
    assert await served(adapter) == before


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
