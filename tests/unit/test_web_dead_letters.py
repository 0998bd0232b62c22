"""Dead letters and public keys over HTTP: who may see them, who may replay them."""

import json

import pytest
from web_fakes import serving

from adapter.delivery import Answer, DeliveryError
from adapter.web.api_keys import ApiKeys

KEY = "0123456789abcdef"
AUTHORISED = {"Authorization": f"Bearer {KEY}"}
REASON = b'{"reason": "the server was mended"}'


class FakeControl:
    """Remembers who asked for what."""

    def __init__(self):
        self.asked = []

    async def standing(self):
        return {"dead_letters": []}

    async def replay(self, by, reason, only):
        self.asked.append((by, reason, only))
        return {"replayed": 2}

    async def close(self, score_id, reason, client):
        self.asked.append((score_id, reason, client))
        return {"score": score_id, "dead_letter": "closed"}


@pytest.fixture
def keys(tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"it-desk:{KEY}\n")
    return ApiKeys(file)


async def test_dead_letters_can_be_read():
    async with serving(dead_letters=FakeControl()) as client:
        answer = await client.get("/dead-letters")

    assert (answer.status, json.loads(answer.body)) == (200, {"dead_letters": []})


async def test_a_replay_needs_a_known_client_even_on_loopback():
    control = FakeControl()
    async with serving(dead_letters=control) as client:
        answer = await client.ask("POST", "/dead-letters/replay", data=REASON)

    assert (answer.status, control.asked) == (403, [])


async def test_a_known_client_has_them_replayed_and_says_why(keys):
    control = FakeControl()
    async with serving(dead_letters=control, api_keys=keys) as client:
        answer = await client.ask("POST", "/dead-letters/replay", data=REASON, headers=AUTHORISED)

    assert (answer.status, json.loads(answer.body)) == (200, {"replayed": 2})
    assert control.asked == [("it-desk", "the server was mended", None)]


async def test_a_known_client_has_one_replayed_by_its_id(keys):
    control = FakeControl()
    body = b'{"reason": "line mended", "only": "67dec6de-1"}'
    async with serving(dead_letters=control, api_keys=keys) as client:
        answer = await client.ask("POST", "/dead-letters/replay", data=body, headers=AUTHORISED)

    assert (answer.status, control.asked) == (200, [("it-desk", "line mended", "67dec6de-1")])


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b'{"reason": ""}', b'{"reason": " "}', b'{"reason": "a", "by": "b"}', b'{"reason": "a", "only": ""}'],
)
async def test_a_replay_without_a_reason_is_refused(keys, body):
    control = FakeControl()
    async with serving(dead_letters=control, api_keys=keys) as client:
        answer = await client.ask("POST", "/dead-letters/replay", data=body, headers=AUTHORISED)

    assert (answer.status, control.asked) == (400, [])


async def test_a_closing_needs_a_known_client_even_on_loopback():
    control = FakeControl()
    async with serving(dead_letters=control) as client:
        answer = await client.ask("POST", "/dead-letters/score-1/close", data=REASON)

    assert (answer.status, control.asked) == (403, [])


async def test_a_known_client_closes_one_and_says_why(keys):
    control = FakeControl()
    async with serving(dead_letters=control, api_keys=keys) as client:
        answer = await client.ask("POST", "/dead-letters/score-1/close", data=REASON, headers=AUTHORISED)

    assert (answer.status, control.asked) == (200, [("score-1", "the server was mended", "it-desk")])


async def test_public_keys_are_for_everybody(keys):
    async with serving(jwks=lambda: {"keys": [{"kid": "1"}]}, api_keys=keys) as client:
        answer = await client.get("/.well-known/jwks.json")

    assert (answer.status, json.loads(answer.body)) == (200, {"keys": [{"kid": "1"}]})


async def test_keys_that_cannot_be_read_now_are_answered_503():
    def unreadable():
        raise DeliveryError(Answer(rule="destination.auth.keys: the file cannot be read"))

    async with serving(jwks=unreadable) as client:
        assert (await client.get("/.well-known/jwks.json")).status == 503
