"""The embedded destination: the resources that the read endpoint serves, in their versions, found by their index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, or_, select, update

from adapter.fhir.bundle import digest, digest_of
from adapter.fhir.resource import Resource
from adapter.fhir.resource_filter import Page, ResourceFilter, Token
from adapter.publication import Claim
from adapter.store import patients
from adapter.store.codec import dump_again, load, milliseconds, moment, storable
from adapter.store.prepared import Prepared, among
from adapter.store.resource_index import CODE, FAR_FUTURE, FAR_PAST, IDENTIFIER, Index, index
from adapter.store.schema import resource, resource_history, resource_token

Row = dict[str, Any]

NOBODY = ""
"""The patient of a resource that is about no patient."""


@dataclass(frozen=True, slots=True)
class Served:
    """A resource that is about to be served: its owner, content and digest, made before any transaction begins."""

    type: str
    id: str
    patient: str
    content: Resource
    digest: str
    index: Index

    @classmethod
    def of(cls, given: Resource, patient: str, text: bytes | None = None) -> "Served":
        """Turn a resource of a patient into what is kept of it; ``text`` is its canonical JSON, where that is there."""
        content, owner = without_version(given), _owner(given, patient)
        same = text is not None and content.get("meta") == given.get("meta")
        seal = digest_of([text]) if text is not None and same else digest([content])
        return cls(given["resourceType"], given["id"], owner, content, seal, index(content))


def served(given: Sequence[Resource], patient: str, texts: Sequence[bytes] = ()) -> list[Served]:
    """Turn a publication's resources (and their canonical JSON) into what is kept of them, always in one order."""
    found = (Served.of(one, patient, text) for one, text in zip_longest(given, texts))
    return sorted(found, key=lambda one: (one.type, one.id))


def put_resources(
    connection: Connection, claim: Claim | None, patient: str, given: Sequence[Served], at: datetime
) -> None:
    """Serve a publication's resources from now on, all or none; one whose content is as before keeps its version."""
    if claim is not None:
        patients.require(connection, claim, patient)
    former = _former(connection, given)
    changed = [one for one in given if former.get((one.type, one.id), (0,))[1:] != (one.patient, one.digest)]
    rows = [_row(one, former.get((one.type, one.id), (0,))[0] + 1, milliseconds(at)) for one in changed]
    _INSERT.change_many(connection, [row for row in rows if row["version"] == 1])
    for row in rows:
        if row["version"] > 1:
            _replace(connection, row)
    _INSERT_TOKENS.change_many(connection, [token for one in changed for token in _tokens(one)])


def _former(connection: Connection, given: Sequence[Served]) -> dict[tuple[str, str], tuple[int, str, str]]:
    """Turn resources into version, patient and digest of those that are there."""
    names = {"types": sorted({one.type for one in given}), "ids": [one.id for one in given]}
    return {(type_, id_): (version, *rest) for type_, id_, version, *rest in _FORMER.rows(connection, names)}


def _owner(given: Resource, patient: str) -> str:
    """One Device stands behind the scores of all patients: it is about none of them."""
    return NOBODY if given["resourceType"] == "Device" else patient


_OLD = ("type", "id", "version", "updated", "body")
_NEW = ("version", "updated", "patient", "digest", "body", "status", "starts", "ends", "moment")
_THIS = (resource.c.type == bindparam("type")) & (resource.c.id == bindparam("id"))
_FORMER = Prepared(
    lambda dialect: select(*(resource.c[name] for name in ("type", "id", "version", "patient", "digest"))).where(
        among(resource.c.type, "types", dialect), among(resource.c.id, "ids", dialect)
    )
)
_INSERT = Prepared(lambda _: insert(resource), columns=("type", "id", *_NEW))
_KEEP_OLD = Prepared(
    lambda _: insert(resource_history).from_select(_OLD, select(*(resource.c[name] for name in _OLD)).where(_THIS))
)
_UPDATE = Prepared(
    lambda _: (
        update(resource)
        .where(_THIS)
        .values({name: bindparam(f"new_{name}", type_=resource.c[name].type) for name in _NEW})
    )
)
_FORGET_TOKENS = Prepared(
    lambda _: delete(resource_token).where(
        resource_token.c.type == bindparam("type"), resource_token.c.id == bindparam("id")
    )
)
_INSERT_TOKENS = Prepared(lambda _: insert(resource_token), columns=("type", "id", "name", "system", "value"))


def _row(one: Served, version: int, at: int) -> Row:
    found = one.index
    return {
        "type": one.type,
        "id": one.id,
        "version": version,
        "updated": at,
        "patient": one.patient,
        "digest": one.digest,
        "body": dump_again(_with_version(one.content, version, at)),
        "status": found.status,
        "starts": found.starts,
        "ends": found.ends,
        "moment": _moment(found, at),
    }


