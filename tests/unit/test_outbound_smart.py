"""SMART Backend Services against a token server that looks at everything: keys, clocks, repeated assertions."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from client_keys import key_file, pem
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from fakes import TokenServer, serving
from fhir_deliveries import KNOWS_ALL, FakeLedger, deliver, deliver_until_done, delivering, published
from raw_http import http, raw_server

from adapter.delivery import DeliveryError
from adapter.outbound.auth.signing_keys import SigningKeys, jwks, signing_key
from adapter.outbound.auth.smart_backend import SmartBackend, SmartClient
from adapter.outbound.auth.token_cache import TokenCache
from adapter.outbound.client_tls import ClientTls, ClientTlsFiles
from adapter.outbound.exchange import Exchange, ExchangeLimits

KEYS = "destination.auth.keys"
OTHER_ID = "7f1c4d3e-0b0f-5c8e-9f55-2f6a0a6f7a12"


def public(*files):
    return jwks([SigningKeys(files, KEYS)])["keys"]


class Clock:
    """The machine's clock, and what it is ahead of the true time."""

    def __init__(self, ahead=timedelta(0)):
        self.ahead = ahead

    def __call__(self):
        return datetime.now(UTC) + self.ahead


class Site:
    """Our side: the key files, the clock, the cache of tokens."""

    def __init__(self, server, *files, clock=None, token_url=None, monotonic=None):
        self.exchange = Exchange(ExchangeLimits(timeout=2), ClientTls(ClientTlsFiles()))
        client = SmartClient("netpet", "system/*.cruds", server.base, token_url)
        self.backend = SmartBackend(client, SigningKeys(files, KEYS), self.exchange, clock or Clock())
        self.cache = TokenCache(self.backend.token, *([monotonic] if monotonic else []))

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.exchange.close()


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)])
async def test_a_score_gets_there_with_a_token_for_a_signed_assertion(tmp_path, key):
    file = key_file(tmp_path, key=key)
    async with serving(tokens=TokenServer(keys=public(file))) as server, Site(server, file) as site:
        async with delivering(server, authorizer=site.cache, **KNOWS_ALL) as destination:
            await deliver(destination, published())

        assert len(server.store.standing()) == 1
        assert server.tokens.requests == 1


async def test_every_attempt_has_an_assertion_of_its_own(tmp_path):
    file = key_file(tmp_path)
    async with serving(tokens=TokenServer(keys=public(file))) as server, Site(server, file) as site:
        for _ in range(3):
            await site.backend.token()

        assert len(server.tokens.seen) == 3


@pytest.mark.parametrize("minutes", [-3, 3])
@pytest.mark.parametrize("named", [False, True], ids=["discovered", "named"])
async def test_a_clock_three_minutes_off_costs_no_score_and_one_more_request_at_most(tmp_path, minutes, named):
    file = key_file(tmp_path)
    tokens = TokenServer(keys=public(file), ahead=timedelta(minutes=minutes))
    async with serving(tokens=tokens) as server:
        token_url = f"{server.base}/token" if named else None
        async with (
            Site(server, file, token_url=token_url) as site,
            delivering(server, authorizer=site.cache, **KNOWS_ALL) as destination,
        ):
            await deliver(destination, published())

        assert len(server.store.standing()) == 1
        assert server.tokens.requests <= 2


async def test_a_rotated_key_is_used_as_soon_as_its_file_changes(tmp_path):
    file = key_file(tmp_path)
    async with serving(tokens=TokenServer(keys=public(file))) as server, Site(server, file) as site:
        await site.backend.token()
        key_file(tmp_path)
        server.tokens.keys = public(file)

        await site.backend.token()

        assert server.tokens.requests == 2


async def test_while_keys_are_rotated_the_one_that_the_server_knows_is_found(tmp_path):
    new, old = key_file(tmp_path, "new.pem"), key_file(tmp_path, "old.pem")
    async with serving(tokens=TokenServer(keys=public(old))) as server, Site(server, new, old) as site:
        await site.backend.token()

        assert server.tokens.requests == 2


class Monotonic:
    now = 1000.0

    def __call__(self):
        return self.now


