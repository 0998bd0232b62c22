"""How we show who we are: secrets from files, tokens that are got once and renewed in time, and no storms."""

import asyncio
import json
import sys
from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.delivery import Answer, DeliveryError
from adapter.outbound.auth.passwords import BasicPassword, BearerFile, NoCredentials
from adapter.outbound.auth.token_cache import AccessToken, TokenCache
from adapter.outbound.auth.token_command import TokenCommand
from adapter.outbound.auth.token_response import access_token
from adapter.outbound.watched_file import WatchedFile


def secret(tmp_path, text="geheim\n"):
    file = tmp_path / "secret"
    file.write_text(text)
    return file


async def test_without_credentials_nothing_is_shown():
    assert await NoCredentials().headers() == {}
    assert not await NoCredentials().refused({})


async def test_a_password_is_read_from_its_file_without_the_line_end(tmp_path):
    headers = await BasicPassword("netpet", WatchedFile(secret(tmp_path), "x")).headers()

    assert b64decode(headers["Authorization"].removeprefix("Basic ")) == b"netpet:geheim"


@pytest.mark.parametrize("make", [BearerFile, lambda file: BasicPassword("netpet", file)])
async def test_a_secret_that_changes_is_used_at_once_and_worth_another_try(tmp_path, make):
    file = secret(tmp_path)
    credentials = make(WatchedFile(file, "x"))
    before = await credentials.headers()
    assert not await credentials.refused(before)

    file.write_text("another one")

    assert await credentials.refused(before)
    assert await credentials.headers() != before


async def test_while_a_secret_is_being_replaced_the_former_one_holds(tmp_path):
    file = secret(tmp_path)
    credentials = BearerFile(WatchedFile(file, "x"))
    before = await credentials.headers()
    file.unlink()

    assert await credentials.headers() == before


@pytest.mark.parametrize("text", ["", " \n", "two\nlines"])
def test_a_file_without_a_line_of_text_is_no_secret(tmp_path, text):
    with pytest.raises(DeliveryError, match=r"destination\.auth\.token"):
        WatchedFile(secret(tmp_path, text), "destination.auth.token").line()


def test_a_file_that_is_not_there_or_binary_is_named_by_its_setting(tmp_path):
    with pytest.raises(DeliveryError, match=r"destination\.auth\.token"):
        WatchedFile(tmp_path / "none", "destination.auth.token").read()
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(DeliveryError, match="no line of text"):
        WatchedFile(tmp_path / "binary", "x").line()


def test_a_file_that_may_not_be_read_leaves_the_former_content(tmp_path):
    folder = tmp_path / "secret"
    folder.mkdir()
    with pytest.raises(DeliveryError):
        WatchedFile(folder, "x").read()


# tokens


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


class Source:
    """Gives tokens one after the other, or fails; counts how often it is asked."""

    def __init__(self, lifetime=300.0):
        self.lifetime = lifetime
        self.asked = 0
        self.failing = False

    async def token(self):
        self.asked += 1
        await asyncio.sleep(0)
        if self.failing:
            raise DeliveryError(Answer(401, rule="no access token"))
        return AccessToken(f"t{self.asked}", self.lifetime)


async def test_however_many_wait_for_a_token_it_is_got_once():
    source = Source()
    cache = TokenCache(source.token, Clock())

    found = await asyncio.gather(*(cache.headers() for _ in range(50)))

    assert source.asked == 1
    assert {one["Authorization"] for one in found} == {"Bearer t1"}


@pytest.mark.parametrize(("lifetime", "after"), [(300, 270), (3600, 3240), (40, 20), (2, 1)])
async def test_a_token_is_renewed_before_it_ends(lifetime, after):
    clock, source = Clock(), Source(lifetime)
    cache = TokenCache(source.token, clock)
    await cache.headers()

    clock.now += after - 0.1
    await cache.headers()
    assert source.asked == 1

    clock.now += 0.2
    await cache.headers()
    assert source.asked == 2


async def test_a_refused_token_is_replaced_once_for_all_who_had_it():
    clock, source = Clock(), Source()
    cache = TokenCache(source.token, clock)
    old = await cache.headers()
    clock.now += 60

    assert all([await cache.refused(old) for _ in range(20)])
    assert await cache.headers() == {"Authorization": "Bearer t2"}
    assert await cache.refused(old)
    assert source.asked == 2


async def test_a_token_that_is_refused_as_soon_as_it_is_got_is_not_asked_for_again_and_again():
    """The server takes no token of ours: another one would not be taken either."""
    source = Source()
    cache = TokenCache(source.token, Clock())

    for _ in range(20):
        assert not await cache.refused(await cache.headers())

    assert source.asked == 1


async def test_a_token_endpoint_that_fails_is_asked_less_and_less():
    clock, source = Clock(), Source()
    source.failing = True
    cache = TokenCache(source.token, clock)
    for _ in range(600):
        with pytest.raises(DeliveryError):
            await cache.headers()
        clock.now += 1

    assert source.asked <= 11
    source.failing = False
    clock.now += 300
    assert await cache.headers() == {"Authorization": f"Bearer t{source.asked}"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"access_token": 5}',
        b'{"access_token": "a b"}',
        b'{"access_token": "a", "token_type": "mac"}',
        b'{"access_token": "\xc3\xa4"}',
        b'{"access_token": "a\\nb"}',
    ],
)
def test_an_answer_without_a_bearer_token_is_none(body):
    with pytest.raises(DeliveryError, match="none here"):
        access_token(body, "none here")


@given(st.one_of(st.none(), st.text(), st.floats(), st.integers(), st.booleans(), st.lists(st.integers())))
def test_a_lifetime_is_always_one_that_can_be_waited_for(value):
    token = access_token(json.dumps({"access_token": "a", "expires_in": value}).encode(), "x")

    assert 0 < token.lifetime <= 86_400


# the command


def command(code, patience=10.0):
    return TokenCommand([sys.executable, "-c", code], "destination.auth.command", patience)


@pytest.mark.parametrize(
    ("code", "token"),
    [
        ("print('abc')", AccessToken("abc", 300)),
        ('print(\'{"access_token": "abc", "expires_in": "60"}\')', AccessToken("abc", 60)),
    ],
)
async def test_a_command_prints_the_token_or_json_with_it(code, token):
    assert await command(code).token() == token


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("print('a b')", "printed no token"),
        ("pass", "printed no token"),
        ("print('{}')", "printed no token"),
        ("raise SystemExit(1)", "it failed"),
    ],
)
async def test_a_command_that_prints_none_is_named_by_its_setting(code, rule):
    with pytest.raises(DeliveryError, match=rf"destination\.auth\.command: .*{rule}"):
        await command(code).token()


async def test_a_command_that_is_not_there_is_named():
    with pytest.raises(DeliveryError, match="cannot be started"):
        await TokenCommand(["/does/not/exist"], "destination.auth.command").token()


async def test_a_command_that_hangs_is_ended():
    with pytest.raises(DeliveryError, match="too long"):
        await command("import time; time.sleep(60)", 0.2).token()
