"""A small province, its events, a clock that is set by hand, and ports in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from netmon.alerts.channel import Message
from netmon.events.event import Affected, Event, EventChange, EventKind
from netmon.model.access import SnmpAccess
from netmon.model.finding import Severity, Subject, SubjectKind, Transition
from netmon.model.registry import Agency, Contract, Device, Link, Region, Registry, Site
from netmon.store.ports import (
    Acknowledgement,
    Delivery,
    DeliveryState,
    EventQuery,
    EventRecord,
    StoreUnavailable,
    WatchCommit,
)
from tests.unit.alerts.office import Office

AT = datetime(2026, 11, 20, 18, 10, tzinfo=UTC)
"""02.10 WITA on 21 November."""


@dataclass
class ManualClock:
    at: datetime = AT

    def now(self) -> datetime:
        return self.at

    def monotonic_s(self) -> float:
        return self.at.timestamp()

    def pass_s(self, seconds: float) -> datetime:
        self.at += timedelta(seconds=seconds)
        return self.at


@dataclass
class MemoryLedger:
    """EventBook and Outbox in dictionaries. ``broken`` makes every write fail, as a full disk does."""

    changes: list[EventChange] = field(default_factory=list)
    kept: dict[str, Delivery] = field(default_factory=dict)
    written: list[Delivery] = field(default_factory=list)
    broken: bool = False

    @property
    def events(self) -> "MemoryLedger":
        return self

    @property
    def outbox(self) -> "MemoryLedger":
        return self

    def commit(self, step: WatchCommit) -> None:
        self.changes += step.changes
        for delivery in step.deliveries:
            self.kept.setdefault(delivery.idempotency_key, delivery)

    def recall(self) -> bytes | None:
        return None

    def find(self, query: EventQuery) -> tuple[Sequence[EventRecord], int]:
        raise NotImplementedError

    def acknowledge(self, acknowledgement: Acknowledgement) -> bool:
        raise NotImplementedError

    def get(self, event_id: str) -> EventRecord | None:
        of_event = self.history(event_id)
        deliveries = tuple(d for d in self.kept.values() if d.event_id == event_id)
        return EventRecord(of_event[-1].event, (), deliveries) if of_event else None

    def history(self, event_id: str) -> Sequence[EventChange]:
        return [change for change in self.changes if change.event.id == event_id]

    def due(self, now: datetime, limit: int) -> Sequence[Delivery]:
        ready = [
            d
            for d in self.kept.values()
            if d.state is DeliveryState.SENDING or (d.state is DeliveryState.PENDING and (d.due_at or now) <= now)
        ]
        return sorted(ready, key=lambda d: d.due_at or now)[:limit]

    def save(self, delivery: Delivery) -> None:
        if self.broken:
            raise StoreUnavailable("the ledger is full: free some space")
        self.kept[delivery.idempotency_key] = delivery
        self.written.append(delivery)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def at() -> datetime:
    return AT


@pytest.fixture(scope="session")
def registry() -> Registry:
    snmp = SnmpAccess()
    return Registry(
        province=Region("72", "Sulawesi Tengah"),
        timezone="Asia/Makassar",
        poll_interval_s=30,
        regions={"72": Region("72", "Sulawesi Tengah"), "72.02": Region("72.02", "Poso")},
        sites={"poso-setda": Site("poso-setda", "Kantor Bupati Poso", "72.02", "rtr-poso")},
        devices={
            "core-palu": Device("core-palu", "10.20.0.1", "72.71", snmp),
            "rtr-poso": Device("rtr-poso", "10.20.2.1", "72.02", snmp, uplinks=("palu-poso",)),
        },
        links={
            "palu-poso": Link(
                "palu-poso",
                "core-palu",
                "ether3",
                "72.02",
                name="Palu–Poso",
                contracts=(Contract(200_000_000, 100_000_000),),
            )
        },
        agencies={"bappeda": Agency("bappeda", "Bappeda", "72.71", links=("palu-poso",))},
    )


@pytest.fixture(scope="session")
def saturation() -> Event:
    """92.4 % of the 200 Mbps that Poso has bought."""
    return Event(
        EventKind.SATURATION,
        Subject(SubjectKind.LINK, "palu-poso"),
        Severity.WARNING,
        AT,
        "above_80_percent_for_15_min",
        aspect="down",
        detail={"rate_bps": 184_800_000, "contract_bps": 200_000_000, "utilisation_permille": 924},
    )


@pytest.fixture(scope="session")
def blankspot() -> Event:
    """All of Poso is dark."""
    return Event(
        EventKind.BLANKSPOT,
        Subject(SubjectKind.REGION, "72.02"),
        Severity.CRITICAL,
        AT,
        "all_sites_silent",
        affected=Affected(
            regions=("72.02",),
            devices=("rtr-poso",),
            sites=("poso-setda",),
            agencies=("bappeda",),
            links=("palu-poso",),
        ),
    )


def opened(event: Event) -> EventChange:
    return EventChange(event, Transition.OPENED, event.opened_at)


def raised(event: Event, after_s: float = 60) -> EventChange:
    at = event.opened_at + timedelta(seconds=after_s)
    return EventChange(event.raised(Severity.CRITICAL, at, "above_90_percent_for_3_samples"), Transition.RAISED, at)


def closed(event: Event, after_s: float = 2520, reason: str = "recovered") -> EventChange:
    at = event.opened_at + timedelta(seconds=after_s)
    return EventChange(event.closed(at, reason), Transition.CLOSED, at)


@pytest.fixture
def change() -> Callable[[Event, Transition], EventChange]:
    """The event after a transition: raised a minute after it opened, recovered after 42 minutes."""
    makers = {Transition.OPENED: opened, Transition.RAISED: raised, Transition.CLOSED: closed}
    return lambda event, transition: makers[transition](event)


@pytest.fixture
def message() -> Message:
    return Message(
        title="KRITIS: Palu–Poso, Poso jenuh, 92,4 % dari kontrak 200 Mbps (turun)",
        body="Apa: tautan jenuh\nDi mana: Poso",
        idempotency_key="0123456789ab/opened/noc",
        link="http://netmon.example/events/0123456789ab",
        severity="critical",
        payload={"stage": "opened", "event": {"id": "0123456789ab"}},
    )


@pytest.fixture
def office(registry, ledger, clock):
    offices = []

    def make(**settings):
        offices.append(Office(registry, ledger, clock, **settings))
        return offices[-1]

    yield make
    for made in offices:
        for channel in made.channels.values():
            channel.gate.set()
        made.notifier.close()
