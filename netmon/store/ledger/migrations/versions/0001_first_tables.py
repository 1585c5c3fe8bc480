"""The ledger's first tables: findings, events and their deliveries, processes, tokens, audit."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _events()
    _findings()
    _processes()
    _people()


def downgrade() -> None:
    """Everything goes, and with it all that it held."""
    for table in (
        "session",
        "event_place",
        "event_change",
        "delivery",
        "acknowledgement",
        "token",
        "memory",
        "lease",
        "heartbeat",
        "finding",
        "event",
        "audit",
    ):
        op.drop_table(table)


def _events() -> None:
    """Events, their history, and what people and channels did about them."""
    op.create_table(
        "event",
        Column("id", sa.String(length=32), nullable=False),
        Column("kind", sa.String(length=32), nullable=False),
        Column("subject_kind", sa.String(length=32), nullable=False),
        Column("subject_id", sa.Text(), nullable=False),
        Column("aspect", sa.String(length=32), nullable=False),
        Column("severity", sa.String(length=16), nullable=False),
        Column("reason", sa.Text(), nullable=False),
        Column("opened_at", AT, nullable=False),
        Column("raised_at", AT),
        Column("closed_at", AT),
        Column("close_reason", sa.Text()),
        Column("absorbed_by", sa.String(length=32)),
        Column("detail", sa.JSON(), nullable=False),
        Column("affected", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
    )
    op.create_index("ix_event_closed_at", "event", ["closed_at"])
    op.create_index("ix_event_opened_at", "event", ["opened_at"])
    op.create_table(
        "event_place",
        Column("event_id", sa.String(length=32), nullable=False),
        Column("kind", sa.String(length=16), nullable=False),
        Column("place_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name="fk_event_place_event_id_event", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("event_id", "kind", "place_id", name="pk_event_place"),
        comment="regions and links that an event is about or affects, for searching alone",
    )
    op.create_index("ix_event_place_kind_place_id", "event_place", ["kind", "place_id"])
    op.create_table(
        "event_change",
        Column("seq", SEQ, autoincrement=True, nullable=False),
        Column("event_id", sa.String(length=32), nullable=False),
        Column("transition", sa.String(length=16), nullable=False),
        Column("at", AT, nullable=False),
        Column("snapshot", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name="fk_event_change_event_id_event", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq", name="pk_event_change"),
        sa.UniqueConstraint("event_id", "transition", "at", name="uq_event_change_event_id_transition_at"),
    )
    op.create_table(
        "delivery",
        Column("seq", SEQ, autoincrement=True, nullable=False),
        Column("event_id", sa.String(length=32), nullable=False),
        Column("stage", sa.String(length=16), nullable=False),
        Column("channel", sa.Text(), nullable=False),
        Column("state", sa.String(length=16), nullable=False),
        Column("attempts", sa.Integer(), nullable=False),
        Column("uncertain", sa.Integer(), nullable=False),
        Column("due_at", AT),
        Column("delivered_at", AT),
        Column("receipt", sa.Text()),
        Column("reason", sa.Text()),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name="fk_delivery_event_id_event", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq", name="pk_delivery"),
        sa.UniqueConstraint("event_id", "stage", "channel", name="uq_delivery_event_id_stage_channel"),
    )
    op.create_index("ix_delivery_state_due_at", "delivery", ["state", "due_at"])
    op.create_table(
        "acknowledgement",
        Column("event_id", sa.String(length=32), nullable=False),
        Column("who", sa.Text(), nullable=False),
        Column("at", AT, nullable=False),
        Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name="fk_acknowledgement_event_id_event", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_id", "who", name="pk_acknowledgement"),
    )


def _findings() -> None:
    """What collectors found, and what the watch made of it so far."""
    op.create_table(
        "finding",
        Column("seq", SEQ, autoincrement=True, nullable=False),
        Column("key", sa.Text(), nullable=False),
        Column("subject_kind", sa.String(length=32), nullable=False),
        Column("subject_id", sa.Text(), nullable=False),
        Column("signal", sa.String(length=32), nullable=False),
        Column("aspect", sa.String(length=32), nullable=False),
        Column("transition", sa.String(length=16), nullable=False),
        Column("at", AT, nullable=False),
        Column("severity", sa.String(length=16), nullable=False),
        Column("reason", sa.Text(), nullable=False),
        Column("detail", sa.JSON(), nullable=False),
        Column("handled", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_finding"),
        sa.UniqueConstraint("key", name="uq_finding_key"),
    )
    op.create_index(
        "ix_finding_unhandled",
        "finding",
        ["at", "seq"],
        sqlite_where=sa.text("NOT handled"),
        postgresql_where=sa.text("NOT handled"),
    )
    op.create_table(
        "memory",
        Column("name", sa.String(length=32), nullable=False),
        Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_memory"),
    )


def _processes() -> None:
    """What the processes say of themselves and hold."""
    op.create_table(
        "heartbeat",
        Column("process", sa.Text(), nullable=False),
        Column("at", AT, nullable=False),
        Column("started_at", AT, nullable=False),
        Column("registry_fingerprint", sa.Text(), nullable=False),
        Column("metrics_url", sa.Text()),
        Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("process", name="pk_heartbeat"),
    )
    op.create_table(
        "lease",
        Column("name", sa.Text(), nullable=False),
        Column("holder", sa.Text(), nullable=False),
        Column("until", AT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )


def _people() -> None:
    """Who may come in, and who did what."""
    op.create_table(
        "token",
        Column("id", sa.String(length=32), nullable=False),
        Column("name", sa.Text(), nullable=False),
        Column("role", sa.String(length=16), nullable=False),
        Column("digest", sa.String(length=64), nullable=False),
        Column("created_at", AT, nullable=False),
        Column("last_used_at", AT),
        Column("revoked_at", AT),
        sa.PrimaryKeyConstraint("id", name="pk_token"),
        sa.UniqueConstraint("digest", name="uq_token_digest"),
    )
    op.create_table(
        "session",
        Column("digest", sa.String(length=64), nullable=False),
        Column("token_id", sa.String(length=32), nullable=False),
        Column("opened_at", AT, nullable=False),
        Column("until", AT, nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["token.id"], name="fk_session_token_id_token", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name="pk_session"),
    )
    op.create_table(
        "audit",
        Column("seq", SEQ, autoincrement=True, nullable=False),
        Column("at", AT, nullable=False),
        Column("who", sa.Text(), nullable=False),
        Column("action", sa.Text(), nullable=False),
        Column("subject", sa.Text(), nullable=False),
        Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )
