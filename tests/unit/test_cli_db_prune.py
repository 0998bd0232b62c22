"""``db prune`` as an operator runs it: what may go goes now, its space is given back, what cannot be done is said."""

import json
import random
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from postgres_server import PostgresPlace
from program import COMMAND, PATIENCE, Running, run
from store_places import url
from test_store_retention import bodies, keep, publish
from test_store_samples import JANE, JOHN, NOON, arrival, claimed, opened, publication, read, report

from adapter.cli.db_prune import size_of
from adapter.store import Store

pytestmark = pytest.mark.slow

KIND = ["ignored", "read", "closed", "sent", "messages"]
SIZE = 100_000
COUNT = 25
NOISE = random.Random(1)
"""What no database packs."""


@pytest.fixture
def settings(place: Path | PostgresPlace) -> dict[str, str]:
    """Of a site that keeps no body of what was read."""
    return {"NETPET_STORE__URL": url(place), "NETPET_RETENTION__READ_BYTES": "0"}


async def fill(store: Store, name: str, count: int = COUNT) -> None:
    """Messages of one patient that were read."""
    for number in range(count):
        raw = f"MSH|{name}{number}|".encode() + NOISE.randbytes(SIZE)
        await store.keep(replace(arrival(f"{name}{number}"), raw=raw))
    claim = await claimed(store, NOON)
    while unread := await store.unread(claim.patient):
        for message in unread:
            await store.record_reading(claim, message, read(report()))
    await store.settle(claim, None)


def told(command: object) -> dict:
    assert command.returncode == 0, command.stderr
    return json.loads(command.stdout)


async def test_a_dry_run_lists_what_would_go_beside_who_uses_the_store_and_removes_nothing(place, settings, tmp_path):
    async with opened(place) as store:
        await fill(store, "M", 3)
        listed = run("db", "prune", "--dry-run", folder=tmp_path, **settings)
        as_json = told(run("db", "prune", "--dry-run", "--json", folder=tmp_path, **settings))
        kept = await bodies(store)

    assert (listed.returncode, listed.stderr) == (0, "")
    *kinds, last = listed.stdout.splitlines()
    assert [line.split()[0] for line in kinds] == KIND
    assert kinds[1].split()[1:] == ["3", "300.0", "kB"]
    assert last.startswith("nothing was removed; the store takes ")
    assert as_json["pruned"]["read"] == {"count": 3, "bytes": 3 * len(b"MSH|M0|") + 3 * SIZE, "held_back": 0}
    assert (as_json["done"], kept) == (False, ["M0", "M1", "M2"])


async def test_what_may_go_goes_and_the_last_line_says_what_the_store_took_and_takes(place, settings, tmp_path):
    async with opened(place) as store:
        await fill(store, "M", 3)
    done = run("db", "prune", folder=tmp_path, **settings)

    assert done.returncode == 0
    assert "read: 3 (300.0 kB)" in done.stderr
    assert done.stdout.splitlines()[1].split() == ["read", "3", "300.0", "kB"]
    assert done.stdout.splitlines()[-1].startswith("the store took ")
    async with opened(place) as store:
        assert (await bodies(store), len(await store.reports(JANE.key))) == ([], 3)
    again = told(run("db", "prune", "--json", folder=tmp_path, **settings))
    assert (again["pruned"]["read"]["count"], again["done"]) == (0, True)


async def test_what_is_open_is_held_back_and_said_so(place, settings, tmp_path):
    async with opened(place) as store:
        await publish(store, publication(review_required=True))
        await keep(store, "other", read(report(patient=JOHN)), JOHN)
    done = run("db", "prune", folder=tmp_path, **settings)

    assert (done.returncode, done.stdout.splitlines()[1].split()[1]) == (0, "1")
    assert "1 held back: something is open" in done.stdout


async def test_the_file_of_sqlite_shrinks_by_what_went(tmp_path):
    settings = {"NETPET_STORE__URL": url(tmp_path), "NETPET_RETENTION__READ_BYTES": "0"}
    async with opened(tmp_path) as store:
        await fill(store, "M")
    done = told(run("db", "prune", "--json", folder=tmp_path, **settings))

    assert done["bytes_before"] - done["bytes"] > 0.9 * COUNT * SIZE
    assert (tmp_path / "netpet.db").stat().st_size == done["bytes"]


async def test_postgresql_gives_the_space_back_when_its_table_is_written_anew(postgres, tmp_path):
    settings = {"NETPET_STORE__URL": postgres.url, "NETPET_RETENTION__READ_BYTES": "0"}
    async with opened(postgres) as store:
        await fill(store, "M")
    done = told(run("db", "prune", "--json", folder=tmp_path, **settings))
    postgres.server.run("VACUUM FULL message", postgres.name)
    after = told(run("db", "prune", "--json", folder=tmp_path, **settings))

    assert (done["pruned"]["read"]["count"], after["pruned"]["read"]["count"]) == (COUNT, 0)
    assert done["bytes_before"] - after["bytes"] > 0.9 * COUNT * SIZE


