"""A province with a day behind it, written through the ports into a real store, for tests of the API and the page.

It holds one of everything that is worth looking at: a saturated link, a dark district, a gap in the past, a link
without a contract, a contract that changed, events open and closed, deliveries and an acknowledgement.
"""

import math
import shutil
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from netmon.api.app import create_app
from netmon.api.config import ApiConfig
from netmon.events.event import Affected, Event, EventChange, EventKind
from netmon.model.access import SnmpAccess
from netmon.model.finding import Severity, Subject, SubjectKind, Transition
from netmon.model.poll import InterfaceStatus, Outcome
from netmon.model.registry import Agency, Contract, Device, Link, Region, Registry, Site
from netmon.model.sample import Batch, DeviceSample, LinkSample
from netmon.model.secret import Secret
from netmon.store.ledger import SqlLedger
from netmon.store.ports import (
    Acknowledgement,
    Delivery,
    DeliveryState,
    Heartbeat,
    Ledger,
    Role,
    SeriesStore,
    WatchCommit,
)
from netmon.store.sqlite import SqliteSeries

NOW = datetime(2026, 11, 21, 6, 30, 20, tzinfo=UTC)
INTERVAL_S = 60
COMMUNITY = "never-to-be-seen-7f3a"
MBPS = 1_000_000

REGIONS = (
    ("72.01", "Banggai", "Luwuk", (-0.95, 122.79), 300),
    ("72.02", "Poso", "Poso", (-1.39, 120.75), 200),
    ("72.03", "Donggala", "Banawa", (-0.68, 119.74), 200),
    ("72.04", "Tolitoli", "Tolitoli", (1.04, 120.82), 150),
    ("72.05", "Buol", "Buol", (1.17, 121.43), 100),
    ("72.06", "Morowali", "Bungku", (-2.55, 121.97), 300),
    ("72.07", "Banggai Kepulauan", "Salakan", (-1.32, 123.29), 100),
    ("72.08", "Parigi Moutong", "Parigi", (-0.80, 120.18), 200),
    ("72.09", "Tojo Una-Una", "Ampana", (-0.87, 121.59), 100),
    ("72.10", "Sigi", "Sigi Biromaru", (-1.00, 119.90), 150),
    ("72.11", "Banggai Laut", "Banggai", (-1.59, 123.49), 50),
    ("72.12", "Morowali Utara", "Kolonodale", (-2.01, 121.34), 150),
    ("72.71", "Kota Palu", "Palu", (-0.90, 119.87), None),
)
OPD = ("Bappeda", "BPKAD", "Dinas PMD", "Biro Hukum", "Inspektorat", "Dinas Pendidikan")
SATURATED, DARK, GAPPED, WITHOUT_CONTRACT = "palu-72-02", "72.09", "palu-72-11", "palu-72-12"
NEW = "opd-inspektorat"


@dataclass
class SteadyClock:
    """Stands still until it is told otherwise."""

    at: datetime = NOW
    elapsed_s: float = 1000.0

    def now(self) -> datetime:
        return self.at

    def monotonic_s(self) -> float:
        return self.elapsed_s

    def pass_s(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.elapsed_s += seconds


@dataclass
class SeededProvince:
    registry: Registry
    series: SeriesStore
    ledger: Ledger
    clock: SteadyClock
    tokens: dict[Role, str]
    saturation: Event
    blankspot: Event
    metrics: CollectorRegistry = field(default_factory=CollectorRegistry)

    def copied(self, source: Path, folder: Path) -> "SeededProvince":
        """The same province over a copy of its stores, so that a test may change it."""
        shutil.copytree(source, folder, dirs_exist_ok=True)
        return replace(
            self, series=SqliteSeries(folder), ledger=_ledger(folder), clock=SteadyClock(), metrics=CollectorRegistry()
        )

    def app(self, config: ApiConfig | None = None) -> FastAPI:
        """The application over this province, simulated as it is."""
        return create_app(
            registry=self.registry,
            series=self.series,
            ledger=self.ledger,
            config=config or ApiConfig(),
            clock=self.clock,
            metrics=self.metrics,
            demo_notice="Semua perangkat dan lalu lintas di halaman ini adalah simulasi.",
        )

    def bearer(self, role: Role = Role.VIEWER) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[role]}"}


def seeded_province(folder: Path, hours: int = 24) -> SeededProvince:
    """Open, migrate and fill a store beneath ``folder``."""
    series = SqliteSeries(folder)
    series.open()
    ledger = _ledger(folder)
    ledger.migrate()
    registry = a_registry()
    tokens = {role: ledger.tokens.create(f"{role}-rina", role, NOW - timedelta(days=1))[1] for role in Role}
    _write_samples(registry, series, hours)
    saturation, blankspot = _write_events(ledger)
    ledger.heartbeats.beat(Heartbeat("collect-1", NOW, NOW - timedelta(hours=hours), registry.fingerprint))
    return SeededProvince(registry, series, ledger, SteadyClock(), tokens, saturation, blankspot)


