"""A watch on a real SQLite ledger, with a clock that the test turns and a notifier that writes down what it is told."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry

from netmon.events.event import EventChange
from netmon.model.finding import Detail
from netmon.model.registry import Registry
from netmon.store.ledger import SqlLedger
from netmon.store.ports import Delivery, EventQuery, Heartbeat
from netmon.watch.config import WatchConfig
from netmon.watch.watch import Watch
from tests.unit.events.provinces import T0


class TurnedClock:
    """Wall and monotonic time that pass when told; ``jump`` moves the wall alone."""

    def __init__(self) -> None:
        self.wall = T0
        self.seconds = 1000.0

    def now(self) -> datetime:
        return self.wall

    def monotonic_s(self) -> float:
        return self.seconds

    def turn(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.seconds += seconds

    def jump(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)


class Written:
    """A notifier that tells one channel of everything."""

    def __init__(self) -> None:
        self.dispatched = 0

    def plan(self, changes: Sequence[EventChange], now: datetime) -> Sequence[Delivery]:
        return [Delivery(c.event.id, c.transition, "noc", due_at=now) for c in changes]

    def dispatch(self, now: datetime) -> None:
        self.dispatched += 1


def open_ledger(folder: Path) -> SqlLedger:
    ledger = SqlLedger(f"sqlite:///{folder / 'ledger.db'}")
    ledger.migrate()
    return ledger


def watch_on(
    registry: Registry, ledger: SqlLedger, clock: TurnedClock, holder: str = "watch-1", **config: float
) -> Watch:
    return Watch(registry, ledger, Written(), WatchConfig(**config), clock, CollectorRegistry(), holder=holder)


def beat(clock: TurnedClock, process: str = "collect-1", **detail: Detail) -> Heartbeat:
    return Heartbeat(process, clock.now(), T0, "fingerprint", detail=detail)


def events_in(ledger: SqlLedger) -> list[tuple[str, str, str, float | None, float | None]]:
    """(kind, subject, aspect, opened, closed) of every event, oldest first, in seconds."""
    records, _ = ledger.events.find(EventQuery(limit=1000))
    rows = [
        (
            r.event.kind.value,
            r.event.subject.id,
            r.event.aspect,
            (r.event.opened_at - T0).total_seconds(),
            (r.event.closed_at - T0).total_seconds() if r.event.closed_at else None,
        )
        for r in records
    ]
    return sorted(rows, key=lambda row: (row[3], row[1]))


def told_in(ledger: SqlLedger) -> list[str]:
    """The idempotency keys of all deliveries."""
    records, _ = ledger.events.find(EventQuery(limit=1000))
    return sorted(d.idempotency_key for r in records for d in r.deliveries)
