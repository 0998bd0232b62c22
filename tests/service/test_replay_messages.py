"""``netpet-adapter replay`` of kept messages, as an operator runs it beside a running service."""

import asyncio
import json

import pytest
from fakes import serving
from program import run
from under_test import FIXTURES, AdapterUnderTest, fixture, patient_of, payloads_of

from adapter.settings import shipped_folder

CASES = {case["name"]: case for case in json.loads((FIXTURES / "expected.json").read_text("utf-8"))}
CANONICAL = (shipped_folder("mappings") / "canonical.yaml").read_text("utf-8")
OLD = CANONICAL.replace("id: canonical", "id: st-elsewhere")
OTHERWISE = OLD.replace("version: 1.0.0", "version: 1.1.0").replace("Positive^SCT: positive", "Positive^SCT: equivocal")
SSTR, FDG = fixture("demo/03_p2b_1_sstr.hl7"), fixture("demo/03_p2b_2_fdg.hl7")
UNKNOWN_CODE = fixture("demo/07_held_unknown_uptake_code_2_fdg.hl7")
RETIRED = OLD.replace("status: active", "status: retired")
JANE = patient_of(SSTR)

pytestmark = pytest.mark.slow


class Site:
    """A hospital with one mapping, its service, and an operator beside it."""

    def __init__(self, folder, **sections):
        self.folder = folder
        self.mappings = folder / "mappings"
        self.mappings.mkdir()
        (self.mappings / "site.yaml").write_text(OLD)
        (folder / "keys").write_text("ris-team:0123456789abcdef\n")
        keys = {"api_keys": str(folder / "keys")}
        mappings = {"directory": str(self.mappings), "reload": 0}
        self.adapter = AdapterUnderTest(folder, mappings=mappings, security=keys, **sections)

    async def __aenter__(self):
        await self.adapter.__aenter__()
        file = self.folder / "site.yaml"
        port = self.adapter.addresses.http[1]
        file.write_text(f"http:\n  port: {port}\nsecurity:\n  api_keys: {self.folder / 'keys'}\n")
        return self

    async def __aexit__(self, *error):
        await self.adapter.__aexit__(*error)

    async def gets(self, *payloads):
        await self.adapter.send(*payloads)
        await self.adapter.settled()

    async def changes_its_mapping(self, **files):
        for name, text in files.items():
            (self.mappings / f"{name}.yaml").write_text(text)
        assert (await self.adapter.service.mappings.control.reload("a test"))["outcome"] == "swapped"

    async def replays(self, *arguments):
        """Run the command, and wait until the service has done what it asked for."""
        asked = ("replay", *arguments, "--config", self.folder / "site.yaml")
        ended = await asyncio.to_thread(run, *asked, folder=self.folder)
        await self.adapter.settled()
        return ended

    async def mappings_read_with(self):
        reports = await self.adapter.service.store.reports(JANE)
        return [kept.source.mapping_version for kept in reports]

    async def stands(self):
        """The scores, with how often they were delivered, and the audit."""
        store = self.adapter.service.store
        scores = {one.score_id: (one.version, one.digest) for one in await store.scores()}
        return scores, await store.audit_trail(100)


async def test_a_replay_that_reads_the_same_writes_nothing_at_the_destination(tmp_path):
    async with serving() as server:
        destination = {"plan": "transaction", "fhir_base_url": server.base}
        async with Site(tmp_path, destination=destination) as site:
            await site.gets(SSTR, FDG)
            before, writes = (await site.stands())[0], server.writes

            current = await site.replays("--all", "--reason", "to be sure")
            as_sent = await site.replays("--all", "--as-sent", "--reason", "to be sure")

            after, audit = await site.stands()
            assert (current.returncode, current.stdout) == (0, "2 message(s) will be read anew\n")
            assert (as_sent.returncode, as_sent.stdout) == (0, "2 message(s) will be read anew\n")
            assert (after, server.writes) == (before, writes)
            assert {(one.action, one.reason, one.by) for one in audit} == {
                ("replay", "to be sure", "ris-team"),
                ("replay-as-sent", "to be sure", "ris-team"),
            }
            assert len(audit) == 4


async def test_a_dry_run_shows_what_another_mapping_changes_and_changes_nothing(tmp_path):
    async with Site(tmp_path) as site:
        await site.gets(SSTR, FDG)
        await site.changes_its_mapping(site=OTHERWISE)
        before = await site.stands()

        ended = await site.replays("--since", "2026-11-22", "--dry-run", "--json")
        said = await site.replays("--since", "2026-11-22", "--dry-run")

        shown = json.loads(ended.stdout)
        facts = {(fact["fact"], fact["then"], fact["now"]) for one in shown["messages"] for fact in one["facts"]}
        assert (ended.returncode, shown["read"], shown["readings"]) == (1, 2, {"read": 2})
        assert facts == {("uptake", "positive", "equivocal")}
        assert [one["then"]["mapping"] for one in shown["messages"]] == ["st-elsewhere@1.0.0"] * 2
        (score,) = shown["scores"]
        assert (score["then"]["grade"], score["now"]["grade"]) == ("P2b", None)
        assert "nothing was written, nothing was delivered" in said.stdout
        assert await site.stands() == before
        assert await site.mappings_read_with() == ["1.0.0"] * 2
        assert all(
            word not in ended.stdout + said.stdout for word in ("700103", "LINDENWALD", "19480322", "ACC-", JANE)
        )


