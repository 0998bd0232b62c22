"""The tables: what survives a restart. Portable SQLAlchemy Core; times are integer milliseconds UTC.

A row of ``patient`` is the lane under which one patient's work is ordered. Its ``due`` is schedule, back-off and lease
in one column; ``token`` fences a worker that lost its lease: one of a lane that was deleted never comes back.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite

Sequence = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit number given by the database; SQLite numbers rows by itself only in a column declared INTEGER."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

UNDELIVERED = text("application_answer IS NOT NULL AND application_delivered IS NULL")
"""An application level answer that its sender has not got."""
ANSWER_DUE = text("application_answer IS NOT NULL AND application_delivered IS NULL AND application_given_up IS NULL")
"""One that was not given up either."""

message = Table(
    "message",
    metadata,
    Column("sequence", Sequence, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("channel", Text, nullable=False),
    Column("peer", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("sending_application", Text, nullable=False),
    Column("sending_facility", Text, nullable=False),
    Column("control_id", Text, nullable=False),
    Column("processing_id", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("raw", LargeBinary),  # NULL: an ignored message, its body is not kept
    Column("answer", LargeBinary, nullable=False),
    Column("control_id_reused", Boolean, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("patient", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("read_again", Boolean, nullable=False),  # replayed while a worker may have been reading it
    Column("problem", Text),
    Column("place", Text),
    Column("rule", Text),
    Column("mapping_id", Text),
    Column("mapping_version", Text),
    Column("mapping_sha256", Text),
    Column("notes", Text),
    Column("sender", Text, nullable=False, server_default=""),  # the site's name for who sent it
    Column("deviations", Text),  # what was tolerated before the reading, as JSON; NULL: nothing
    Column("application_asked", Boolean, nullable=False, server_default=false()),
    Column("application_answer", LargeBinary),  # NULL: not read yet, or none is due
    Column("application_delivered", BigInteger),  # NULL: the sender was gone
    Column("application_made", BigInteger),  # since when the answer waits; NULL: since the message was received
    Column("application_given_up", BigInteger),  # when it was sent to its peer for the last time, and not taken
    Column("application_problem", Text),  # why
    Column("application_closed", BigInteger),  # when a person closed that; NULL: nobody has, or it waits again
    Column("closed", BigInteger),  # when a person closed its problem (docs/retention.md)
    UniqueConstraint(
        "channel", "sending_application", "sending_facility", "control_id", "sha256", name="uq_message_identity"
    ),
    Index("ix_message_state_sequence", "state", "sequence"),
    Index("ix_message_patient_state_sequence", "patient", "state", "sequence"),
    Index("ix_message_undelivered", "sequence", sqlite_where=UNDELIVERED, postgresql_where=UNDELIVERED),
    Index(
        "ix_message_answer_due", "channel", "sender", "sequence", sqlite_where=ANSWER_DUE, postgresql_where=ANSWER_DUE
    ),
    sqlite_autoincrement=True,  # a number once given never comes back, even when the newest row was pruned
)

report = Table(
    "report",
    metadata,
    Column("message", Sequence, ForeignKey("message.sequence"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("patient", Text, nullable=False),
    Column("accession", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("mapping_id", Text, nullable=False),
    Column("mapping_version", Text, nullable=False),
    Column("mapping_sha256", Text, nullable=False),
    Index("ix_report_patient_message_position", "patient", "message", "position"),
)

patient = Table(
    "patient",
    metadata,
    Column("key", Text, primary_key=True),
    Column("due", BigInteger),  # NULL: nothing to do until the next mark
    Column("token", BigInteger, nullable=False),
    Column("claimed", BigInteger),  # when the present claim was made; NULL: nobody works on it
    Column("marked", BigInteger),  # the first mark that came while somebody worked on it
    Column("attempts", Integer, nullable=False),
    Column("failing_since", BigInteger),
    Column("problem", Text),
    Index("ix_patient_due", "due"),
)

score = Table(
    "score",
    metadata,
    Column("id", Text, primary_key=True),
    Column("patient", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Index("ix_score_patient", "patient"),
    Index("ix_score_updated_id", "updated", "id"),
)

score_history = Table(
    "score_history",
    metadata,
    Column("score", Text, ForeignKey("score.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("resources", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

sent_message = Table(
    "sent_message",
    metadata,
    Column("score", Text, ForeignKey("score.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("patient", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("control_id", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("answer", LargeBinary),  # NULL: none came yet
    Column("accepted", Boolean),
    Column("answered", BigInteger),
    Index("ix_sent_message_patient", "patient"),
)

resource = Table(
    "resource",
    metadata,
    Column("type", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("patient", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("status", Text),
    Column("starts", BigInteger),  # effective time; an open side is a far bound
    Column("ends", BigInteger),
    Column("moment", BigInteger, nullable=False),  # what "newest first" goes by
    Index("ix_resource_newest", "type", "moment", "updated", "id"),
    Index("ix_resource_patient_newest", "patient", "type", "moment", "updated", "id"),
    Index("ix_resource_type_updated", "type", "updated"),
)

resource_history = Table(
    "resource_history",
    metadata,
    Column("type", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("updated", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    ForeignKeyConstraint(["type", "id"], ["resource.type", "resource.id"]),
)

resource_token = Table(
    "resource_token",
    metadata,
    Column("type", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name", Text, primary_key=True),  # code or identifier
    Column("system", Text, primary_key=True),  # empty: none
    Column("value", Text, primary_key=True),
    ForeignKeyConstraint(["type", "id"], ["resource.type", "resource.id"]),
    Index("ix_resource_token_value", "name", "value", "type", "system", "id"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Sequence, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    sqlite_autoincrement=True,
)

placement = Table(
    "placement",
    metadata,
    Column("destination", Text, primary_key=True),  # its base address
    Column("type", Text, primary_key=True),
    Column("id", Text, primary_key=True),  # ours
    Column("score", Text, nullable=False),  # empty: shared by many scores
    Column("server_id", Text),  # NULL: not known
    Column("version", Text),
    Column("digest", Text),  # of what stands there; NULL: in doubt, a write has begun and was not answered
    Column("at", BigInteger, nullable=False),
    Index("ix_placement_score", "score"),
)

dead_letter = Table(
    "dead_letter",
    metadata,
    Column("score", Text, ForeignKey("score.id"), primary_key=True),
    Column("patient", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failing_since", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("status", Integer, nullable=False),  # HTTP; 0: there was no answer
    Column("codes", Text, nullable=False),
    Column("expressions", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("closed", BigInteger),  # when a person closed it; NULL, or before ``at``: it is open
    Index("ix_dead_letter_at", "at"),
)

fhir_source = Table(
    "fhir_source",
    metadata,
    Column("source", Text, primary_key=True),  # the site's name of a server
    Column("high_water", Text, nullable=False),  # meta.lastUpdated in the server's words; empty: nothing read yet
    Column("sweep_asked", BigInteger),  # NULL: none is due
    Column("last_event", BigInteger),  # NULL: none heard of yet
    Column("ahead", Text, nullable=False),  # event numbers beyond last_event, as JSON
    Column("heard", BigInteger),
)

fhir_pending = Table(
    "fhir_pending",
    metadata,
    Column("source", Text, primary_key=True),
    Column("report", Text, primary_key=True),  # its id at the server
    Column("asked", BigInteger, nullable=False),
    Column("due", BigInteger),  # NULL: given up, until it is asked for again
    Column("attempts", Integer, nullable=False),
    Column("problem", Text, nullable=False),
    Index("ix_fhir_pending_source_due", "source", "due"),
)

fhir_seen = Table(
    "fhir_seen",
    metadata,
    Column("source", Text, primary_key=True),
    Column("report", Text, primary_key=True),
    Column("version", Text, nullable=False),  # empty: the server states none
    Column("at", BigInteger, nullable=False),
)

probe = Table(
    "probe",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("writes", BigInteger, nullable=False),
)


def insert_into(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Turn a table into the dialect's own INSERT: both spell ON CONFLICT alike, but it is no part of portable SQL."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
