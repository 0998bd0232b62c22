"""What a FHIR server holds, in memory: versions, searches by identifier, conditions, transactions that roll back."""

import copy
import json
from base64 import b64decode
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import parse_qsl

KEPT_BY_ORACLE = ("resourceType", "id", "meta", "identifier", "status", "code", "subject", "valueCodeableConcept")
NOTHING_ELSE = frozenset({"identifier", "target", "_count", "_id"})


class RefusedError(Exception):
    """The server says no: a status and an issue code."""

    def __init__(self, status, code="processing"):
        super().__init__(status)
        self.status = status
        self.code = code


@dataclass
class Written:
    """What became of one write."""

    status: int
    type: str
    id: str
    version: str
    resource: dict = field(repr=False)

    @property
    def location(self):
        return f"{self.type}/{self.id}/_history/{self.version}"

    @property
    def etag(self):
        return f'W/"{self.version}"'


class FakeFhirStore:
    """``client_ids``: a PUT may create; ``drops``: fields that are not known are passed over in silence."""

    def __init__(self, *, client_ids=True, drops=False, conditions=True):
        self.client_ids = client_ids
        self.drops = drops
        self.conditions = conditions
        self.held = {}
        self._ids = count(100)
        self._clock = count(1)

    # reading

    def read(self, type_, id_):
        try:
            return self.held[type_, id_]
        except KeyError:
            raise RefusedError(404, "not-found") from None

    def search(self, type_, query):
        if not set(query) <= NOTHING_ELSE:
            raise RefusedError(400, "not-supported")
        return [one for (kind, _), one in self.held.items() if kind == type_ and fits(one, query)]

    # writing

    def create(self, type_, resource, condition=None):
        if condition and self.conditions:
            found = self.search(type_, dict(parse_qsl(condition)))
            if len(found) > 1:
                raise RefusedError(412, "multiple-matches")
            if found:
                return self._told(200, found[0])
        return self._store(201, type_, str(next(self._ids)), resource, 1)

    def update(self, type_, id_, resource, match=None):
        before = self.held.get((type_, id_))
        if resource.get("id") != id_:
            raise RefusedError(400, "invalid")
        if before is None and not (self.client_ids and not id_.isdigit()):
            raise RefusedError(404, "not-found")
        if match is not None and (before is None or match != f'W/"{before["meta"]["versionId"]}"'):
            raise RefusedError(412, "conflict")
        version = int(before["meta"]["versionId"]) + 1 if before else 1
        return self._store(200 if before else 201, type_, id_, resource, version)

    def update_found(self, type_, condition, resource):
        if not self.conditions:
            raise RefusedError(400, "not-supported")
        found = self.search(type_, dict(parse_qsl(condition)))
        if len(found) > 1:
            raise RefusedError(412, "multiple-matches")
        if found:
            return self.update(type_, found[0]["id"], resource | {"id": found[0]["id"]})
        return self.create(type_, resource)

    def patch(self, type_, id_, operations):
        patched = copy.deepcopy(self.read(type_, id_))
        for operation in operations:
            _apply(patched, operation)
        return self._store(200, type_, id_, patched, int(patched["meta"]["versionId"]) + 1)

    def _store(self, status, type_, id_, resource, version):
        if resource.get("resourceType") != type_:
            raise RefusedError(400, "invalid")
        kept = {key: value for key, value in resource.items() if not self.drops or key in KEPT_BY_ORACLE}
        second = next(self._clock)
        meta = kept.get("meta", {}) | {
            "versionId": str(version),
            "lastUpdated": f"2026-11-22T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.000Z",
        }
        self.held[type_, id_] = kept | {"id": id_, "meta": meta}
        return self._told(status, self.held[type_, id_])

    @staticmethod
    def _told(status, resource):
        return Written(status, resource["resourceType"], resource["id"], resource["meta"]["versionId"], resource)

    # Bundles

    def transaction(self, entries):
        before, clock = dict(self.held), self._clock
        try:
            return self._run(entries)
        except RefusedError:
            self.held, self._clock = before, clock
            raise

    def batch(self, entries):
        answers = []
        for entry in entries:
            try:
                answers.append(self._one(entry, {}))
            except RefusedError as refusal:
                answers.append(refusal)
        return answers

    def _run(self, entries):
        """First every address is settled, then every reference is put in its place."""
        addresses, planned = {}, []
        for entry in entries:
            address = self._address(entry)
            planned.append(address)
            if address and "fullUrl" in entry:
                addresses[entry["fullUrl"]] = address
        return [self._one(entry, addresses, address) for entry, address in zip(entries, planned, strict=True)]

    def _address(self, entry):
        request = entry["request"]
        type_, _, condition = request["url"].partition("?")
        condition = condition or request.get("ifNoneExist", "")
        if request["method"] == "PATCH" or "/" in type_:
            return type_
        found = self.search(type_, dict(parse_qsl(condition))) if condition and self.conditions else []
        if len(found) > 1:
            raise RefusedError(412, "multiple-matches")
        return f"{type_}/{found[0]['id']}" if found else f"{type_}/{next(self._ids)}"

    def _one(self, entry, addresses, address=None):
        request = entry["request"]
        resource = _readdressed(entry["resource"], addresses)
        type_, _, condition = request["url"].partition("?")
        if request["method"] == "PATCH":
            return self.patch(*type_.split("/"), json.loads(b64decode(resource["data"])))
        if "/" in type_:
            return self.update(*type_.split("/"), resource, request.get("ifMatch"))
        if address is None:
            if condition:
                return self.update_found(type_, condition, resource)
            return self.create(type_, resource, request.get("ifNoneExist"))
        id_ = address.split("/")[1]
        if (type_, id_) in self.held and request["method"] == "POST":
            return self._told(200, self.held[type_, id_])
        before = self.held.get((type_, id_))
        version = int(before["meta"]["versionId"]) + 1 if before else 1
        return self._store(200 if before else 201, type_, id_, resource | {"id": id_}, version)

    # what the tests look at

    def of_type(self, type_):
        return [one for (kind, _), one in self.held.items() if kind == type_]

    def standing(self, code="netpet-score"):
        """The Observations of this code that nobody withdrew."""
        found = [one for one in self.of_type("Observation") if one["status"] != "entered-in-error"]
        return [one for one in found if one["code"]["coding"][0]["code"] == code]


def fits(resource, query):
    """Does a resource fit a search?"""
    if "_id" in query and resource["id"] not in query["_id"].split(","):
        return False
    if "identifier" in query:
        wanted = {tuple(one.split("|", 1)) for one in query["identifier"].split(",")}
        if not wanted & {(one.get("system", ""), one.get("value")) for one in resource.get("identifier", ())}:
            return False
    if "target" in query:
        return any(one.get("reference", "").endswith(query["target"]) for one in resource.get("target", ()))
    return True


def _readdressed(value, addresses):
    if isinstance(value, dict):
        found = {key: _readdressed(item, addresses) for key, item in value.items()}
        if found.get("reference") in addresses:
            found["reference"] = addresses[found["reference"]]
        return found
    return [_readdressed(item, addresses) for item in value] if isinstance(value, list) else value


def _apply(resource, operation):
    *steps, last = operation["path"].strip("/").split("/")
    place = resource
    for step in steps:
        place = place[step]
    if operation["op"] == "test":
        if place.get(last) != operation["value"]:
            raise RefusedError(422, "processing")
    elif last == "-":
        place.append(operation["value"])
    else:
        place[last] = operation["value"]
