"""What each process last said of itself."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import delete, select

from netmon.store.ledger.database import Database, upsert
from netmon.store.ledger.tables import heartbeat
from netmon.store.ports import Heartbeat


class SqlHeartbeats:
    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(self, beat: Heartbeat) -> None:
        with self._database.writing() as connection:
            upsert(connection, heartbeat, ("process",), [asdict(beat)])

    def all(self) -> Sequence[Heartbeat]:
        with self._database.reading() as connection:
            found = connection.execute(select(heartbeat).order_by(heartbeat.c.process)).mappings()
            return [Heartbeat(**row) for row in found]

    def forget(self, process: str) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(heartbeat).where(heartbeat.c.process == process))
