"""The ledger over SQLAlchemy: SQLite by default, PostgreSQL where several hosts work together."""

from datetime import datetime

from sqlalchemy import delete, text
from sqlalchemy.engine import URL

from netmon.store.ledger.audit import SqlAudit
from netmon.store.ledger.database import Database
from netmon.store.ledger.events import SqlEvents
from netmon.store.ledger.findings import SqlFindings
from netmon.store.ledger.heartbeats import SqlHeartbeats
from netmon.store.ledger.leases import SqlLeases
from netmon.store.ledger.migrating import upgrade
from netmon.store.ledger.outbox import SqlOutbox
from netmon.store.ledger.tables import event, finding
from netmon.store.ledger.tokens import SqlTokens
from netmon.store.ports import (
    AuditTrail,
    EventBook,
    FindingLog,
    Heartbeats,
    Leases,
    Outbox,
    TokenBook,
)


class SqlLedger:
    """``Ledger`` over one database. Usable from any number of threads and processes."""

    def __init__(self, url: str | URL) -> None:
        """``url`` as SQLAlchemy writes it; ValueError, without its text, where it is none."""
        self._database = Database(url)
        self.findings: FindingLog = SqlFindings(self._database)
        self.events: EventBook = SqlEvents(self._database)
        self.outbox: Outbox = SqlOutbox(self._database)
        self.heartbeats: Heartbeats = SqlHeartbeats(self._database)
        self.leases: Leases = SqlLeases(self._database)
        self.tokens: TokenBook = SqlTokens(self._database)
        self.audit: AuditTrail = SqlAudit(self._database)

    def retire(self, before: datetime) -> int:
        old = (
            delete(event).where(event.c.closed_at < before),
            delete(finding).where(finding.c.handled, finding.c.at < before),
        )
        with self._database.writing() as connection:
            return sum(connection.execute(statement).rowcount for statement in old)

    def migrate(self) -> None:
        upgrade(self._database)

    def ping(self) -> None:
        with self._database.reading() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        self._database.close()
