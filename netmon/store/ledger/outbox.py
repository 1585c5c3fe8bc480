"""Deliveries on their way out."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select

from netmon.store.ledger.database import Database, upsert
from netmon.store.ledger.event_rows import delivery_of, delivery_row
from netmon.store.ledger.tables import delivery
from netmon.store.ports import Delivery, DeliveryState

_UNFINISHED = (DeliveryState.PENDING.value, DeliveryState.SENDING.value)


class SqlOutbox:
    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, now: datetime, limit: int) -> Sequence[Delivery]:
        its_time = or_(delivery.c.due_at.is_(None), delivery.c.due_at <= now)
        query = (
            select(delivery).where(delivery.c.state.in_(_UNFINISHED), its_time).order_by(delivery.c.seq).limit(limit)
        )
        with self._database.reading() as connection:
            return [delivery_of(row) for row in connection.execute(query).mappings()]

    def save(self, changed: Delivery) -> None:
        with self._database.writing() as connection:
            upsert(connection, delivery, ("event_id", "stage", "channel"), [delivery_row(changed)])
