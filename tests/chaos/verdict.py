"""Is everything there, once, and as a fresh computation over the same messages gives it?"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chaos.destinations import Scores, gathered
from chaos.sender import control_id

from adapter.fhir.rendering import Rendering
from adapter.hl7v2.header import read_header
from adapter.intake import lane
from adapter.mapping.catalogue import MappingSet
from adapter.publication import Site, desire
from adapter.reading import KeptMessage, Read, read
from adapter.scoring.report import KeptReport, Source
from adapter.scoring.result import Policy
from adapter.scoring.versions import current_reports
from adapter.settings import shipped_folder
from adapter.version import VERSION

Ask = Callable[[str], list[tuple[Any, ...]]]
"""Turns a question in SQL into rows."""

UNSETTLED = """
SELECT (SELECT count(*) FROM message WHERE state = 'received')
     + (SELECT count(*) FROM patient WHERE claimed IS NOT NULL OR attempts > 0 OR due <= {until})
"""


def fresh(payloads: Iterable[bytes]) -> Scores:
    """Turn messages into the scores that they come to: no store, no queue, nothing that could have gone wrong."""
    mappings = MappingSet.load(shipped_folder("mappings"))
    patients: dict[str, list[KeptReport]] = {}
    for number, payload in enumerate(payloads):
        for report in _reports(payload, number, mappings):
            patients.setdefault(report.report.patient.key, []).append(report)
    site = Site(Policy(), Rendering(software_version=VERSION))
    now = datetime.now(UTC)
    publications = [
        one for key, known in patients.items() for one in desire(key, current_reports(known), [], site, now)
    ]
    resources = [resource for one in publications for resource in one.resources]
    return gathered([resource for resource in resources if resource["resourceType"] == "Observation"])


def _reports(payload: bytes, number: int, mappings: MappingSet) -> list[KeptReport]:
    header, received = read_header(payload), datetime.now(UTC)
    sha256 = hashlib.sha256(payload).hexdigest()
    kept = KeptMessage(
        id=str(number),
        sequence=number,
        channel="mllp",
        format="hl7v2",
        raw=payload,
        received=received,
        control_id=header.control_id,
        processing_id=header.processing_id,
        patient=lane(payload, header),
        sha256=sha256,
    )
    reading = read(kept, mappings)
    if not isinstance(reading, Read):
        raise TypeError("a message of the harness's own cannot be read")
    mapping = (reading.mapping_id, reading.mapping_version, reading.mapping_sha256)
    source = Source(str(number), header.control_id, sha256, received, *mapping)
    return [KeptReport(report, source, number) for report in reading.reports]


def asked(database: Path) -> Ask:
    """Turn a database file into what answers questions to it, seen from outside the service."""

    def ask(question: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5)
        try:
            return connection.execute(question).fetchall()
        finally:
            connection.close()

    return ask


def unsettled(ask: Ask, until: float) -> int:
    """Count what is still to be done before then (seconds since 1970)."""
    ((count,),) = ask(UNSETTLED.format(until=int(until * 1000)))
    return int(count)


def check_sound(ask: Ask) -> list[str]:
    """SQLite finds no damage in its file."""
    ((sound,),) = ask("PRAGMA integrity_check")
    return [] if sound == "ok" else [f"the database is damaged: {sound}"]


def check_store(ask: Ask, accepted: Iterable[bytes]) -> list[str]:
    """Every accepted message is in the store, whole, once, and read; nothing was given up."""
    rows = ask("SELECT control_id, raw, state FROM message")
    ((letters,),) = ask("SELECT count(*) FROM dead_letter")
    kept: dict[bytes, list[tuple[bytes, str]]] = {}
    for name, raw, state in rows:
        kept.setdefault(name.encode(), []).append((raw, state))
    wanted = {control_id(payload): payload for payload in accepted}
    wrong = [f"lost: accepted and not in the store: {name.decode()}" for name in wanted if name not in kept]
    wrong += [f"stored {len(found)} times: {name.decode()}" for name, found in kept.items() if len(found) > 1]
    wrong += [f"not whole: {name.decode()}" for name, one in wanted.items() if name in kept and kept[name][0][0] != one]
    wrong += [f"{state}, not read: {name.decode()}" for name, ((_, state), *_) in kept.items() if state != "read"]
    return wrong + ([f"{letters} dead letters"] if letters else [])


def check_scores(found: Scores, expected: Scores) -> list[str]:
    """Every score is at the destination once, and is what the messages say."""
    wrong = [f"score {name} is missing" for name in expected if name not in found]
    wrong += [f"score {name} is there {len(held)} times" for name, held in found.items() if len(held) > 1]
    wrong += [f"score {name} should not be there" for name in found if name not in expected]
    for name in expected.keys() & found.keys():
        held, meant = found[name][0], expected[name][0]
        parts = [part for part in held.keys() | meant.keys() if held.get(part) != meant.get(part)]
        if parts:
            wrong.append(f"score {name} differs in {', '.join(sorted(parts))}: {held['status']}, not {meant['status']}")
    return wrong
