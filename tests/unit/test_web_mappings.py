"""Mappings over HTTP: everybody who may read sees what is in use; only a known client changes it."""

import json

import pytest
from web_fakes import serving

from adapter.web.api_keys import ApiKeys

KEY = "0123456789abcdef"
AUTHORISED = {"Authorization": f"Bearer {KEY}"}
REASON = b'{"reason": "mapping 1.3.0"}'


class FakeControl:
    """Remembers who asked for what."""

    def __init__(self, outcome="swapped"):
        self.outcome = outcome
        self.asked = []

    async def standing(self):
        return {"mappings": []}

    async def reload(self, by):
        self.asked.append(by)
        return {"outcome": self.outcome}

    async def replay_offered(self, by, reason):
        self.asked.append((by, reason))
        return {"replayed": ["m1"]}


@pytest.fixture
def keys(tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"ris-team:{KEY}\n")
    return ApiKeys(file)


async def test_what_is_in_use_can_be_read():
    async with serving(mappings=FakeControl()) as client:
        answer = await client.get("/mappings")

    assert (answer.status, json.loads(answer.body)) == (200, {"mappings": []})


@pytest.mark.parametrize("path", ["/mappings/reload", "/mappings/replay-offered"])
async def test_without_keys_nobody_changes_anything_even_on_loopback(path):
    control = FakeControl()
    async with serving(mappings=control) as client:
        answer = await client.ask("POST", path, data=REASON)

    assert (answer.status, control.asked) == (403, [])
    assert "security.api_keys" in answer.issue["diagnostics"]


async def test_without_its_key_a_client_changes_nothing(keys):
    control = FakeControl()
    async with serving(mappings=control, api_keys=keys) as client:
        assert (await client.ask("POST", "/mappings/reload", data=b"")).status == 401

    assert control.asked == []


@pytest.mark.parametrize(("outcome", "status"), [("swapped", 200), ("unchanged", 200), ("refused", 409)])
async def test_a_known_client_has_the_files_brought_into_use(keys, outcome, status):
    control = FakeControl(outcome)
    async with serving(mappings=control, api_keys=keys) as client:
        answer = await client.ask("POST", "/mappings/reload", data=b"", headers=AUTHORISED)

    assert (answer.status, control.asked) == (status, ["ris-team"])


async def test_a_known_client_has_the_offered_messages_replayed_and_says_why(keys):
    control = FakeControl()
    async with serving(mappings=control, api_keys=keys) as client:
        answer = await client.ask("POST", "/mappings/replay-offered", data=REASON, headers=AUTHORISED)

    assert json.loads(answer.body) == {"replayed": ["m1"]}
    assert control.asked == [("ris-team", "mapping 1.3.0")]


@pytest.mark.parametrize("body", [b"", b"{}", b'{"reason": ""}', b'{"reason": "x", "y": 1}', b"[", b'{"reason": 1}'])
async def test_without_a_reason_nothing_is_replayed(keys, body):
    control = FakeControl()
    async with serving(mappings=control, api_keys=keys) as client:
        answer = await client.ask("POST", "/mappings/replay-offered", data=body, headers=AUTHORISED)

    assert (answer.status, control.asked) == (400, [])


async def test_where_nobody_holds_mappings_there_is_no_such_path():
    async with serving() as client:
        assert (await client.get("/mappings")).status == 404