async def test_what_a_dry_run_showed_is_what_the_replay_makes_of_it(tmp_path):
    async with Site(tmp_path) as site:
        await site.gets(SSTR, FDG)
        await site.changes_its_mapping(site=OTHERWISE)
        shown = json.loads((await site.replays("--all", "--dry-run", "--json")).stdout)["scores"]

        await site.replays("--all", "--reason", "mapping 1.1.0")

        (score,) = await site.adapter.service.store.scores()
        promised = {name: value for name, value in shown[0]["now"].items() if name not in ("state", "status")}
        assert {name: score.summary[name] for name in promised} == promised
        assert (score.version, shown[0]["score"]) == (2, score.score_id)
        assert await site.mappings_read_with() == ["1.1.0"] * 2
        assert json.loads((await site.replays("--all", "--dry-run", "--json")).stdout)["scores"] == []


async def test_as_sent_a_message_is_read_with_the_version_that_read_it(tmp_path):
    async with Site(tmp_path) as site:
        await site.gets(SSTR, FDG)
        await site.changes_its_mapping(site=RETIRED, next=OTHERWISE)
        before, _ = await site.stands()

        ended = await site.replays("--all", "--as-sent", "--reason", "the destination was restored")

        assert (ended.returncode, ended.stdout) == (0, "2 message(s) will be read anew\n")
        assert await site.mappings_read_with() == ["1.0.0"] * 2
        assert (await site.stands())[0] == before


async def test_as_sent_a_message_whose_mapping_is_gone_stays_as_it_is_and_the_command_says_so(tmp_path):
    async with Site(tmp_path) as site:
        await site.gets(SSTR, FDG, UNKNOWN_CODE)
        await site.changes_its_mapping(site=OTHERWISE)
        before = await site.stands()

        ended = await site.replays("--all", "--as-sent", "--reason", "to be sure")

        assert ended.returncode == 1
        assert "2 message(s): st-elsewhere@1.0.0 read them and is not here: put its file back" in ended.stdout
        assert "1 message(s): no mapping has read them" in ended.stdout
        assert await site.stands() == before
        assert await site.mappings_read_with() == ["1.0.0"] * 2


async def test_one_message_is_replayed_by_its_id(tmp_path):
    async with Site(tmp_path) as site:
        await site.gets(SSTR, FDG)
        newest, _ = await site.adapter.service.store.messages()
        ended = await site.replays(newest.id, "--reason", "a look")
        unknown = await site.replays("none", "--reason", "a look")

        (entry,) = (await site.stands())[1]
        assert (ended.returncode, entry.subject) == (0, newest.id)
        assert (unknown.returncode, unknown.stdout) == (2, "")
        assert "no message of this id" in unknown.stderr


async def test_a_filter_replays_what_was_held_for_one_reason(tmp_path):
    async with Site(tmp_path) as site:
        await site.gets(SSTR, FDG, UNKNOWN_CODE)
        filters = ("--all", "--state", "held", "--reason-code", "code-unknown", "--channel", "mllp")

        ended = await site.replays(*filters, "--reason", "the code was added")

        assert ended.stdout == "1 message(s) will be read anew\n"


async def test_the_corrections_of_a_replayed_patient_keep_their_order(tmp_path):
    async with Site(tmp_path) as site:
        await site.gets(*payloads_of(CASES["corrected_fdg"]))
        before, _ = await site.stands()

        ended = await site.replays("--all", "--reason", "to be sure")

        assert ended.returncode == 0
        assert (await site.stands())[0] == before


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (("--state", "held", "--reason", "x"), "this would replay every message: name one, or say since when (--since"),
        (("--until", "2026-11-22", "--dry-run"), "or --all if it is to be all of them"),
        (("--all",), "say why with --reason"),
        (("--dead", "--all", "--reason", "x"), "--offered and --dead stand alone"),
        (("--offered", "an-id", "--reason", "x"), "--offered and --dead stand alone"),
        (("--dead", "an-id"), "--dead alone lists them"),
        (("an-id", "--all", "--reason", "x"), "one message, or a filter: not both"),
    ],
)
def test_what_is_asked_for_too_widely_or_without_reason_is_refused(tmp_path, arguments, advice):
    ended = run("replay", *arguments, folder=tmp_path)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert advice in ended.stderr


def test_without_a_service_the_command_says_where_it_looked(tmp_path):
    ended = run("replay", "--all", "--dry-run", folder=tmp_path, NETPET_HTTP__PORT="9")

    assert (ended.returncode, ended.stdout) == (3, "")
    assert "no answer on 127.0.0.1 port 9" in ended.stderr
