"""``purge`` as an operator runs it: what would go is listed, what went is proven, what stands in the way is said."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from postgres_server import PostgresPlace
from program import run
from store_places import url
from test_store_purge import body, fill, rows, say
from test_store_samples import JANE, JOHN, arrival, opened, read, report
from typer.testing import CliRunner

from adapter.cli import app
from adapter.outcome import Held, Problem
from adapter.reading import Merged
from adapter.scoring.merges import Merge
from adapter.scoring.report import PatientIdentity
from adapter.store import Store, purge_proof
from adapter.store.purge_names import Called

pytestmark = pytest.mark.slow

WHO = f"{JANE.value}^^^{JANE.authority}"
YES = ("--yes", "--reason", "asked for, letter 12")
JOHNS = body(JOHN, "SMITH^JOHN")


@pytest.fixture
def purge(place, tmp_path):
    """Run the command on the store of the place; gives how it ended."""

    def run_purge(*arguments):
        return run("purge", *arguments, folder=tmp_path, NETPET_STORE__URL=url(place))

    return run_purge


async def jane_and_john(store: Store) -> None:
    """Two patients, each with one report that was read."""
    await say(store, "R1", read(report("ACC1")))
    await say(store, "R2", read(report("ACC2", JOHN)), JOHN, JOHNS)


async def traces(place) -> list[purge_proof.Trace]:
    async with opened(place) as store:
        wanted = Called((JANE.value,), ("DOE^JANE^Q",), (("DOE", "JANE", "Q"),))
        return await store._reader.read(lambda on: purge_proof.traces_in_rows(on, wanted))


async def test_what_would_go_is_listed_and_stays(place, purge):
    async with opened(place) as store:
        await fill(store, JANE, 1)
        before = await rows(store)
    listed = purge(WHO)
    as_json = json.loads(purge(WHO, "--json").stdout)

    lines = listed.stdout.splitlines()
    assert (listed.returncode, lines[0]) == (0, "1 record(s) of the patient")
    assert ["message", "3"] in [line.split() for line in lines]
    assert "stands, see to it first: https://ehr.example/fhir  Observation/srv1  published" in lines
    assert "stands, see to it first: ORU receiver  result message C1  published" in lines
    assert lines[-1] == "nothing was removed: with --reason TEXT --yes it is"
    assert (as_json["done"], as_json["rows"]["message"], len(as_json["elsewhere"])) == (False, 3, 2)
    async with opened(place) as store:
        assert await rows(store) == before


async def test_what_stands_at_a_destination_is_in_the_way_until_it_is_left_there_by_name(place, purge):
    async with opened(place) as store:
        await fill(store, JANE, 1)
        before = await rows(store)
    refused = purge(WHO, *YES)
    async with opened(place) as store:
        assert await rows(store) == before
    done = purge(WHO, *YES, "--leave-at-destination")

    assert (refused.returncode, "--leave-at-destination: nothing was removed" in refused.stderr) == (1, True)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "was left: https://ehr.example/fhir  Observation/srv1  published" in lines
    assert "1 reason(s) in the audit named the patient and were taken out" in lines
    assert await traces(place) == []


async def test_a_patient_goes_with_proof_and_key_and_everybody_else_stays(place, purge):
    async with opened(place) as store:
        await jane_and_john(store)
    done = purge(WHO, *YES)

    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "looked for 1 number(s) and 2 name(s)" in lines
    assert "no row names the patient" in lines
    assert ("the file's bytes do not name the patient" in lines) is not isinstance(place, PostgresPlace)
    assert [line.split()[0] for line in lines[-2:]] == ["digest", "key"]
    digest, key = (line.split()[1] for line in lines[-2:])
    assert purge_proof.digest_of(JANE, key) == digest
    async with opened(place) as store:
        assert (len(await store.reports(JOHN.key)), len(await store.messages())) == (1, 1)


async def test_the_answer_in_json_has_the_counts_and_the_proof(place, purge):
    async with opened(place) as store:
        await jane_and_john(store)
    told = json.loads(purge(WHO, *YES, "--json").stdout)

    assert (told["done"], told["records"], told["rows"]["message"], told["traces"]) == (True, 1, 1, [])
    assert (told["bytes_in_file"], told["unproven"]) == (None if isinstance(place, PostgresPlace) else 0, None)


FHIR = '{"resourceType": "Patient", "identifier": [{"value": "%s"}], "name": [{"family": "Doe", "given": ["Jane"]}]}'


async def test_a_stray_message_with_the_fhir_name_alone_is_found_and_goes_when_it_is_named(place, purge):
    async with opened(place) as store:
        await jane_and_john(store)
        own = arrival("F1", patient=JANE.key, format="fhir")
        await store.keep(replace(own, raw=(FHIR % JANE.value).encode()))
        stray = await say(store, "F2", Held(Problem.NO_MAPPING), JOHN, (FHIR % JOHN.value))
    found = purge(WHO, *YES)
    again = purge(WHO, *YES, "--also", stray)

    assert found.returncode == 1
    assert f"STILL NAMED: message.raw in 1 row(s)  {stray}" in found.stdout
    assert "no row names the patient" not in found.stdout
    assert ("STILL IN THE FILE at 1 place(s)" in found.stdout) is not isinstance(place, PostgresPlace)
    assert (again.returncode, await traces(place)) == (0, [])
    assert "looked for 1 number(s) and 0 name(s)" in again.stdout


async def test_a_stray_message_is_listed_before_anything_goes_and_goes_by_also(place, purge):
    async with opened(place) as store:
        await jane_and_john(store)
        stray = await say(store, "S1", Held(Problem.NO_MAPPING), JOHN, body(JANE))
    before, listed = purge(WHO), purge(WHO, "--also", stray, "--json")
    done = purge(WHO, *YES, "--also", stray)

    assert f"named in a message that stays: {stray}  (look at it; --also {stray} removes it)" in before.stdout
    assert (json.loads(listed.stdout)["rows"]["message"], json.loads(listed.stdout)["named_in"]) == (2, [])
    assert (done.returncode, await traces(place)) == (0, [])
    async with opened(place) as store:
        assert len(await store.messages()) == 1


async def test_a_message_about_others_as_well_stays_for_them_without_its_body(place, purge):
    async with opened(place) as store:
        await say(store, "B1", read(report("A1"), report("A2", JOHN)), text=body(JANE) + JOHNS)
        await say(store, "R2", read(report("ACC2", JOHN)), JOHN, JOHNS)
    done = purge(WHO, *YES)

    assert done.returncode == 0, "the other patient's own message is no trace of this one: " + done.stdout
    assert "1 message(s) about others as well stay, without their body" in done.stdout


async def test_all_joined_records_go_and_an_authority_may_be_written_as_its_oid(place, purge):
    named = PatientIdentity(JANE.value, "", "1.2.3")
    async with opened(place) as store:
        await say(store, "R1", read(report("ACC1", named)), named)
        await say(store, "A40", Merged((Merge(JOHN, named, arrival().received),)), named)
    done = purge(f"{JANE.value}^^^&1.2.3&ISO", *YES)

    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "2 record(s) of the patient")


async def test_a_patient_in_hand_is_not_removed(postgres, tmp_path):
    async with opened(postgres) as store:
        await store.keep(arrival())
        await store.claim(datetime.now(UTC), 10, timedelta(hours=1))
        in_hand = run("purge", WHO, *YES, folder=tmp_path, NETPET_STORE__URL=postgres.url)

        assert (in_hand.returncode, "try again in a minute" in in_hand.stderr) == (1, True)
        assert len(await store.messages()) == 1


async def test_a_patient_who_is_not_known_cannot_be_removed(place, purge):
    async with opened(place) as store:
        await jane_and_john(store)
    unknown = [purge("999^^^HOSP"), purge("999^^^HOSP", *YES), purge(f"{JANE.value}^^^OTHER")]

    assert [one.returncode for one in unknown] == [1, 1, 1]
    assert all("is the authority written as it is sent?" in one.stderr for one in unknown)


async def test_a_reason_that_names_the_patient_is_refused_and_nothing_goes(place, purge):
    async with opened(place) as store:
        await jane_and_john(store)
    said = [purge(WHO, "--yes", "--reason", f"letter of {text}") for text in (JANE.value, "Mrs Doe")]

    assert [one.returncode for one in said] == [1, 1]
    assert all("give one that does not" in one.stderr for one in said)
    async with opened(place) as store:
        assert len(await store.messages()) == 2


@pytest.mark.parametrize(
    "arguments", [("",), ("^^^HOSP",), (WHO, "--yes"), (WHO, "--yes", "--reason", " "), (), (WHO, "--now")]
)
def test_wrong_use_is_said_and_the_code_is_2(tmp_path, arguments):
    wrong = run("purge", *arguments, folder=tmp_path, NETPET_STORE__URL=url(tmp_path))

    assert (wrong.returncode, wrong.stdout, wrong.stderr != "") == (2, "", True)
    assert not (tmp_path / "netpet.db").exists()


def test_help_says_how_a_patient_is_written_and_what_has_to_be_given(tmp_path):
    helped = run("purge", "--help", folder=tmp_path)

    assert helped.returncode == 0
    for told in ("IDENTIFIER^^^AUTHORITY", "--reason", "--also", "--leave-at-destination", "--json"):
        assert told in helped.stdout


async def test_the_patient_may_be_read_from_standard_input(place):
    async with opened(place) as store:
        await jane_and_john(store)
    asked = {"args": ["purge", "-", *YES], "input": f"{WHO}\n", "env": {"NETPET_STORE__URL": url(place)}}
    done = CliRunner().invoke(app, **asked)

    assert (done.exit_code, "no row names the patient" in done.stdout) == (0, True)


def test_a_store_that_is_not_there_is_named_and_the_code_is_3(tmp_path, server):
    absent = run("purge", WHO, folder=tmp_path, NETPET_STORE__URL=url(tmp_path))
    nowhere = [run("purge", WHO, *more, folder=tmp_path, NETPET_STORE__URL=server.url("absent")) for more in ((), YES)]

    assert (absent.returncode, "netpet.db is not there" in absent.stderr) == (3, True)
    assert [one.returncode for one in nowhere] == [3, 3]
    assert all("cannot be reached" in one.stderr for one in nowhere)


async def test_beside_others_a_postgresql_store_is_purged_and_a_sqlite_store_is_not(place, purge):
    async with opened(place) as store:
        await jane_and_john(store)
        done = purge(WHO, *YES)
        left = len(await store.messages())

    if isinstance(place, PostgresPlace):
        assert (done.returncode, left) == (0, 1)
    else:
        assert (done.returncode, left, "in use" in done.stderr) == (3, 2, True)


async def test_where_the_proof_cannot_be_made_what_went_and_the_key_are_told_all_the_same(postgres, tmp_path):
    async with opened(postgres) as store:
        await jane_and_john(store)
    with psycopg.connect(f"host={postgres.server.folder} user=netpet dbname={postgres.name}") as another:
        another.execute("LOCK TABLE fhir_seen IN ACCESS EXCLUSIVE MODE")
        done = run("purge", WHO, *YES, folder=tmp_path, NETPET_STORE__URL=postgres.url)

    lines = done.stdout.splitlines()
    assert done.returncode == 3
    assert any(line.startswith("NOT PROVEN: the rows are gone; ") and "holds a lock" in line for line in lines)
    assert not any("no row names" in line for line in lines)
    assert purge_proof.digest_of(JANE, lines[-1].split()[1]) == lines[-2].split()[1]
    assert await traces(postgres) == []
