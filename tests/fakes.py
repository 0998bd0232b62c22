"""A FHIR server on a real socket: four kinds of it, and every fault that a server or what stands before it may have."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qsl

import jwt
from aiohttp import web
from fake_fhir_store import FakeFhirStore, RefusedError

from adapter.fhir.json_text import canonical_json, from_json, to_json

ANSWERED = ("409", "412", "429", "500", "503", "html", "401")
"""Faults that are an answer."""
BROKEN = ("slow", "reset")
"""Faults that are none."""
APPLIED = ("duplicate", "ignored", "batch")
"""Faults of how a write is applied."""
FAULTS = ANSWERED + BROKEN + APPLIED

_KINDS = {
    "hapi": {},
    "medplum": {"most_conditional": 8, "client_ids": False},
    "epic": {"transactions": False, "patches": False, "conditions": False, "client_ids": False, "etags": False},
    "oracle": {"transactions": False, "conditions": False, "client_ids": False, "drops": True},
}


@dataclass
class Fault:
    """What befalls the next write; ``after`` the server applied it, or before."""

    kind: str
    after: bool = False


@dataclass
class TokenServer:
    """Gives tokens for assertions that are signed by a registered key and fresh by the server's clock."""

    ahead: timedelta = timedelta(0)
    lifetime: int = 300
    keys: list = field(default_factory=list)
    requests: int = 0
    good: set = field(default_factory=set)
    seen: set = field(default_factory=set)
    errors: list = field(default_factory=list)

    def now(self):
        return datetime.now(UTC) + self.ahead

    def answer(self, form, endpoint):
        self.requests += 1
        try:
            self._check(form["client_assertion"], endpoint)
        except (jwt.PyJWTError, KeyError, AssertionError) as error:
            self.errors.append(repr(error))
            return 400, {"error": "invalid_client"}
        token = f"token-{self.requests}"
        self.good.add(token)
        return 200, {"access_token": token, "token_type": "bearer", "expires_in": self.lifetime}

    def _check(self, assertion, endpoint):
        kid = jwt.get_unverified_header(assertion)["kid"]
        key = next(one for one in [*self.keys, {}] if one.get("kid", kid) == kid)
        assert key, "unknown key"
        unchecked = {"verify_exp": False, "verify_iat": False}
        claims = jwt.decode(assertion, jwt.PyJWK(key).key, ["RS384", "ES384"], audience=endpoint, options=unchecked)
        now = self.now().timestamp()
        assert claims["iat"] <= now + 10, "issued in the future"
        assert now < claims["exp"] <= now + 300, "expired, or too long"
        assert claims["jti"] not in self.seen, "used before"
        assert claims["iss"] == claims["sub"] == "netpet"
        self.seen.add(claims["jti"])


