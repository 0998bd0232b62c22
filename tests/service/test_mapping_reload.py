"""A running service takes a mended mapping, says so, refuses a broken one, and offers what it held for want of it."""

import asyncio
import json
import signal
from pathlib import Path

import pytest
from program import Serving, run
from reload_site import FDG, NEW, OLD, SSTR, WITH_NEW_CODE
from under_test import AdapterUnderTest

KEY = "0123456789abcdef"
AUTHORISED = {"Authorization": f"Bearer {KEY}"}


def folder_with(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "mappings"
    folder.mkdir()
    (folder / "site.yaml").write_text(text)
    return folder


def keys_of(tmp_path: Path) -> Path:
    file = tmp_path / "keys"
    file.write_text(f"ris-team:{KEY}\n")
    return file


class ReloadingAdapter(AdapterUnderTest):
    """A service on mappings of its own, which it looks at often."""

    def __init__(self, tmp_path: Path, *, reload: float = 0.05, **sections) -> None:
        self.folder = folder_with(tmp_path, OLD)
        keys = {"api_keys": str(keys_of(tmp_path))}
        mappings = {"directory": str(self.folder), "reload": reload}
        super().__init__(tmp_path, mappings=mappings, security=keys, **sections)

    async def __aenter__(self):
        await super().__aenter__()
        await self.until(lambda one: one["last_attempt"])
        return self

    async def standing(self):
        async with self.http.get("/mappings", headers=AUTHORISED) as answer:
            return await answer.json()

    async def until(self, holds):
        async with asyncio.timeout(20):
            while not holds(await self.standing()):  # noqa: ASYNC110 - it is seen from outside alone
                await asyncio.sleep(0.02)
        return await self.standing()

    async def post(self, path, **body):
        async with self.http.post(f"/mappings/{path}", json=body, headers=AUTHORISED) as answer:
            return answer.status, await answer.json(content_type=None)


def version(standing):
    return standing["mappings"][0]["version"]


async def test_a_changed_file_comes_into_use_and_what_it_can_read_is_offered_and_replayed(tmp_path):
    async with ReloadingAdapter(tmp_path) as adapter:
        assert await adapter.send(WITH_NEW_CODE) == ["AA"]
        await adapter.settled()
        (adapter.folder / "site.yaml").write_text(NEW)

        standing = await adapter.until(lambda one: one["offered"])
        (kept,) = await adapter.service.store.messages()
        assert (version(standing), kept.state) == ("1.3.0", "held")
        assert standing["offered"] == [
            {
                "message": kept.id,
                "received": "2026-11-22T08:00:00.000+00:00",
                "held_for": "code-unknown",
                "mapping": "st-elsewhere@1.3.0",
            }
        ]

        status, body = await adapter.post("replay-offered", reason="mapping 1.3.0")
        await adapter.settled()
        (entry,) = await adapter.service.store.audit_trail()
        assert (status, body) == (200, {"replayed": [kept.id]})
        assert [one.state for one in await adapter.service.store.messages()] == ["read"]
        assert (entry.action, entry.reason, entry.by) == ("replay", "mapping 1.3.0", "ris-team")
        assert (await adapter.standing())["offered"] == []


async def test_a_broken_file_leaves_the_former_set_at_work_and_the_service_ready(tmp_path):
    async with ReloadingAdapter(tmp_path) as adapter:
        (adapter.folder / "site.yaml").write_text(NEW.replace("MAL: tumour", "MAL: malign"))
        standing = await adapter.until(lambda one: one["notice"])

        assert version(standing) == "1.2.0"
        assert standing["last_attempt"]["outcome"] == "refused"
        assert standing["last_attempt"]["faults"][0].startswith("site.yaml:")
        status, readiness = await adapter.get("/readyz")
        assert status == 200
        assert any(check["name"] == "mappings" and check["reason"] for check in readiness["checks"])
        assert await adapter.send(SSTR) == ["AA"]
        await adapter.settled()
        assert [one.state for one in await adapter.service.store.messages()] == ["read"]


async def test_an_exchanged_link_comes_into_use_as_a_kubernetes_config_map_does_it(tmp_path):
    async with ReloadingAdapter(tmp_path) as adapter:
        for name, text in (("..one", OLD), ("..two", NEW)):
            (adapter.folder / name).mkdir()
            (adapter.folder / name / "site.yaml").write_text(text)
        (adapter.folder / "..data").symlink_to("..two")
        (adapter.folder / "..link").symlink_to("..data/site.yaml")
        (adapter.folder / "..link").rename(adapter.folder / "site.yaml")

        await adapter.until(lambda one: version(one) == "1.3.0")


async def test_a_client_has_the_files_brought_into_use_or_is_told_every_fault(tmp_path):
    async with ReloadingAdapter(tmp_path, reload=0) as adapter:
        (adapter.folder / "site.yaml").write_text(NEW)
        status, body = await adapter.post("reload")
        assert (status, body["outcome"], body["trigger"]) == (200, "swapped", "asked for by ris-team")

        (adapter.folder / "site.yaml").write_text("id: [\n")
        status, body = await adapter.post("reload")
        assert (status, body["outcome"], len(body["faults"])) == (409, "refused", 1)
        assert version(await adapter.standing()) == "1.3.0"


async def test_what_read_a_message_stands_with_its_report_in_the_log_and_in_provenance(tmp_path, capsys):
    async with ReloadingAdapter(tmp_path, quiet=False) as adapter:
        (mapping,) = adapter.service.mappings.in_use.current.mappings
        await adapter.send(SSTR, FDG)
        await adapter.settled()
        (patient,) = {one.patient for one in await adapter.service.store.messages()}
        reports = await adapter.service.store.reports(patient)
        async with adapter.http.get("/fhir/Provenance", headers=AUTHORISED) as answer:
            (provenance,) = [entry["resource"] for entry in (await answer.json(content_type=None))["entry"]]

    sources = {(kept.source.mapping_id, kept.source.mapping_version, kept.source.mapping_sha256) for kept in reports}
    assert (len(reports), sources) == (2, {("st-elsewhere", "1.2.0", mapping.sha256)})
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    logged = {(line["mapping"], line["version"], line["mapping_sha256"]) for line in lines if line["event"] == "read"}
    assert logged == sources
    named = {entity["what"]["identifier"]["value"] for entity in provenance["entity"]}
    assert {"st-elsewhere@1.2.0", mapping.sha256} <= named


@pytest.mark.slow
def test_a_signal_brings_the_files_into_use_and_the_command_lists_and_replays(tmp_path):
    folder = folder_with(tmp_path, OLD)
    (tmp_path / "held.hl7").write_bytes(WITH_NEW_CODE)
    settings = {
        "NETPET_MAPPINGS__DIRECTORY": str(folder),
        "NETPET_MAPPINGS__RELOAD": "0",
        "NETPET_SECURITY__API_KEYS": str(keys_of(tmp_path)),
    }
    with Serving(tmp_path, **settings) as service:
        assert run("send", "held.hl7", "--to", service.mllp, folder=tmp_path).returncode == 0
        service.wait_for('"event": "held"')
        (folder / "site.yaml").write_text(NEW)
        service.process.send_signal(signal.SIGHUP)
        service.wait_for('"event": "replay-offered"')
        settings["NETPET_HTTP__PORT"] = str(service.address("http")[1])

        listed = run("replay", "--offered", folder=tmp_path, **settings)
        as_json = run("replay", "--offered", "--json", folder=tmp_path, **settings)
        done = run("replay", "--offered", "--reason", "mapping 1.3.0", folder=tmp_path, **settings)
        service.wait_for('"event": "read"')
        nobody = run("replay", "--offered", "--client", "nobody", folder=tmp_path, **settings)

    assert "held for code-unknown  readable by st-elsewhere@1.3.0" in listed.stdout
    assert [one["held_for"] for one in json.loads(as_json.stdout)["offered"]] == ["code-unknown"]
    assert (done.returncode, done.stdout) == (0, "1 message(s) will be read anew\n")
    assert (nobody.returncode, nobody.stderr) == (
        3,
        "netpet-adapter replay: security.api_keys names no client 'nobody'\n",
    )
    gone = run("replay", "--offered", folder=tmp_path, **settings)
    assert gone.returncode == 3
    assert "is it running?" in gone.stderr


def test_replay_is_told_what_to_replay(tmp_path):
    done = run("replay", folder=tmp_path)

    assert done.returncode == 2
    assert "say what to replay: --offered or --dead, one message by its id" in done.stderr
