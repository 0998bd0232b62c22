"""The store moved, backed up, restored and checked, as an operator does it."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from postgres_server import PostgresPlace, PostgresServer
from program import Serving, run
from test_crash import GRADES, folder, wait_for_grades
from test_replicas import everything, send_all

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of a service that took all there is and was stopped."""
    here = tmp_path_factory.mktemp("filled")
    with Serving(folder(here, "run"), NETPET_STORE__URL=f"sqlite:///{here}/netpet.db") as serving:
        send_all(serving, everything())
        wait_for_grades(serving, list(GRADES))
        serving.end()
    return here / "netpet.db"


@pytest.fixture
def store(filled: Path, tmp_path: Path) -> str:
    """The address of a copy of it."""
    with closing(sqlite3.connect(filled)) as old, closing(sqlite3.connect(tmp_path / "netpet.db")) as new:
        old.backup(new)
    return f"sqlite:///{tmp_path}/netpet.db"


@pytest.fixture
def empty(server: PostgresServer) -> Iterator[PostgresPlace]:
    found = PostgresPlace(server, "template0")
    yield found
    found.drop()


def change(store: str, statement: str) -> None:
    with closing(sqlite3.connect(store.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute(statement)


def test_a_store_is_moved_to_postgresql_and_the_service_goes_on_there(store, empty, tmp_path):
    done = run("db", "migrate", "--to", empty.url, "--json", folder=tmp_path, NETPET_STORE__URL=store)

    rows = {one["table"]: one["rows"] for one in json.loads(done.stdout)["tables"]}
    assert done.returncode == 0
    assert (rows["message"], rows["patient"]) == (len(everything()), len(GRADES))
    with Serving(folder(tmp_path, "run"), NETPET_STORE__URL=empty.url) as serving:
        wait_for_grades(serving, list(GRADES))
        send_all(serving, everything())
        assert serving.end() == 0
    assert run("db", "verify", folder=tmp_path, NETPET_STORE__URL=empty.url).returncode == 0


def test_a_database_that_is_not_empty_takes_no_copy(store, empty, tmp_path):
    run("db", "migrate", "--to", empty.url, folder=tmp_path, NETPET_STORE__URL=store)
    again = run("db", "migrate", "--to", empty.url, folder=tmp_path, NETPET_STORE__URL=store)

    assert (again.returncode, "not empty" in again.stderr) == (1, True)


def test_a_store_in_use_is_not_moved(store, empty, tmp_path):
    with Serving(folder(tmp_path, "run"), NETPET_STORE__URL=store):
        done = run("db", "migrate", "--to", empty.url, folder=tmp_path, NETPET_STORE__URL=store)

    assert (done.returncode, "in use by another" in done.stderr) == (3, True)


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("sqlite:///other.db", "give postgresql://"),
        ("postgresql://netpet@db.example/netpet", "sslmode=verify-full"),
    ],
)
def test_an_address_that_cannot_be_moved_to_is_refused(store, tmp_path, address, advice):
    done = run("db", "migrate", "--to", address, folder=tmp_path, NETPET_STORE__URL=store)

    assert (done.returncode, advice in done.stderr) == (2, True)


def test_migrate_alone_names_the_schema(store, tmp_path):
    done = run("db", "migrate", folder=tmp_path, NETPET_STORE__URL=store)

    assert (done.returncode, done.stdout.startswith("the store has schema 0")) == (0, True)


def test_a_backup_of_a_running_service_is_whole_and_can_be_served(store, tmp_path):
    with Serving(folder(tmp_path, "run"), NETPET_STORE__URL=store):
        done = run("db", "backup", "backup.db", folder=tmp_path, NETPET_STORE__URL=store)
    assert done.returncode == 0
    assert run("db", "verify", "backup.db", folder=tmp_path).returncode == 0
    assert (tmp_path / "backup.db").stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.glob("backup.db?*")) == []

    new = f"sqlite:///{tmp_path}/new/netpet.db"
    assert run("db", "restore", "backup.db", folder=tmp_path, NETPET_STORE__URL=new).returncode == 0
    with Serving(folder(tmp_path, "again"), NETPET_STORE__URL=new) as serving:
        wait_for_grades(serving, list(GRADES))


def test_a_backup_of_postgresql_is_a_file_and_goes_back_into_either(store, empty, tmp_path):
    run("db", "migrate", "--to", empty.url, folder=tmp_path, NETPET_STORE__URL=store)
    done = run("db", "backup", "backup.db", folder=tmp_path, NETPET_STORE__URL=empty.url)
    assert (done.returncode, "pg_basebackup" in done.stderr) == (0, True)
    assert run("db", "verify", "backup.db", folder=tmp_path).returncode == 0

    beside = empty / "restored"
    assert run("db", "restore", "backup.db", folder=tmp_path, NETPET_STORE__URL=beside.url).returncode == 0
    assert run("db", "verify", folder=tmp_path, NETPET_STORE__URL=beside.url).returncode == 0


def test_a_backup_never_replaces_a_file(store, tmp_path):
    (tmp_path / "backup.db").write_text("a letter")
    done = run("db", "backup", "backup.db", folder=tmp_path, NETPET_STORE__URL=store)

    assert (done.returncode, (tmp_path / "backup.db").read_text()) == (2, "a letter")


def test_a_backup_of_nothing_says_so(tmp_path):
    done = run("db", "backup", "backup.db", folder=tmp_path)

    assert (done.returncode, "is not there" in done.stderr) == (3, True)
    assert list(tmp_path.glob("backup.db*")) == []


def test_a_restore_never_replaces_a_store(store, tmp_path):
    run("db", "backup", "backup.db", folder=tmp_path, NETPET_STORE__URL=store)
    done = run("db", "restore", "backup.db", folder=tmp_path, NETPET_STORE__URL=store)

    assert (done.returncode, "there already" in done.stderr) == (3, True)


def test_what_is_no_backup_is_not_restored(tmp_path):
    (tmp_path / "letter").write_text("a letter to the hospital, of some length")
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE other (id INTEGER)").connection.close()

    for name, code in (("letter", 3), ("other.db", 3), ("none", 2)):
        assert run("db", "restore", name, folder=tmp_path).returncode == code
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        ("UPDATE message SET raw = x'00' WHERE sequence = 1", "is not as it was received"),
        ("UPDATE resource SET digest = 'other' WHERE type = 'Device'", "is not as it was put there"),
        ("UPDATE report SET body = '{}' WHERE message = 1", "cannot be read back"),
        ("UPDATE score SET version = 99", "does not agree with its history"),
        ("DELETE FROM message WHERE sequence = 1", "refers to a row of message"),
    ],
)
def test_what_is_not_whole_is_found(store, tmp_path, damage, fault):
    change(store, damage)
    done = run("db", "verify", folder=tmp_path, NETPET_STORE__URL=store)

    assert (done.returncode, fault in done.stdout) == (1, True)
    assert "DOE" not in done.stdout


def test_a_sound_store_has_no_faults(store, tmp_path):
    told = json.loads(run("db", "verify", "--json", folder=tmp_path, NETPET_STORE__URL=store).stdout)

    assert (told["faults"], told["numbers_without_message"]) == ([], 0)
    assert told["looked_at"]["messages"] == len(everything())
