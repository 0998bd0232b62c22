"""``doctor`` looks at this machine: mappings, store, the running service and its doors."""

import asyncio
import os
import sqlite3
from pathlib import Path

from adapter.cli.doctor_findings import Finding, ill, note, well
from adapter.cli.doctor_ready import ask_readiness
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.errors import MappingFileError
from adapter.outcome import StoreUnavailableError
from adapter.settings import Mllp, Settings, shipped_folder
from adapter.store.backup import reading
from adapter.store.leases import held
from adapter.store.verification import revision

_PATIENCE = 4.0


async def look_at_site(settings: Settings) -> list[Finding]:
    """Turn the settings into what is found on this machine."""
    readiness = await ask_readiness(settings.http)
    is_running = [check["name"] for check in readiness["checks"]] != ["http"]
    found = [look_at_mappings(settings), look_at_store(settings), *look_at_parts(settings)]
    if not is_running:
        return [*found, note("service", "it is not running here", "netpet-adapter serve")]
    for check in readiness["checks"]:
        area = f"service, {check['name']}"
        found.append(well(area, "ready") if check["ready"] else ill(area, check["reason"]))
    return [*found, await _look_at_door(settings.mllp)]


def look_at_mappings(settings: Settings) -> Finding:
    """Turn the mapping files into how many are in use, or into every fault of them."""
    folder = settings.mappings.directory or shipped_folder("mappings")
    try:
        mappings = MappingSet.load(folder)
    except MappingFileError as error:
        return ill("mappings", str(error), "netpet-adapter map lint")
    if not mappings.active:
        return ill("mappings", "none of them is active: every report would be held", "set status: active in one")
    return well("mappings", f"{len(mappings.active)} active of {len(mappings.mappings)}")


def look_at_store(settings: Settings) -> Finding:
    """Turn the store's URL into whether its file can be written, or made; the file is not changed."""
    if settings.store.is_shared:
        return _look_at_postgres(settings)
    file = Path(settings.store.url.removeprefix("sqlite:///"))
    if not file.exists():
        folder = next(parent for parent in file.absolute().parents if parent.exists())
        if folder.is_dir() and os.access(folder, os.W_OK):
            return note("store", "there is none yet: the service makes it when it starts")
        return ill("store", "the folder cannot be written", "give it to the user of the service, or set store.url")
    if not os.access(file, os.W_OK):
        return ill("store", "the file cannot be written", "give it to the user of the service")
    try:
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE)
        try:
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        finally:
            connection.close()
    except (sqlite3.Error, TypeError):
        return ill("store", "the file is no store of this program", "set store.url to another file")
    return well("store", f"schema {revision}")


def _look_at_postgres(settings: Settings) -> Finding:
    try:
        with reading(settings.store.url, settings.store.password_file) as connection:
            return well("store", f"PostgreSQL, schema {revision(connection)}")
    except StoreUnavailableError as error:
        return ill("store", str(error), "netpet-adapter db migrate")


def look_at_parts(settings: Settings) -> list[Finding]:
    """Turn the leases of a shared store into who does what one process does at a time; none if it cannot be asked."""
    if not settings.store.is_shared:
        return []
    try:
        with reading(settings.store.url, settings.store.password_file) as connection:
            leases = held(connection)
    except StoreUnavailableError:
        return []
    return [
        well(f"part {lease.name}", f"{lease.holder} since {lease.taken:%Y-%m-%d %H:%M:%S} UTC")
        if lease.stands
        else note(f"part {lease.name}", f"nobody does it: {lease.holder} is gone", "netpet-adapter serve")
        for lease in leases
    ]


async def _look_at_door(mllp: Mllp) -> Finding:
    """A connection is opened and closed, nothing is sent; over TLS no handshake is made: we are no client of it."""
    where = f"{mllp.host} port {mllp.port}"
    try:
        async with asyncio.timeout(_PATIENCE):
            _, writer = await asyncio.open_connection(mllp.host, mllp.port)
    except (OSError, TimeoutError):
        return ill("mllp", f"nobody listens on {where}", "is mllp.port that of the running service?")
    writer.close()
    return well("mllp", f"listens on {where}")
