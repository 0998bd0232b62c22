"""A token opens what its scopes say, if one of the site's issuers signed it for us; nothing in it leads us anywhere."""

import json
import time
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from web_fakes import parts, serving

from adapter.outcome import AdapterError
from adapter.web.bearer import BearerTokens, Issuer, TokenError
from adapter.web.issuer_keys import FetchedKeys, FileKeys, KeysUnavailableError, key_set
from adapter.web.scopes import allow, rights

ISS, AUD = "https://id.hospital.example", "https://netpet.hospital.example/fhir"
RSA = rsa.generate_private_key(65537, 2048)
P256, P384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
KEYS = {"RS256": RSA, "RS384": RSA, "ES256": P256, "ES384": P384}


def jwk(name, key, **more):
    algorithm = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    return json.loads(algorithm.to_jwk(key.public_key())) | {"kid": name} | more


SET = {"keys": [jwk("rsa", RSA), jwk("p256", P256), jwk("p384", P384), jwk("enc", RSA, use="enc")]}
KIDS = {"RS256": "rsa", "RS384": "rsa", "ES256": "p256", "ES384": "p384"}


def claims(**more):
    now = datetime.now(UTC)
    named = {"iss": ISS, "aud": AUD, "client_id": "mirth", "scope": "system/Observation.rs", "sub": "x"}
    found = named | {"exp": now + timedelta(minutes=5), "iat": now} | more
    return {name: value for name, value in found.items() if value is not None}


def token(algorithm="RS384", key=None, headers=None, **more):
    headers = {"kid": KIDS.get(algorithm, "rsa")} | (headers or {})
    headers = {name: value for name, value in headers.items() if value is not None}
    return jwt.encode(claims(**more), key or KEYS[algorithm], algorithm, headers)


@pytest.fixture
def tokens(tmp_path):
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps(SET))
    return BearerTokens([Issuer("idp", ISS, AUD, FileKeys(file))])


@pytest.mark.parametrize("algorithm", KEYS)
async def test_a_token_that_the_issuer_signed_names_its_client(tokens, algorithm):
    bearer = await tokens.read(token(algorithm))

    assert bearer.client == "idp:mirth"
    assert bearer.rights == {("Observation", "r"), ("Observation", "s")}


STRANGER = rsa.generate_private_key(65537, 2048)
SMALL = rsa.generate_private_key(65537, 1024)
PUBLIC_PEM = b"-----BEGIN PUBLIC KEY-----"
REFUSED = {
    "none": lambda: jwt.encode(claims(), None, "none", {"kid": "rsa"}),
    "HS256 by a word": lambda: jwt.encode(claims(), "a-secret-that-is-long-enough-for-it", "HS256", {"kid": "rsa"}),
    "HS256 by the public key": lambda: jwt.encode(claims(), jwk("rsa", RSA)["n"], "HS256", {"kid": "rsa"}),
    "PS384": lambda: token("PS384", RSA),
    "RS512": lambda: token("RS512", RSA),
    "another's key": lambda: token(key=STRANGER),
    "another's key, its jwk in the header": lambda: token(key=STRANGER, headers={"jwk": jwk("rsa", STRANGER)}),
    "another's key, its jku in the header": lambda: token(key=STRANGER, headers={"jku": "http://127.0.0.1:1/x"}),
    "another's key, its x5u in the header": lambda: token(key=STRANGER, headers={"x5u": "http://127.0.0.1:1/x"}),
    "a key for encryption": lambda: token(headers={"kid": "enc"}),
    "a key of another kind": lambda: token("ES256", headers={"kid": "rsa"}),
    "a key of another curve": lambda: token("ES256", headers={"kid": "p384"}),
    "no kid": lambda: token(headers={"kid": None}),
    "an unknown kid": lambda: token(headers={"kid": "../rsa"}),
    "something critical": lambda: token(headers={"crit": ["b64"], "b64": True}),
    "expired": lambda: token(exp=datetime.now(UTC) - timedelta(minutes=2)),
    "no exp": lambda: token(exp=None),
    "not yet": lambda: token(nbf=datetime.now(UTC) + timedelta(minutes=2)),
    "issued tomorrow": lambda: token(iat=datetime.now(UTC) + timedelta(days=1)),
    "another issuer": lambda: token(iss="https://elsewhere.example"),
    "no issuer": lambda: token(iss=None),
    "another audience": lambda: token(aud="https://elsewhere.example"),
    "no audience": lambda: token(aud=None),
    "no client": lambda: token(client_id=None, sub=None),
    "cut": lambda: token()[:-5],
    "two parts alone": lambda: "ey.ey",
    "too long": lambda: token(x="y" * 9000),
    "changed": lambda: ".".join(
        [token().split(".")[0], token(scope="system/*.*").split(".")[1], token().split(".")[2]]
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_token_that_proves_nothing_is_refused_and_its_words_stay_out_of_the_rule(tokens, name):
    presented = REFUSED[name]()
    with pytest.raises(TokenError) as refused:
        await tokens.read(presented)

    assert not set(presented.split(".")) & set(str(refused.value).split())


async def test_clocks_may_differ_by_the_leeway(tokens):
    now = datetime.now(UTC)

    assert await tokens.read(token(exp=now - timedelta(seconds=30)))
    assert await tokens.read(token(nbf=now + timedelta(seconds=30)))


async def test_a_key_that_is_too_short_verifies_nothing(tmp_path):
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [jwk("rsa", SMALL), {"kty": "oct", "kid": "oct", "k": "eA"}]}))

    assert await FileKeys(file).key("rsa", "RS256") is None
    assert await FileKeys(file).key("oct", "RS256") is None