def unopened_province() -> SeededProvince:
    """For what needs no store: nothing is opened, and there is nowhere to open it."""
    nowhere = Path("/nonexistent")
    event = Event(EventKind.BLIND, Subject(SubjectKind.COLLECTOR, "collect-1"), Severity.CRITICAL, NOW, "none")
    return SeededProvince(a_registry(), SqliteSeries(nowhere), _ledger(nowhere), SteadyClock(), {}, event, event)


def _ledger(folder: Path) -> SqlLedger:
    return SqlLedger(f"sqlite:///{folder / 'ledger.db'}")


def a_registry() -> Registry:
    access = SnmpAccess(community=Secret(COMMUNITY))
    devices = {"core-palu": Device("core-palu", "10.20.0.1", "72.71", access, name="Router inti Palu")}
    links: dict[str, Link] = {}
    sites: dict[str, Site] = {}
    for code, name, _, position, mbps in REGIONS:
        if mbps is None:
            continue
        slug = code.replace(".", "-")
        link_id, device_id = f"palu-{slug}", f"rtr-{slug}"
        links[link_id] = Link(
            link_id,
            "core-palu",
            f"ether{len(links) + 2}",
            code,
            name=f"Palu – {name}",
            contracts=_contracts(link_id, mbps),
        )
        devices[device_id] = Device(
            device_id, f"10.20.{len(links)}.1", code, access, name=f"Router {name}", uplinks=(link_id,)
        )
        sites[f"setda-{slug}"] = Site(f"setda-{slug}", f"Kantor Bupati {name}", code, device_id, position)
    devices["sw-opd"] = Device("sw-opd", "10.20.0.9", "72.71", access, name="Switch OPD", uplinks=("inti-opd",))
    links["inti-opd"] = Link("inti-opd", "core-palu", "ether20", "72.71", name="Inti – OPD", contracts=_mbps(1000))
    agencies = {}
    for number, name in enumerate(OPD, start=1):
        slug = name.lower().replace(" ", "-")
        links[f"opd-{slug}"] = Link(
            f"opd-{slug}", "sw-opd", f"ge-0/0/{number}", "72.71", name=name, contracts=_mbps(50)
        )
        agencies[slug] = Agency(slug, name, "72.71", links=(f"opd-{slug}",))
    return Registry(
        province=Region("72", "Sulawesi Tengah"),
        timezone="Asia/Makassar",
        poll_interval_s=INTERVAL_S,
        regions={code: Region(code, name, capital, at) for code, name, capital, at, _ in REGIONS},
        sites=sites,
        devices=devices,
        links=links,
        agencies=agencies,
        fingerprint="f1",
    )


def _mbps(rate: int) -> tuple[Contract, ...]:
    return (Contract(rate * MBPS, rate * MBPS),)


