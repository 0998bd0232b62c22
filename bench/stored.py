"""A store with many messages in it, made in seconds: rows as ordinary ones leave them, with short bodies."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from adapter.store import Store

ROWS = (
    """INSERT INTO patient (key, due, token, attempts) SELECT 'stored ' || n, NULL, 1, 0 FROM number""",
    """INSERT INTO message (id, channel, peer, format, sending_application, sending_facility, control_id, processing_id,
        sha256, size, raw, answer, control_id_reused, received, patient, state, read_again)
        SELECT 'stored ' || n || study, 'mllp', '127.0.0.1', 'hl7v2', 'RIS', 'NUCMED', study || n, 'P',
        n || study, 300, randomblob(300), 'MSA|AA', 0, 1700000000000 + n, 'stored ' || n, 'read', 0
        FROM number, study""",
    """INSERT INTO report (message, position, patient, accession, body, mapping_id, mapping_version, mapping_sha256)
        SELECT sequence, 1, patient, control_id, '{}', 'ris', '1', '' FROM message WHERE sequence > :before""",
    """INSERT INTO score (id, patient, state, digest, summary, version, updated)
        SELECT 'stored ' || n, 'stored ' || n, 'published', n, '{}', 1, 1700000000000 + n FROM number""",
    """INSERT INTO score_history (score, version, state, digest, summary, resources, at)
        SELECT 'stored ' || n, 1, 'published', n, '{}', '[]', 1700000000000 + n FROM number""",
    """INSERT INTO resource (type, id, version, updated, patient, digest, body, status, moment)
        SELECT 'Observation', 'stored ' || n || study, 1, 1700000000000 + n, 'stored ' || n, n, '{}', 'final',
        1700000000000 + n FROM number, study""",
    """INSERT INTO resource_token (type, id, name, system, value)
        SELECT 'Observation', 'stored ' || n || study, 'code', '', 'stored' FROM number, study""",
)
NUMBERS = """CREATE TEMP TABLE number AS
    WITH RECURSIVE counted (n) AS (SELECT :first UNION ALL SELECT n + 1 FROM counted WHERE n < :last)
    SELECT n FROM counted"""


def fill(file: Path, messages: int) -> None:
    """Bring a database file, made where there is none, to so many stored messages, two a patient."""
    asyncio.run(_make(file))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        (there,) = connection.execute("SELECT count(*) FROM score WHERE id LIKE 'stored %'").fetchone()
        (before,) = connection.execute("SELECT coalesce(max(sequence), 0) FROM message").fetchone()
        if there < messages // 2:
            connection.execute(NUMBERS, {"first": there, "last": messages // 2 - 1})
            connection.execute("CREATE TEMP TABLE study AS SELECT 'S' AS study UNION ALL SELECT 'F'")
            for statement in ROWS:
                connection.execute(statement, {"before": before} if ":before" in statement else {})
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _make(file: Path) -> None:
    await (await Store.open(f"sqlite:///{file}")).close()
