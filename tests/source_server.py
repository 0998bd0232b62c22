"""A FHIR server on a real socket that reports come from: searches by time, pages, references, a subscription."""

import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from aiohttp import web

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class SourceServerUnderTest:
    """Holds resources by name; ``log`` is what was asked of it, ``failing`` the statuses of the next answers."""

    def __init__(self):
        self.base = ""
        self.held = {}
        self.log = []
        self.failing = []
        self.includes = True
        self.sorts = True
        self.next_base = None
        self.events = None
        self.now = NOON

    def put(self, resource, minutes=0, version="1"):
        """Hold a resource, changed some minutes after noon."""
        changed = (NOON + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")
        meta = {"versionId": version, "lastUpdated": changed}
        self.held[f"{resource['resourceType']}/{resource['id']}"] = resource | {"meta": meta}

    async def handle(self, request):
        path = request.path.removeprefix("/fhir").strip("/")
        self.log.append((request.method, path + (f"?{request.query_string}" if request.query_string else "")))
        if self.failing:
            return self._answer({"resourceType": "OperationOutcome", "issue": []}, self.failing.pop(0))
        if request.method == "PUT":
            self.held[path] = await request.json()
            return self._answer(self.held[path])
        if path == "metadata":
            return self._answer({"resourceType": "CapabilityStatement"})
        if path == "DiagnosticReport" or "page" in request.query:
            return self._answer(self._page(request.query))
        if path.endswith("$events"):
            return self._answer(self.events or {}, 200 if self.events else 404)
        resource = self.held.get(path.partition("/_history")[0])
        return self._answer(resource or {"resourceType": "OperationOutcome", "issue": []}, 200 if resource else 404)

    def _page(self, query):
        since = query.get("_lastUpdated", query.get("since", "")).removeprefix("ge")
        count, start = int(query["_count"]), int(query.get("page", "0"))
        found = [one for name, one in self.held.items() if name.startswith("DiagnosticReport/")]
        found = [one for one in found if one["meta"]["lastUpdated"] >= since]
        found.sort(key=lambda one: one["meta"]["lastUpdated"], reverse=not self.sorts)
        entries = [self._entry(one, "match") for one in found[start : start + count]]
        if self.includes:
            others = [one for name, one in self.held.items() if name.split("/")[0] in ("Observation", "Patient")]
            entries += [self._entry(one, "include") for one in others]
        bundle = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
        if start + count < len(found):
            url = f"{self.next_base or self.base}?page={start + count}&since={since}&_count={count}"
            bundle["link"] = [{"relation": "next", "url": url}]
        return bundle

    def _entry(self, resource, mode):
        url = f"{self.base}/{resource['resourceType']}/{resource['id']}"
        return {"fullUrl": url, "resource": resource, "search": {"mode": mode}}

    def _answer(self, resource, status=200):
        headers = {"Date": self.now.strftime("%a, %d %b %Y %H:%M:%S GMT")}
        body = json.dumps(resource)
        return web.Response(status=status, text=body, content_type="application/fhir+json", headers=headers)


@asynccontextmanager
async def serving_reports():
    """A running server; its base address is ``base``."""
    server = SourceServerUnderTest()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.base = f"http://127.0.0.1:{runner.addresses[0][1]}/fhir"
    try:
        yield server
    finally:
        await runner.cleanup()
