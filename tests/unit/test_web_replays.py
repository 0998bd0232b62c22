"""Replay over HTTP: only a known client, only with a reason, and never every message by mistake."""

import json

import pytest
from web_fakes import serving

from adapter.web.api_keys import ApiKeys

KEY = "0123456789abcdef"
AUTHORISED = {"Authorization": f"Bearer {KEY}"}
SINCE = "2026-11-20T18:00:00+01:00"


class FakeControl:
    """Remembers who asked for what."""

    def __init__(self):
        self.asked = []

    async def replay(self, by, asked):
        self.asked.append((by, asked))
        return {"replayed": 1}

    async def preview(self, asked):
        self.asked.append(asked)
        return {"read": 1}


@pytest.fixture
def keys(tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"ris-team:{KEY}\n")
    return ApiKeys(file)


async def post(control, keys, path, **body):
    async with serving(replays=control, api_keys=keys) as client:
        headers = AUTHORISED if keys else {}
        return await client.ask("POST", path, data=json.dumps(body).encode(), headers=headers)


@pytest.mark.parametrize("path", ["/messages/replay", "/messages/replay/preview"])
async def test_without_keys_nobody_replays_or_previews_even_on_loopback(path):
    control = FakeControl()

    answer = await post(control, None, path, all=True)

    assert (answer.status, control.asked) == (403, [])


async def test_a_known_client_says_which_messages_and_why(keys):
    control = FakeControl()

    body = {"since": SINCE, "state": ["held"], "reason_code": "no-mapping", "with": "as-sent", "after": 7, "through": 9}
    answer = await post(control, keys, "/messages/replay", reason="mended", **body)

    ((client, asked),) = control.asked
    assert (answer.status, client, asked.reason) == (200, "ris-team", "mended")
    assert (asked.state, asked.reason_code.value, asked.read_with) == (("held",), "no-mapping", "as-sent")
    assert (asked.since.isoformat(), asked.after, asked.through) == (SINCE, 7, 9)


async def test_a_preview_needs_no_reason(keys):
    control = FakeControl()

    answer = await post(control, keys, "/messages/replay/preview", message="m1")

    assert (answer.status, control.asked[0].message) == (200, "m1")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"state": ["held"], "reason": "x"}, "say since when"),
        ({"since": SINCE}, "look at: reason"),
        ({"all": True, "reason": ""}, "look at: reason"),
        ({"all": True, "reason": "x", "reason_code": "700103"}, "look at: reason_code"),
        ({"since": "2026-11-20T18:00:00", "reason": "x"}, "look at: since"),
        ({"all": True, "reason": "x", "patient": "700103"}, "name one message"),
        ({"all": True, "reason": "x", "after": -1}, "look at: after"),
    ],
)
async def test_what_is_too_wide_or_not_known_is_refused_without_its_values(keys, body, named):
    control = FakeControl()

    answer = await post(control, keys, "/messages/replay", **body)

    assert (answer.status, control.asked) == (400, [])
    assert named in answer.issue["diagnostics"]
    assert "700103" not in answer.body.decode()


async def test_where_nobody_holds_messages_there_is_no_such_path(keys):
    assert (await post(None, keys, "/messages/replay", all=True, reason="x")).status == 404