def _contracts(link_id: str, mbps: int) -> tuple[Contract, ...]:
    if link_id == WITHOUT_CONTRACT:
        return ()
    if link_id == "palu-72-06":
        raised_at = NOW - timedelta(hours=5)
        return (*_mbps(mbps // 2), Contract(mbps * MBPS, mbps // 2 * MBPS, raised_at))
    return _mbps(mbps)


def _write_samples(registry: Registry, series: SeriesStore, hours: int) -> None:
    last = int(NOW.timestamp()) // INTERVAL_S * INTERVAL_S
    ticks = range(last - hours * 3600, last + 1, INTERVAL_S)
    for day in sorted({tick // 86400 for tick in ticks}):
        of_day = [tick for tick in ticks if tick // 86400 == day]
        links = [
            sample
            for number, link in enumerate(registry.links.values())
            for tick in of_day
            if (sample := _link_sample(link, number, tick)) is not None
        ]
        devices = [_device_sample(device, tick) for device in registry.devices.values() for tick in of_day[-3:]]
        series.write(Batch(tuple(links), tuple(devices)))


def _link_sample(link: Link, number: int, tick: int) -> LinkSample | None:
    at = datetime.fromtimestamp(tick + 2, UTC)
    before_s = NOW.timestamp() - tick
    if (link.id == GAPPED and 9_000 < before_s < 16_000) or (link.id == NEW and before_s > 500):
        return None
    dark = link.region == DARK and before_s < 2_400
    down = 0.0 if dark else _share(link, number, tick, before_s)
    contract = link.contract_at(at)
    full = (contract.down_bps if contract else 150 * MBPS, contract.up_bps if contract else 150 * MBPS)
    rates = (int(full[0] * down), int(full[1] * down * (0.28 + 0.05 * math.sin(tick / 1700 + number))))
    return LinkSample(
        link.id,
        tick,
        at,
        interval_s=float(INTERVAL_S),
        down_bps=rates[0],
        up_bps=rates[1],
        down_octets=rates[0] * INTERVAL_S // 8,
        up_octets=rates[1] * INTERVAL_S // 8,
        down_counter=tick * 1_000_000 % 2**64,
        up_counter=tick * 300_000 % 2**64,
        in_errors=0,
        out_errors=0,
        in_discards=0,
        out_discards=0,
        admin_status=InterfaceStatus.UP,
        oper_status=InterfaceStatus.DOWN if dark else InterfaceStatus.UP,
        speed_bps=1000 * MBPS,
    )


def _share(link: Link, number: int, tick: int, before_s: float) -> float:
    """Of the contract: office hours in WITA, a little noise, and the saturation of the last half hour."""
    hour = (tick / 3600 + 8) % 24
    office = math.exp(-(((hour - 13) / 4.2) ** 2))
    noise = (
        0.05 * math.sin(tick / 431 + number) + 0.03 * math.sin(tick / 97 + 3 * number) + 0.02 * math.sin(tick * 12.9898)
    )
    share = 0.08 + (0.3 + 0.035 * (number % 9)) * office + noise
    if link.id == SATURATED and before_s < 2_700:
        share = 0.97 + 0.02 * math.sin(tick / 61) - 0.4 * max(0.0, (before_s - 2_100) / 600)
    return max(0.01, share)


def _device_sample(device: Device, tick: int) -> DeviceSample:
    dark = device.region == DARK
    outcome = Outcome.TIMEOUT if dark else Outcome.COMPLETE
    at = datetime.fromtimestamp(tick + 2, UTC)
    return DeviceSample(device.id, tick, at, outcome, 5.0 if dark else 0.041, None if dark else 864_000)


def _write_events(ledger: Ledger) -> tuple[Event, Event]:
    """The saturation and the blank spot that are open."""

    def ago(minutes: float) -> datetime:
        return NOW - timedelta(minutes=minutes)

    saturation = Event(
        EventKind.SATURATION,
        Subject(SubjectKind.LINK, SATURATED),
        Severity.WARNING,
        ago(24),
        "above_80_percent_for_15_min",
        aspect="down",
        detail={"rate_bps": 193_400_000, "contract_bps": 200_000_000, "since": ago(39).isoformat()},
        affected=Affected(regions=("72.02",), links=(SATURATED,), devices=("rtr-72-02",), sites=("setda-72-02",)),
    )
    raised = saturation.raised(Severity.CRITICAL, ago(20), "above_90_percent_for_3_samples")
    dark = Event(
        EventKind.BLANKSPOT,
        Subject(SubjectKind.REGION, DARK),
        Severity.CRITICAL,
        ago(39),
        "all_sites_silent",
        detail={"since": ago(41).isoformat(), "silent_devices": 1},
        affected=Affected((DARK,), ("rtr-72-09",), ("setda-72-09",), (), ("palu-72-09",)),
    )
    old = Event(
        EventKind.LINK_DOWN,
        Subject(SubjectKind.LINK, "opd-bappeda"),
        Severity.CRITICAL,
        ago(700),
        "oper_down",
        affected=Affected(("72.71",), (), (), ("bappeda",), ("opd-bappeda",)),
    )
    changes = [
        EventChange(old, Transition.OPENED, old.opened_at),
        EventChange(old.closed(ago(640)), Transition.CLOSED, ago(640)),
        EventChange(dark, Transition.OPENED, dark.opened_at),
        EventChange(saturation, Transition.OPENED, saturation.opened_at),
        EventChange(raised, Transition.RAISED, ago(20)),
    ]
    deliveries = [
        Delivery(dark.id, Transition.OPENED, "noc-mail", DeliveryState.DELIVERED, 1, None, ago(38.9), "250 OK"),
        Delivery(
            dark.id, Transition.OPENED, "noc-telegram", DeliveryState.FAILED, 5, reason="403: the bot was blocked"
        ),
        Delivery(saturation.id, Transition.OPENED, "noc-mail", DeliveryState.DELIVERED, 1, None, ago(23.9), "250 OK"),
    ]
    ledger.events.commit(WatchCommit(changes=changes, deliveries=deliveries))
    ledger.events.acknowledge(Acknowledgement(dark.id, "budi", ago(30), "operator serat sudah dihubungi"))
    return raised, dark