class FakeFhirServer:
    """One server: ``kind`` is hapi, medplum, epic or oracle; ``faults`` befall the next writes, one each."""

    def __init__(self, kind="hapi", *, tokens=None):
        rules = {"most_conditional": None, "transactions": True, "patches": True, "etags": True} | _KINDS[kind]
        self.transactions, self.patches = rules["transactions"], rules["patches"]
        self.most_conditional, self.etags = rules["most_conditional"], rules["etags"]
        options = {key: rules[key] for key in ("client_ids", "conditions", "drops") if key in rules}
        self.store = FakeFhirStore(**options)
        self.tokens = tokens
        self.faults = []
        self.log = []
        self.down = False
        self.base = ""
        self.released = asyncio.Event()

    def writes(self):
        return [entry for entry in self.log if entry[0] != "GET" and not entry[1].endswith("_search")]

    async def handle(self, request):
        body = await request.read()
        path = request.path.removeprefix("/fhir").strip("/")
        if path == "token":
            return self._dated(*self.tokens.answer(dict(parse_qsl(body.decode())), f"{self.base}/token"))
        if path == ".well-known/smart-configuration":
            return self._dated(200, {"token_endpoint": f"{self.base}/token"})
        self.log.append((request.method, path, body, dict(request.headers)))
        if self.down:
            return _page(503)
        if self.tokens and not self._is_known(request):
            return self._outcome(401, "login")
        return await self._faulty(request, path, body)

    def _is_known(self, request):
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return scheme == "Bearer" and token in self.tokens.good

    async def _faulty(self, request, path, body):
        is_write = request.method != "GET" and not path.endswith("_search")
        fault = self.faults.pop(0) if is_write and self.faults else None
        if fault is None:
            return self._answer(request, path, body, None)
        if fault.kind in APPLIED:
            answer = self._answer(request, path, body, fault.kind)
            return await self._broken(request, "reset") if fault.after else answer
        if fault.after:
            self._answer(request, path, body, None)
        return await self._broken(request, fault.kind)

    async def _broken(self, request, kind):
        if kind == "slow":
            await self.released.wait()
            return _page(504)
        if kind == "reset":
            request.transport.abort()
            return _page(500)
        if kind == "html":
            return web.Response(text="<html><body>Welcome, DOE^JANE</body></html>", content_type="text/html")
        if kind == "401" and self.tokens:
            self.tokens.good.clear()
        answer = self._outcome(int(kind), {"409": "conflict", "412": "conflict", "401": "login"}.get(kind, "transient"))
        if kind == "429":
            answer.headers["Retry-After"] = "0"
        return answer

    def _answer(self, request, path, body, fault):
        try:
            return self._route(request, path, body, fault)
        except RefusedError as refusal:
            return self._outcome(refusal.status, refusal.code)

    def _route(self, request, path, body, fault):
        type_, _, id_ = path.partition("/")
        if request.method == "GET":
            return self._read(type_, id_, request)
        if not path:
            return self._bundle(from_json(body), fault)
        if id_ == "_search":
            return self._found(type_, dict(parse_qsl(body.decode())))
        if request.method == "PATCH":
            return self._patched(type_, id_, body)
        return self._one(request, path, from_json(body), fault)

    def _read(self, type_, id_, request):
        if type_ == "metadata":
            return _json(200, self._capabilities())
        if id_:
            resource = self.store.read(type_, id_)
            return _json(200, resource, {"ETag": f'W/"{resource["meta"]["versionId"]}"'} if self.etags else {})
        return self._found(type_, dict(request.query))

    def _found(self, type_, query):
        entries = [{"resource": resource} for resource in self.store.search(type_, query)]
        return _json(200, {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries})

    def _patched(self, type_, id_, body):
        if not self.patches:
            raise RefusedError(405, "not-supported")
        return self._written(self.store.patch(type_, id_, json.loads(body)))

    def _one(self, request, path, resource, fault):
        type_, _, id_ = path.partition("/")
        before, self.store.drops = self.store.drops, self.store.drops or fault == "ignored"
        try:
            if request.method == "PUT":
                return self._written(self.store.update(type_, id_, resource, request.headers.get("If-Match")))
            written = self.store.create(type_, resource, request.headers.get("If-None-Exist"))
            if fault == "duplicate":
                self.store.create(type_, resource)
            return self._written(written)
        finally:
            self.store.drops = before

    def _bundle(self, bundle, fault):
        if not self.transactions:
            raise RefusedError(405, "not-supported")
        entries = bundle["entry"]
        conditional = any("?" in one["request"]["url"] or "ifNoneExist" in one["request"] for one in entries)
        if self.most_conditional and conditional and len(entries) > self.most_conditional:
            raise RefusedError(400, "too-costly")
        before, self.store.drops = self.store.drops, self.store.drops or fault == "ignored"
        answers = self.store.batch(entries) if fault == "batch" else self.store.transaction(entries)
        self.store.drops = before
        if fault == "duplicate":
            for entry, answer in zip(entries, answers, strict=True):
                if answer.status == 201 and "/" not in entry["request"]["url"].partition("?")[0]:
                    self.store.create(answer.type, answer.resource)
        kind = "batch-response" if fault == "batch" else "transaction-response"
        told = [{"response": _entry(answer)} for answer in answers]
        return _json(200, {"resourceType": "Bundle", "type": kind, "entry": told})

    def _written(self, written):
        headers = {"Location": f"{self.base}/{written.location}"} | ({"ETag": written.etag} if self.etags else {})
        return web.Response(status=written.status, headers=headers)

    @staticmethod
    def _outcome(status, code):
        issue = {"severity": "error", "code": code, "diagnostics": "DOE^JANE", "expression": ["Observation.value"]}
        return _json(status, {"resourceType": "OperationOutcome", "issue": [issue]})

    def _dated(self, status, value):
        return web.json_response(
            value, status=status, headers={"Date": format_datetime(self.tokens.now(), usegmt=True)}
        )

    def _capabilities(self):
        conditions = {"conditionalCreate": self.store.conditions, "conditionalUpdate": self.store.conditions}
        rest = {
            "mode": "server",
            "resource": [{"type": "Observation", "updateCreate": self.store.client_ids} | conditions],
            "interaction": [{"code": "transaction"}] if self.transactions else [],
        }
        return {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": [rest]}


def _entry(answer):
    if isinstance(answer, RefusedError):
        issue = {"severity": "error", "code": answer.code}
        outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
        return {"status": f"{answer.status} no", "outcome": outcome}
    status = {200: "200 OK", 201: "201 Created"}[answer.status]
    return {"status": status, "location": answer.location, "etag": answer.etag}


def _json(status, value, headers=None):
    body = to_json(value) if "resourceType" in value else canonical_json(value)
    return web.Response(status=status, body=body, content_type="application/fhir+json", headers=headers)


def _page(status):
    return web.Response(status=status, text="<html>Service Unavailable</html>", content_type="text/html")


@asynccontextmanager
async def serving(kind="hapi", *, tokens=None):
    """A running server; its base address is ``base``."""
    server = FakeFhirServer(kind, tokens=tokens)
    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    server.base = f"http://127.0.0.1:{port}/fhir"
    try:
        yield server
    finally:
        server.released.set()
        await runner.cleanup()
