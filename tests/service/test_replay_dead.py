"""``netpet-adapter replay --dead`` as an operator runs it, beside a running service."""

import asyncio
import json

import pytest
from fakes import serving
from program import run
from under_test import FIXTURES, AdapterUnderTest, payloads_of

CASES = {case["name"]: case for case in json.loads((FIXTURES / "expected.json").read_text("utf-8"))}

pytestmark = pytest.mark.slow


async def asked(folder, adapter, *arguments):
    file = folder / "site.yaml"
    file.write_text(f"http:\n  port: {adapter.addresses.http[1]}\nsecurity:\n  api_keys: {folder / 'keys'}\n")
    return await asyncio.to_thread(run, "replay", "--dead", *arguments, "--config", file, folder=folder)


async def test_dead_letters_are_listed_and_delivered_again(tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("it-desk:0123456789abcdef\n")
    async with serving() as server:
        server.transactions = False
        sections = {
            "destination": {"plan": "transaction", "fhir_base_url": server.base},
            "security": {"api_keys": str(keys)},
        }
        async with AdapterUnderTest(tmp_path, **sections) as adapter:
            await adapter.send(*payloads_of(CASES["corrected_fdg"])[:2])
            await adapter.settled()

            listed = await asked(tmp_path, adapter)
            assert listed.returncode == 0
            assert "status 405, not-supported, Observation.value\n1 dead letter(s)" in listed.stdout

            server.transactions = True
            replayed = await asked(tmp_path, adapter, "--reason", "switched on")
            assert (replayed.returncode, replayed.stdout) == (0, "1 score(s) will be delivered again\n")
            await adapter.settled()
            empty = await asked(tmp_path, adapter, "--json")
            assert json.loads(empty.stdout) == {"dead_letters": [], "answers": []}

        ended = await asked(tmp_path, adapter)
        assert ended.returncode == 3
        assert "is it running?" in ended.stderr


def test_a_replay_that_does_not_say_of_what_is_told_how(tmp_path):
    ended = run("replay", folder=tmp_path)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "--offered or --dead" in ended.stderr