async def test_tokens_that_expire_in_the_middle_cost_no_score_and_one_request_each(tmp_path):
    file, monotonic = key_file(tmp_path), Monotonic()
    async with (
        serving(tokens=TokenServer(keys=public(file))) as server,
        Site(server, file, monotonic=monotonic) as site,
        delivering(server, "sequential", FakeLedger(), authorizer=site.cache, **KNOWS_ALL) as destination,
    ):
        for number in range(5):
            monotonic.now += 60
            server.tokens.good.clear()
            await deliver_until_done(destination, published(score_id=OTHER_ID[:-1] + str(number)))

        assert len(server.store.standing()) == 5
        assert server.tokens.requests == 5


async def test_a_server_that_knows_none_of_our_keys_is_not_stormed(tmp_path):
    file, monotonic = key_file(tmp_path), Monotonic()
    other = key_file(tmp_path, "other.pem")
    async with (
        serving(tokens=TokenServer(keys=public(other))) as server,
        Site(server, file, monotonic=monotonic) as site,
        delivering(server, authorizer=site.cache, **KNOWS_ALL) as destination,
    ):
        for _ in range(120):
            with pytest.raises(DeliveryError) as caught:
                await deliver(destination, published())
            assert not caught.value.permanent
            monotonic.now += 1

        assert server.tokens.requests <= 8


async def test_fifty_deliveries_at_once_share_one_token(tmp_path):
    file = key_file(tmp_path)
    async with (
        serving(tokens=TokenServer(keys=public(file))) as server,
        Site(server, file) as site,
        delivering(server, authorizer=site.cache, **KNOWS_ALL) as destination,
    ):
        scores = [published(score_id=f"7f1c4d3e-0b0f-5c8e-9f55-2f6a0a6f7a{number:02}") for number in range(50)]
        await asyncio.gather(*(deliver(destination, score) for score in scores))

        assert len(server.store.standing()) == 50
        assert len(server.store.of_type("Device")) == 1
        assert server.tokens.requests == 1


@pytest.mark.parametrize(
    ("configuration", "rule"),
    [
        (b'{"token_endpoint": "https://elsewhere.example/token"}', r"another host.*destination\.auth\.token_url"),
        (b'{"token_endpoint": "http://["}', "another host"),
        (b'{"token_endpoint": 5}', "names no token endpoint"),
        (b"<html>", "names no token endpoint"),
    ],
)
async def test_no_assertion_goes_to_an_address_that_nobody_configured(tmp_path, configuration, rule):
    async with raw_server(http(200, configuration)) as server, Site(server, key_file(tmp_path)) as site:
        with pytest.raises(DeliveryError, match=rule):
            await site.backend.token()

        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        (http(200, b"{}"), "without a bearer token"),
        (http(500, b"<html>"), "no access token: refused"),
        (http(400, b'{"error": "invalid_scope"}'), "no access token: invalid_scope"),
    ],
)
async def test_what_a_token_endpoint_refuses_is_told_without_its_words(tmp_path, answer, rule):
    file = key_file(tmp_path)
    async with raw_server(answer) as server, Site(server, file, token_url=f"{server.base}/token") as site:
        with pytest.raises(DeliveryError, match=rule):
            await site.backend.token()


@pytest.mark.parametrize(
    "text",
    [
        b"no key",
        pem(rsa.generate_private_key(65537, 1024)),
        pem(ec.generate_private_key(ec.SECP256R1())),
        pem(ed25519.Ed25519PrivateKey.generate()),
    ],
)
def test_a_key_that_the_specification_does_not_ask_of_every_server_is_refused(text):
    with pytest.raises(DeliveryError, match=r"destination\.auth\.keys"):
        signing_key(text, KEYS)


def test_the_published_keys_are_public_and_named_alike_everywhere(tmp_path):
    first, second = key_file(tmp_path, "a.pem"), key_file(tmp_path, "b.pem", rsa.generate_private_key(65537, 2048))
    keys = jwks([SigningKeys([first, second], KEYS)])["keys"]

    assert [key["alg"] for key in keys] == ["ES384", "RS384"]
    assert not any(set(key) & {"d", "p", "q"} for key in keys)
    assert keys == jwks([SigningKeys([first, second], KEYS)])["keys"]
    assert keys[0]["kid"] == SigningKeys([first], KEYS).current()[0].kid
