"""The ledger's tables. What is here must equal what the migrations make: a test compares the two."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in, UTC stored, aware UTC out (lesson 39). A naive one is refused: nobody knows what it means."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"{value!r} has no time zone: the ledger takes aware datetimes alone")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Seq = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up by itself in INTEGER primary keys alone."""


def _event_id(primary_key: bool = False) -> Column[str]:
    whole = ForeignKey("event.id", ondelete="CASCADE")
    return Column("event_id", String(32), whole, primary_key=primary_key, nullable=False)


finding = Table(
    "finding",
    metadata,
    Column("seq", _Seq, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, unique=True),
    Column("subject_kind", String(32), nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("signal", String(32), nullable=False),
    Column("aspect", String(32), nullable=False),
    Column("transition", String(16), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("severity", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("handled", Boolean, nullable=False, server_default=false()),
    Index("ix_finding_unhandled", "at", "seq", sqlite_where=text("NOT handled"), postgresql_where=text("NOT handled")),
)

event = Table(
    "event",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("subject_kind", String(32), nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("aspect", String(32), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False, index=True),
    Column("raised_at", UtcDateTime),
    Column("closed_at", UtcDateTime, index=True),
    Column("close_reason", Text),
    Column("absorbed_by", String(32)),
    Column("detail", JSON, nullable=False),
    Column("affected", JSON, nullable=False),
)

event_place = Table(
    "event_place",
    metadata,
    _event_id(primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("place_id", Text, primary_key=True),
    Index("ix_event_place_kind_place_id", "kind", "place_id"),
    comment="regions and links that an event is about or affects, for searching alone",
)

event_change = Table(
    "event_change",
    metadata,
    Column("seq", _Seq, primary_key=True, autoincrement=True),
    _event_id(),
    Column("transition", String(16), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("snapshot", JSON, nullable=False),
    UniqueConstraint("event_id", "transition", "at"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("seq", _Seq, primary_key=True, autoincrement=True),
    _event_id(),
    Column("stage", String(16), nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("uncertain", Integer, nullable=False),
    Column("due_at", UtcDateTime),
    Column("delivered_at", UtcDateTime),
    Column("receipt", Text),
    Column("reason", Text),
    UniqueConstraint("event_id", "stage", "channel"),
    Index("ix_delivery_state_due_at", "state", "due_at"),
)

acknowledgement = Table(
    "acknowledgement",
    metadata,
    _event_id(primary_key=True),
    Column("who", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("note", Text, nullable=False),
)

memory = Table(
    "memory",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

heartbeat = Table(
    "heartbeat",
    metadata,
    Column("process", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("registry_fingerprint", Text, nullable=False),
    Column("metrics_url", Text),
    Column("detail", JSON, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", UtcDateTime, nullable=False),
)

token = Table(
    "token",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
)

session = Table(
    "session",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("token_id", String(32), ForeignKey("token.id", ondelete="CASCADE"), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", _Seq, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("who", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSON, nullable=False),
)
