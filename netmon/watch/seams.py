"""What the watch needs from other rooms, as small as it can be said."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from netmon.events.event import EventChange
from netmon.store.ports import Delivery, EventBook, FindingLog, Heartbeats, Leases


class Notifier(Protocol):
    """Alerts: what to tell whom, and telling it. ``netmon.alerts.notifier`` is one."""

    def plan(self, changes: Sequence[EventChange], now: datetime) -> Sequence[Delivery]:
        """Who is to be told of these transitions. Writes nothing; the same transitions give the same keys."""

    def dispatch(self, now: datetime) -> None:
        """Work on what is due without waiting for any channel. StoreUnavailable passes through."""


class WatchLedger(Protocol):
    """The part of the ledger that the watch works with."""

    @property
    def findings(self) -> FindingLog: ...
    @property
    def events(self) -> EventBook: ...
    @property
    def heartbeats(self) -> Heartbeats: ...
    @property
    def leases(self) -> Leases: ...
