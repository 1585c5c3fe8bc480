"""Who did what to which thing, when and why."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import select

from netmon.store.ledger.database import Database
from netmon.store.ledger.tables import audit
from netmon.store.ports import AuditRow


class SqlAudit:
    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, row: AuditRow) -> None:
        with self._database.writing() as connection:
            connection.execute(audit.insert().values(asdict(row)))

    def newest(self, limit: int) -> Sequence[AuditRow]:
        query = select(audit).order_by(audit.c.seq.desc()).limit(limit)
        with self._database.reading() as connection:
            found = connection.execute(query).mappings()
            return [AuditRow(row["at"], row["who"], row["action"], row["subject"], row["detail"]) for row in found]
