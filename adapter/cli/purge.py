"""``netpet-adapter purge``: every row of a patient is removed, and that it is gone is proven (docs/retention.md)."""

import getpass
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from adapter.cli.exits import BAD_INPUT, ENVIRONMENT, FINDING, OK
from adapter.cli.purge_lines import plan_lines, purged_lines
from adapter.cli.serve import settings_or_exit
from adapter.outcome import AdapterError, StoreUnavailableError
from adapter.scoring.report import PatientIdentity
from adapter.settings import Store
from adapter.store import backup, purge, purge_names, purge_proof
from adapter.store.engine import sqlite_file
from adapter.store.failure import unavailable
from adapter.store.opening import Premises, open_database
from adapter.store.purge_elsewhere import elsewhere
from adapter.store.reclaim import rebuild

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command was told; ``also`` are ids of further messages, ``leave`` accepts what stands elsewhere."""

    patient: str
    reason: str
    yes: bool
    also: tuple[str, ...]
    leave: bool
    as_json: bool


class NotDoneError(AdapterError):
    """The patient was not removed, for a reason that a person can do something about."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Who it is about, what is known of it here and elsewhere, and what it is called."""

    subject: purge.Subject
    rows: dict[str, int]
    elsewhere: list[dict[str, str]]
    called: purge_names.Called

    @classmethod
    def of(cls, connection: Connection, named: PatientIdentity, also: tuple[str, ...]) -> "Plan":
        """Turn an identity into what its removal would be."""
        subject = purge.Subject.of(connection, named)
        messages = purge.messages_of(connection, subject, also)
        own = purge.messages_of(connection, subject)
        names = purge_names.called(subject.identities, purge_proof.bodies_of(connection, own))
        places = [asdict(one) for one in elsewhere(connection, subject)]
        rows = purge.counts(connection, subject, also) | {"message": len(messages)}
        return cls(subject, rows, places, names)


def run_purge(config: Path | None, asked: Asked) -> int:
    """Remove a patient, or list what would go; gives the exit code."""
    store = settings_or_exit(config).store
    named = _identity(asked.patient)
    if named is None or (asked.yes and not asked.reason.strip()):
        typer.echo(
            "netpet-adapter purge: give the patient as IDENTIFIER^^^AUTHORITY, and with --yes a --reason", err=True
        )
        return BAD_INPUT
    try:
        told = _remove(store, named, asked) if asked.yes else _listed(store, named, asked)
    except NotDoneError as error:
        typer.echo(f"netpet-adapter purge: {error}", err=True)
        return FINDING
    except (StoreUnavailableError, SQLAlchemyError) as error:
        typer.echo(f"netpet-adapter purge: {_cause(error)}", err=True)
        return ENVIRONMENT
    typer.echo(json.dumps(told) if asked.as_json else (purged_lines if asked.yes else plan_lines)(told))
    if told.get("unproven"):
        return ENVIRONMENT
    return FINDING if told.get("traces") or told.get("bytes_in_file") else OK


def _cause(error: Exception) -> Exception:
    return error if isinstance(error, AdapterError) else unavailable(error)


def _identity(text: str) -> PatientIdentity | None:
    """As PID-3 has it: the identifier, two empty components, the authority's namespace or ``&OID&ISO``."""
    given = typer.get_text_stream("stdin").readline().strip() if text == "-" else text
    identifier, *rest = [part.strip() for part in given.split("^")]
    namespace, oid, *_ = [*(rest[2] if len(rest) > 2 else "").split("&"), "", ""]
    return PatientIdentity(identifier, namespace, oid) if identifier else None


def _listed(store: Store, named: PatientIdentity, asked: Asked) -> dict[str, Any]:
    with backup.reading(store.url, store.password_file) as connection:
        plan = Plan.of(connection, named, asked.also)
        _refuse_nothing(plan)
        going = purge.message_ids(connection, purge.messages_of(connection, plan.subject, asked.also))
        naming = purge_proof.messages_naming(connection, plan.called)
    told = {"records": len(plan.subject.keys), "rows": plan.rows, "elsewhere": plan.elsewhere, "done": False}
    return told | {"named_in": sorted(set(naming) - set(going))}


def _refuse_nothing(plan: Plan) -> None:
    if not any(plan.rows.values()):
        raise NotDoneError(
            "nothing is kept under this identifier and authority: is the authority written as it is sent?"
        )


def _remove(store: Store, named: PatientIdentity, asked: Asked) -> dict[str, Any]:
    key = secrets.token_hex(KEY_BYTES)
    digest = purge_proof.digest_of(named, key)
    opened = open_database(store.url, Premises(store.password_file))
    try:
        with opened.engines.writer.begin() as connection:
            plan, purged = _purged(connection, named, asked, digest)
    finally:
        opened.close()
    told = {"records": len(plan.subject.keys), "rows": purged.rows, "elsewhere": plan.elsewhere, "done": True}
    told |= {"messages_kept_without_body": purged.shared, "reasons_taken_out": purged.reasons}
    told |= {"looked_for": {"numbers": len(plan.called.numbers), "names": plan.called.count_of_names}}
    return told | {"digest": digest, "key": key} | _proof(store, plan.called)


def _proof(store: Store, called: purge_names.Called) -> dict[str, Any]:
    """Look for what is left. The patient is gone by now: what went and the key are told also when this fails."""
    try:
        rebuild(store.url, Premises(store.password_file))
        with backup.reading(store.url, store.password_file) as connection:
            traces = [asdict(trace) for trace in purge_proof.traces_in_rows(connection, called)]
    except (StoreUnavailableError, SQLAlchemyError) as error:
        return {"traces": [], "bytes_in_file": None, "unproven": str(_cause(error))}
    in_file = None if store.is_shared else purge_proof.traces_in_file(sqlite_file(store.url), called)
    return {"traces": traces, "bytes_in_file": in_file, "unproven": None}


def _purged(connection: Connection, named: PatientIdentity, asked: Asked, digest: str) -> tuple[Plan, purge.Purged]:
    """Remove and record in one transaction; what is raised here undoes all of it."""
    plan, now = Plan.of(connection, named, asked.also), datetime.now(UTC)
    _refuse_nothing(plan)
    if plan.elsewhere and not asked.leave:
        raise NotDoneError(
            "something of the patient stands at a destination; list it without --yes, see to it there, "
            "and then give --leave-at-destination: nothing was removed"
        )
    searched = purge_proof.Searched(plan.called)
    if searched.is_named_by(asked.reason):
        raise NotDoneError("the reason names the patient, and is kept for good: give one that does not")
    try:
        purged = purge.purge(connection, plan.subject, asked.also, searched.is_named_by, now)
    except purge.InHandError as error:
        raise NotDoneError(str(error)) from None
    rows = ", ".join(f"{table} {count}" for table, count in purged.rows.items() if count)
    purge.record(connection, digest, f"{asked.reason.strip()} ({rows})", f"{getpass.getuser()} (command)", now)
    return plan, purged