async def test_postgresql_uses_the_space_again_after_a_plain_vacuum(postgres, tmp_path):
    settings = {"NETPET_STORE__URL": postgres.url, "NETPET_RETENTION__READ_BYTES": "0"}
    async with opened(postgres) as store:
        await fill(store, "M")
    before = told(run("db", "prune", "--json", folder=tmp_path, **settings))["bytes_before"]
    postgres.server.run("VACUUM message", postgres.name)
    async with opened(postgres) as store:
        await fill(store, "N")
    after = told(run("db", "prune", "--dry-run", "--json", folder=tmp_path, **settings))["bytes"]

    assert after - before < 0.2 * COUNT * SIZE


async def test_a_postgresql_store_is_pruned_while_others_use_it_and_a_sqlite_store_is_not(place, settings, tmp_path):
    async with opened(place) as store:
        await fill(store, "M", 3)
        done = run("db", "prune", folder=tmp_path, **settings)
        kept = len(await bodies(store))

    if isinstance(place, PostgresPlace):
        assert (done.returncode, kept) == (0, 0)
    else:
        assert (done.returncode, kept, "in use" in done.stderr) == (3, 3, True)


_IMPATIENT = """
from adapter.cli import app, db_prune
db_prune.PATIENCE = {patience}
app(["db", "prune"])
"""


async def test_while_another_process_prunes_the_command_waits_and_then_says_so(postgres, tmp_path):
    settings = {"NETPET_STORE__URL": postgres.url, "NETPET_RETENTION__READ_BYTES": "0"}
    script = ("-c", _IMPATIENT.format(patience=0.2))
    async with opened(postgres) as store:
        await fill(store, "M", 3)
        assert await store.leases.take("retention", "another", timedelta(minutes=5))
        with Running(tmp_path, *script, command=COMMAND[:1], **settings) as waiting:
            ended = waiting.process.wait(PATIENCE)
        kept = len(await bodies(store))

    assert (ended, kept) == (3, 3)
    assert "a running service prunes at this moment: try again later" in waiting.stderr


async def test_the_command_goes_on_when_the_other_process_is_done(postgres, tmp_path):
    settings = {"NETPET_STORE__URL": postgres.url, "NETPET_RETENTION__READ_BYTES": "0"}
    async with opened(postgres) as store:
        await fill(store, "M", 3)
        tenure = await store.leases.take("retention", "another", timedelta(minutes=5))
        before = connections(postgres)
        with Running(tmp_path, "db", "prune", **settings) as waiting:
            until = time.monotonic() + PATIENCE
            while connections(postgres) <= before:
                assert time.monotonic() < until, "it never came to the store"
            await store.leases.give_back(tenure)
            ended = waiting.process.wait(PATIENCE)

        assert (ended, await bodies(store)) == (0, [])


def connections(postgres: PostgresPlace) -> object:
    ((count,),) = postgres.server.run(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{postgres.name}'")
    return count


@pytest.mark.parametrize("dry_run", [[], ["--dry-run"]])
def test_a_store_that_is_not_there_is_named_and_the_code_is_3(tmp_path, server, dry_run):
    absent = run("db", "prune", *dry_run, folder=tmp_path, NETPET_STORE__URL=f"sqlite:///{tmp_path}/absent.db")
    nowhere = run("db", "prune", *dry_run, folder=tmp_path, NETPET_STORE__URL=server.url("absent"))

    assert (absent.returncode, "absent.db is not there" in absent.stderr) == (3, True)
    assert (nowhere.returncode, "cannot be reached" in nowhere.stderr) == (3, True)
    assert not (tmp_path / "absent.db").exists()


def test_help_says_what_it_does_and_a_wrong_option_is_wrong_use(tmp_path):
    helped = run("db", "prune", "--help", folder=tmp_path)
    wrong = run("db", "prune", "--everything", folder=tmp_path)
    setting = run("db", "prune", folder=tmp_path, NETPET_RETENTION__READ_BYTES="-1")

    assert (helped.returncode, "--dry-run" in helped.stdout) == (0, True)
    assert (wrong.returncode, "--everything" in wrong.stderr) == (2, True)
    assert (setting.returncode, "retention.read_bytes" in setting.stderr) == (3, True)


def test_sizes_are_said_in_the_unit_that_fits():
    said = [size_of(count) for count in (0, 999, 1000, 31_200, 2.5e6, 7e9, 12e12)]

    assert said == ["0 B", "999 B", "1.0 kB", "31.2 kB", "2.5 MB", "7.0 GB", "12.0 TB"]
