"""What the other rooms may ask of a store. Implementations are in this room; nobody else sees a database client.

All calls are synchronous and may block on a disk: asyncio callers use a thread. Every error that is not the caller's
fault is a ``StoreUnavailable``, whose text names the store and what to mend.
"""

from netmon.store.ports.errors import StoreUnavailable
from netmon.store.ports.ledger import (
    Acknowledgement,
    AuditRow,
    AuditTrail,
    Delivery,
    DeliveryState,
    EventBook,
    EventQuery,
    EventRecord,
    FindingLog,
    Heartbeat,
    Heartbeats,
    Leases,
    Ledger,
    Outbox,
    Role,
    StoredFinding,
    Token,
    TokenBook,
    WatchCommit,
)
from netmon.store.ports.series import LinkSeries, SeriesPoint, SeriesStore
from netmon.store.ports.spool import Memory, Spool, Spooled, SpoolEntry

__all__ = [
    "Acknowledgement",
    "AuditRow",
    "AuditTrail",
    "Delivery",
    "DeliveryState",
    "EventBook",
    "EventQuery",
    "EventRecord",
    "FindingLog",
    "Heartbeat",
    "Heartbeats",
    "Leases",
    "Ledger",
    "LinkSeries",
    "Memory",
    "Outbox",
    "Role",
    "SeriesPoint",
    "SeriesStore",
    "Spool",
    "SpoolEntry",
    "Spooled",
    "StoreUnavailable",
    "StoredFinding",
    "Token",
    "TokenBook",
    "WatchCommit",
]