def _tokens(one: Served) -> list[Row]:
    this = {"type": one.type, "id": one.id}
    return [this | dict(zip(("name", "system", "value"), token, strict=True)) for token in sorted(one.index.tokens)]


def _replace(connection: Connection, row: Row) -> None:
    """Keep the version that stood, and put the new one in its place."""
    this = {"type": row["type"], "id": row["id"]}
    _KEEP_OLD.change(connection, this)
    _UPDATE.change(connection, this | {f"new_{name}": row[name] for name in _NEW})
    _FORGET_TOKENS.change(connection, this)


def without_version(given: Resource) -> Resource:
    """Take off what the server says of a resource: it is no part of the content."""
    meta = {name: value for name, value in given.get("meta", {}).items() if name not in ("versionId", "lastUpdated")}
    return {name: value for name, value in given.items() if name != "meta"} | ({"meta": meta} if meta else {})


def _with_version(content: Resource, version: int, at: int) -> Resource:
    updated = moment(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    meta = content.get("meta", {}) | {"versionId": str(version), "lastUpdated": updated}
    head = {"resourceType": content["resourceType"], "id": content["id"], "meta": meta}
    return head | {name: value for name, value in content.items() if name not in head}


def _moment(found: Index, at: int) -> int:
    """When what a resource says was so: what "newest first" goes by."""
    if found.ends is not None and found.ends < FAR_FUTURE:
        return found.ends
    return found.starts if found.starts is not None and found.starts > FAR_PAST else at


def read_resource(connection: Connection, type_: str, id_: str) -> Resource | None:
    """Turn a type and an id into the resource as served, or None."""
    body = connection.scalar(select(resource.c.body).where(resource.c.type == type_, resource.c.id == storable(id_)))
    return None if body is None else load(body)


def history(connection: Connection, type_: str, id_: str) -> list[Resource]:
    """List all versions of a resource, the newest first."""
    old = select(resource_history.c.version, resource_history.c.body).where(
        resource_history.c.type == type_, resource_history.c.id == id_
    )
    now = select(resource.c.version, resource.c.body).where(resource.c.type == type_, resource.c.id == id_)
    rows = connection.execute(old.union_all(now)).all()
    return [load(row.body) for row in sorted(rows, key=lambda row: -row.version)]


def search(connection: Connection, type_: str, filters: ResourceFilter, limit: int, offset: int) -> Page:
    """Find the resources of a type that fit, the newest first; in ties by their last change, then by id."""
    conditions = _conditions(type_, filters)
    total = connection.scalar(select(func.count()).select_from(resource).where(*conditions)) or 0
    query = select(resource.c.body).where(*conditions).order_by(*_newest(filters)).limit(limit).offset(offset)
    return Page(total, tuple(load(body) for body in connection.scalars(query)))


def _newest(filters: ResourceFilter) -> tuple[ColumnElement[Any], ...]:
    """The order by which the first page is the newest.

    Few resources are found first and then sorted: the sum keeps a planner without statistics from walking through all
    that there are, in order, only because an index has that order.
    """
    few = filters.ids or filters.patients or filters.identifiers
    at = resource.c.moment + 0 if few else resource.c.moment
    return at.desc(), resource.c.updated.desc(), resource.c.id.desc()


def _conditions(type_: str, filters: ResourceFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [resource.c.type == type_]
    for column, values in (
        (resource.c.id, filters.ids),
        (resource.c.patient, filters.patients),
        (resource.c.status, filters.statuses),
    ):
        if values:
            found.append(column.in_([storable(value) for value in values]))
    for name, tokens in ((CODE, filters.codes), (IDENTIFIER, filters.identifiers)):
        if tokens:
            found.append(_has_token(type_, name, tokens))
    return found + _time_conditions(filters)


def _time_conditions(filters: ResourceFilter) -> list[ColumnElement[bool]]:
    span = filters.effective
    bounds = (
        (resource.c.starts, span.starts_from, span.starts_before),
        (resource.c.ends, span.ends_from, span.ends_before),
        (resource.c.updated, filters.updated_from, filters.updated_before),
    )
    from_ = [column >= milliseconds(first) for column, first, _ in bounds if first is not None]
    before = [column < milliseconds(after) for column, _, after in bounds if after is not None]
    return from_ + before


def _has_token(type_: str, name: str, tokens: Sequence[Token]) -> ColumnElement[bool]:
    table = resource_token.c
    alternatives = [
        (table.value == storable(token.value))
        if token.system is None
        else (table.value == storable(token.value)) & (table.system == storable(token.system))
        for token in tokens
    ]
    return resource.c.id.in_(select(table.id).where(table.type == type_, table.name == name, or_(*alternatives)))