async def test_a_file_of_keys_is_read_again_and_a_faulty_one_leaves_the_former(tmp_path):
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps(SET))
    keys = FileKeys(file)
    file.write_text(json.dumps({"keys": [jwk("new", RSA)]}))
    new = await keys.key("new", "RS256"), await keys.key("rsa", "RS256")
    file.write_text("[")

    assert new[0] is not None
    assert new[1] is None
    assert await keys.key("new", "RS256") is not None


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"keys":7}', b'{"keys":["x"]}'])
def test_what_is_no_set_of_keys_is_refused(text, tmp_path):
    file = tmp_path / "jwks.json"
    file.write_bytes(text)
    with pytest.raises(KeysUnavailableError):
        key_set(text)
    with pytest.raises(KeysUnavailableError):
        FileKeys(file)


class Endpoint:
    """Gives a set of keys, and counts how often it was asked."""

    def __init__(self, keys=SET):
        self.keys = keys
        self.asked = 0
        self.down = False

    async def __call__(self):
        self.asked += 1
        if self.down:
            raise AdapterError("down")
        return json.dumps(self.keys).encode()


async def test_keys_are_fetched_once_and_for_a_new_name_at_most_once_a_minute():
    now, endpoint = [0.0], Endpoint()
    keys = FetchedKeys(endpoint, lambda: now[0])
    for name in ("rsa", "rsa", "unknown", "unknown-too"):
        await keys.key(name, "RS256")
    before = endpoint.asked
    endpoint.keys = {"keys": [jwk("new", RSA)]}
    now[0] = 61.0

    assert before == 1
    assert await keys.key("new", "RS256") is not None
    assert endpoint.asked == 2


async def test_while_the_issuer_is_silent_fetched_keys_stay_in_use():
    now, endpoint = [0.0], Endpoint()
    keys = FetchedKeys(endpoint, lambda: now[0])
    await keys.key("rsa", "RS256")
    endpoint.down = True
    now[0] = 7200.0

    assert await keys.key("rsa", "RS256") is not None


async def test_without_any_keys_nothing_is_known_of_a_token():
    endpoint = Endpoint()
    endpoint.down = True
    keys = FetchedKeys(endpoint)
    for _ in range(3):
        with pytest.raises(KeysUnavailableError):
            await keys.key("rsa", "RS256")

    assert endpoint.asked == 1


@pytest.mark.parametrize(
    ("scopes", "type_", "letter", "allowed"),
    [
        ("system/DiagnosticReport.c", "DiagnosticReport", "c", True),
        ("system/DiagnosticReport.cu", "DiagnosticReport", "u", True),
        ("system/DiagnosticReport.write", "DiagnosticReport", "c", True),
        ("system/*.cruds", "DiagnosticReport", "c", True),
        ("system/*.*", "Observation", "s", True),
        ("system/DiagnosticReport.rs", "DiagnosticReport", "c", False),
        ("system/Observation.c", "DiagnosticReport", "c", False),
        ("patient/DiagnosticReport.c", "DiagnosticReport", "c", False),
        ("system/DiagnosticReport.c?category=RAD", "DiagnosticReport", "c", False),
        ("system/DiagnosticReport.uc", "DiagnosticReport", "c", False),
        ("system/DiagnosticReport.", "DiagnosticReport", "c", False),
        ("", "DiagnosticReport", "c", False),
    ],
)
def test_a_scope_gives_what_it_says_and_no_more(scopes, type_, letter, allowed):
    assert allow(rights(scopes.split()), type_, letter) is allowed


@pytest.mark.parametrize(
    ("path", "scope", "status"),
    [
        ("/fhir/Observation", "system/Observation.s", 200),
        ("/fhir/Observation", "system/Observation.r", 403),
        ("/fhir/Observation/x", "system/Observation.r", 404),
        ("/fhir/Observation/x", "system/Device.r", 403),
        ("/fhir/metadata", "", 200),
        ("/metrics", "system/*.cruds", 403),
        ("/mappings", "system/*.cruds", 403),
        ("/livez", "", 200),
    ],
)
async def test_a_token_reads_what_its_scopes_say_and_nothing_beside_fhir(tokens, path, scope, status):
    async with serving(web=parts(tokens=tokens)) as client:
        answer = await client.get(path, headers={"Authorization": f"Bearer {token(scope=scope)}"})

    assert answer.status == status


@pytest.mark.parametrize("presented", [None, "Bearer abcdefghijklmnopqrst", f"Bearer {token(key=STRANGER)}"])
async def test_where_tokens_are_taken_nobody_comes_in_without_one(tokens, presented):
    headers = {"Authorization": presented} if presented else {}
    async with serving(web=parts(tokens=tokens)) as client:
        answer = await client.get("/fhir/Observation", headers=headers)

    assert answer.status == 401
    assert (presented or "Bearer eyJ").split()[1] not in answer.body.decode()


async def test_while_the_issuers_keys_cannot_be_had_the_client_is_to_come_again():
    endpoint = Endpoint()
    endpoint.down = True
    unknown = BearerTokens([Issuer("idp", ISS, AUD, FetchedKeys(endpoint, time.monotonic))])
    async with serving(web=parts(tokens=unknown)) as client:
        answer = await client.get("/fhir/Observation", headers={"Authorization": f"Bearer {token()}"})

    assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
