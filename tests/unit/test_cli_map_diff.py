"""``map diff``: what the approver of another version sees and signs, from a folder or from what the service keeps."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from mapping_messages import SITE
from store_places import url
from test_store_samples import arrival, opened
from typer.testing import CliRunner

from adapter.cli import app
from adapter.outcome import StoreUnavailableError
from adapter.store.recorded import last_messages

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "fixtures/demo"
CANONICAL = (ROOT / "mappings/canonical.yaml").read_text("utf-8")
NEXT = CANONICAL.replace("version: 1.0.0", "version: 1.1.0")
CALLS_ALL_OTHERWISE = NEXT.replace("10828004^Positive^SCT: positive", "10828004^Positive^SCT: equivocal")
READS_NOTHING = NEXT.replace("uptake: {obx: [uptake^Uptake^99NETPET]", "uptake: {obx: [uptake2^Uptake^99NETPET]")


@pytest.fixture
def diff(tmp_path):
    """Run the command on canonical as it is and a next version of it; gives the result."""
    (tmp_path / "old.yaml").write_text(CANONICAL)

    def run(text, *options, **variables):
        (tmp_path / "new.yaml").write_text(text)
        files = (str(tmp_path / "old.yaml"), str(tmp_path / "new.yaml"))
        environment = {"COLUMNS": "200", "NO_COLOR": "1"} | variables
        return CliRunner().invoke(app, ["map", "diff", *files, *map(str, options)], env=environment)

    return run


def test_a_version_that_changes_nothing_says_so_with_both_digests(diff):
    result = diff(NEXT, "--replay", DEMO)

    assert result.exit_code == 0
    assert result.stdout.count("  sha256 ") == 3
    assert "canonical@1.0.0" in result.stdout
    assert "canonical@1.1.0" in result.stdout
    assert "19 messages" in result.stdout
    assert "Facts: no difference" in result.stdout
    assert "No grade and no group changes" in result.stdout


def test_a_version_that_changes_a_grade_is_a_finding_with_every_fact(diff):
    result = diff(CALLS_ALL_OTHERWISE, "--replay", DEMO)

    assert result.exit_code == 1
    assert "7 score(s) change grade or group" in result.stdout
    assert "P2b (P2-4)" in result.stdout
    assert "equivocal-lesion" in result.stdout


def test_the_answer_in_json_names_versions_digests_facts_and_scores(diff):
    result = diff(CALLS_ALL_OTHERWISE, "--replay", DEMO, "--json")
    found = json.loads(result.stdout)

    assert (found["old"]["version"], found["new"]["version"]) == ("1.0.0", "1.1.0")
    assert found["old"]["sha256"] != found["new"]["sha256"]
    assert found["messages"]["count"] == 19
    assert (found["changes_a_grade"], found["read"]) == (True, {"old": 18, "new": 18})
    assert found["facts"][0] == {
        "message": "02_p1_1_sstr.hl7",
        "report": 1,
        "row": "1",
        "fact": "uptake",
        "old": "positive",
        "new": "equivocal",
    }
    assert found["scores"][0]["messages"] == ["02_p1_1_sstr.hl7", "02_p1_2_fdg.hl7"]
    assert found["scores"][0]["old"] == {"outcome": "scored", "grade": "P1", "group": "P1", "reasons": []}


def test_a_version_that_reads_fewer_messages_is_a_finding(diff):
    result = diff(READS_NOTHING, "--replay", DEMO)

    assert result.exit_code == 1
    assert "held: code-unknown" in result.stdout
    assert "message(s) are read no longer" in result.stdout


def test_several_messages_of_a_file_have_a_number_each_and_a_fhir_body_is_one(diff, tmp_path):
    folder = tmp_path / "replay"
    folder.mkdir()
    both = b"".join((DEMO / f"03_p2b_{half}.hl7").read_bytes().rstrip(b"\r\n") + b"\r" for half in ("1_sstr", "2_fdg"))
    (folder / "both.hl7").write_bytes(both)
    (folder / "body.json").write_text("{}")
    (folder / "readme.md").write_text("no message")

    found = json.loads(diff(CALLS_ALL_OTHERWISE, "--replay", folder, "--json").stdout)

    assert found["messages"]["count"] == 3
    assert {one["message"] for one in found["facts"]} == {"both.hl7 [1]", "both.hl7 [2]"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("nowhere", "no such folder; --replay takes"),
        ("last-0", "N is a number from 1"),
        ("last-x", "N is a number from 1"),
    ],
)
def test_what_cannot_be_replayed_is_named(diff, asked, said):
    result = diff(NEXT, "--replay", asked)

    assert (result.exit_code, said in result.stderr) == (2, True)


def test_a_folder_without_messages_and_a_file_that_is_none_are_named(diff, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "there is no message in it" in diff(NEXT, "--replay", tmp_path / "empty").stderr

    (tmp_path / "empty" / "x.hl7").write_bytes(b"\x0bMSH|^~\\&|")
    assert diff(NEXT, "--replay", tmp_path / "empty").exit_code == 2


def test_a_folder_of_mappings_is_no_version(diff, tmp_path):
    (tmp_path / "folder").mkdir()
    for number in (1, 2):
        (tmp_path / "folder" / f"{number}.yaml").write_text(CANONICAL)
    folder = str(tmp_path / "folder")

    result = CliRunner().invoke(app, ["map", "diff", folder, folder, "--replay", str(DEMO)])

    assert (result.exit_code, "name one mapping file" in result.stderr) == (2, True)


def test_a_site_whose_studies_come_from_two_systems_is_compared_as_a_whole(diff, tmp_path):
    beside = tmp_path / "beside"
    beside.mkdir()
    (beside / "site.yaml").write_text(SITE)
    assert diff(NEXT, "--replay", DEMO, "--beside", beside).exit_code == 0

    (beside / "site.yaml").write_text("id: [")
    assert diff(NEXT, "--replay", DEMO, "--beside", beside).exit_code == 2


DEMO_PAIR = [(DEMO / name).read_bytes() for name in ("02_p1_1_sstr.hl7", "02_p1_2_fdg.hl7")]


async def test_the_last_messages_that_a_running_service_keeps_are_read_beside_it(place, diff):
    async with opened(place) as store:
        for number, raw in enumerate(DEMO_PAIR):
            await store.keep(replace(arrival(f"MSG{number}"), raw=raw))
        settings = {"NETPET_STORE__URL": url(place)}

        same = diff(NEXT, "--replay", "last-500", "--json", **settings)
        other = diff(CALLS_ALL_OTHERWISE, "--replay", "last-500", "--json", **settings)
        last = last_messages(url(place), 1)

    assert (same.exit_code, json.loads(same.stdout)["messages"]["count"]) == (0, 2)
    assert (other.exit_code, json.loads(other.stdout)["scores"][0]["old"]["grade"]) == (1, "P1")
    assert [one.raw for one in last] == DEMO_PAIR[1:]


async def test_a_test_message_is_read_and_not_scored(place, diff):
    async with opened(place) as store:
        for number, raw in enumerate(DEMO_PAIR):
            await store.keep(replace(arrival(f"MSG{number}"), raw=raw, processing_id="T"))
        await store.keep(replace(arrival("MSG9"), raw=b"MSH|"))

    found = json.loads(diff(CALLS_ALL_OTHERWISE, "--replay", "last-9", "--json", NETPET_STORE__URL=url(place)).stdout)

    assert (found["read"]["old"], found["scores_compared"]) == (2, 0)


async def test_a_store_without_messages_is_named(place, diff):
    async with opened(place):
        empty = diff(NEXT, "--replay", "last-5", NETPET_STORE__URL=url(place))

    assert (empty.exit_code, "the store keeps no message" in empty.stderr) == (2, True)


def test_a_store_without_file_is_named_and_none_is_made(tmp_path, diff):
    absent = diff(NEXT, "--replay", "last-5", NETPET_STORE__URL=f"sqlite:///{tmp_path}/absent.db")

    assert (absent.exit_code, "is not there" in absent.stderr) == (3, True)
    assert not (tmp_path / "absent.db").exists()


def test_a_database_that_is_not_there_or_holds_no_store_is_named(server, diff):
    absent = diff(NEXT, "--replay", "last-5", NETPET_STORE__URL=server.url("absent"))
    name = server.create()
    bare = diff(NEXT, "--replay", "last-5", NETPET_STORE__URL=server.url(name))
    server.drop(name)

    assert (absent.exit_code, "check that it runs, and store.url" in absent.stderr) == (3, True)
    assert (bare.exit_code, "netpet-adapter db migrate" in bare.stderr) == (3, True)


async def test_a_database_user_who_may_only_read_is_enough(postgres, diff):
    async with opened(postgres) as store:
        await store.keep(replace(arrival("MSG1"), raw=DEMO_PAIR[0]))
    postgres.server.run("CREATE ROLE looks LOGIN; GRANT pg_read_all_data TO looks")
    readers = postgres.url.replace("netpet@", "looks@")

    found = diff(NEXT, "--replay", "last-5", "--json", NETPET_STORE__URL=readers)
    postgres.server.run("DROP ROLE looks")

    assert (found.exit_code, json.loads(found.stdout)["messages"]["count"]) == (0, 1)


def test_the_password_is_read_from_its_file(tmp_path, diff, postgres):
    absent = tmp_path / "no-password"
    settings = {"NETPET_STORE__URL": postgres.url, "NETPET_STORE__PASSWORD_FILE": str(absent)}
    refused = diff(NEXT, "--replay", "last-5", **settings)

    assert (refused.exit_code, "cannot be read" in refused.stderr) == (3, True)


@pytest.mark.parametrize(("content", "said"), [(b"no database at all" * 100, "not a database"), (b"", "db migrate")])
def test_a_file_that_is_no_store_is_named(tmp_path, content, said):
    (tmp_path / "x.db").write_bytes(content)

    with pytest.raises(StoreUnavailableError, match=said):
        last_messages(f"sqlite:///{tmp_path}/x.db", 1)
