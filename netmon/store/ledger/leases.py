"""Leases: of several processes that could do a job, one does (lesson 37)."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from netmon.store.ledger.database import Database, insert_new
from netmon.store.ledger.tables import lease


class SqlLeases:
    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, name: str, holder: str, ttl: timedelta, now: datetime) -> bool:
        """Taken over in one conditional statement: of any number who try at once, one is told True."""
        with self._database.writing() as connection:
            free = (lease.c.holder == holder) | (lease.c.until <= now)
            taken = lease.update().where(lease.c.name == name, free).values(holder=holder, until=now + ttl)
            if connection.execute(taken).rowcount:
                return True
            insert_new(connection, lease, [{"name": name, "holder": holder, "until": now + ttl}])
            holds = select(lease.c.holder == holder).where(lease.c.name == name)
            return bool(connection.execute(holds).scalar_one())

    def release(self, name: str, holder: str) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(lease).where(lease.c.name == name, lease.c.holder == holder))
