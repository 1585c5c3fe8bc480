"""A small province for the intake's tests: one router, two links, a clock that is told what time it is."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry

from netmon.intake import Intake, IntakeMetrics
from netmon.model.access import SnmpAccess
from netmon.model.finding import Finding
from netmon.model.poll import DeviceFacts, InterfaceRow, InterfaceStatus, Outcome, PollReport
from netmon.model.registry import Contract, Device, Facing, Link, Region, Registry
from netmon.model.sample import DeviceSample, LinkSample
from netmon.signals.config import SignalsConfig
from netmon.store.memory import MemorySpool
from netmon.store.ports import SpoolEntry, StoreUnavailable

START = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
INTERVAL_S = 30
MBPS = 1_000_000
TO_POSO = Link("palu-poso", "core-palu", "ether3", "72.02", contracts=(Contract(100 * MBPS, 50 * MBPS),))
TO_CORE = Link("poso-palu", "core-palu", "ether4", "72.02", facing=Facing.CORE)


def registry(*links: Link, devices: Sequence[str] = ("core-palu",)) -> Registry:
    province = Region("72", "Sulawesi Tengah")
    declared = {d: Device(d, "10.20.0.1", "72.71", SnmpAccess()) for d in devices}
    return Registry(province, "Asia/Makassar", INTERVAL_S, devices=declared, links={link.id: link for link in links})


PROVINCE = registry(TO_POSO, TO_CORE)


class ToldClock:
    """Both clocks go together until the wall is told otherwise."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0
        self.wall_offset_s = 0.0
        self.booted_s = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.elapsed_s + self.wall_offset_s)

    def monotonic_s(self) -> float:
        """Another origin after every reboot, as on a real machine."""
        return 5000.0 + self.elapsed_s - self.booted_s


class FlakySpool(MemorySpool):
    """A spool that can be told to fail, and that tells what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.failing = False
        self.entries: list[SpoolEntry] = []
        self.meanwhile: Callable[[], None] = lambda: None
        """What happens on the event loop while a commit is under way."""

    def commit(self, entry: SpoolEntry) -> None:
        self.meanwhile()
        if self.failing:
            raise StoreUnavailable("the disk is full: make room beneath var/")
        super().commit(entry)
        self.entries.append(entry)

    @property
    def findings(self) -> list[Finding]:
        return [finding for entry in self.entries for finding in entry.findings]

    def samples(self, link_id: str) -> list[LinkSample]:
        return [s for entry in self.entries for s in entry.batch.links if s.link_id == link_id]

    @property
    def device_samples(self) -> list[DeviceSample]:
        return [s for entry in self.entries for s in entry.batch.devices]


class World:
    """Polls the router at 30 s, with octets that grow as told, and hands the reports to an intake."""

    def __init__(self, declared: Registry = PROVINCE, spool: FlakySpool | None = None, **options: float) -> None:
        self.clock = ToldClock()
        self.spool = spool or FlakySpool()
        self.slot = 0
        self.octets = {"ether3": 1 << 40, "ether4": 1 << 41}
        self._options = options
        self.intake = self._started(declared)

    def _started(self, declared: Registry) -> Intake:
        metrics = IntakeMetrics(CollectorRegistry())
        intake = Intake(declared, SignalsConfig(), self.spool, self.clock, metrics, **self._options)  # type: ignore[arg-type]
        intake.restore()
        return intake

    def restart(self, declared: Registry = PROVINCE) -> None:
        """kill -9 and start again: what was not committed is gone, and the monotonic clock has another origin."""
        self.clock.booted_s = self.clock.elapsed_s - 17.0
        self.intake = self._started(declared)

    def report(self, out_mbps: float = 0.0, outcome: Outcome = Outcome.COMPLETE, **changes: object) -> PollReport:
        """The next slot's report, a quarter of a second long; what the interfaces send grows with time."""
        self.slot += 1
        self.clock.elapsed_s = self.slot * INTERVAL_S + 0.25
        self.octets["ether3"] += int(out_mbps * MBPS / 8 * INTERVAL_S)
        rows = tuple(self.row(name, number) for number, name in enumerate(self.octets, 1))
        usual = PollReport(
            device_id="core-palu",
            tick=int(START.timestamp()) + self.slot * INTERVAL_S,
            started_at=START + timedelta(seconds=self.slot * INTERVAL_S),
            elapsed_s=0.25,
            outcome=outcome,
            facts=DeviceFacts(uptime_ticks=self.slot * INTERVAL_S * 100 + 8_640_000)
            if outcome.answered
            else DeviceFacts(),
            interfaces=rows if outcome.answered else (),
            finished_s=self.clock.monotonic_s(),
        )
        return replace(usual, **changes)  # type: ignore[arg-type]

    def row(self, if_name: str, if_index: int, **changes: object) -> InterfaceRow:
        usual = InterfaceRow(
            if_index=if_index,
            if_name=if_name,
            arrived_s=self.clock.monotonic_s() - 0.125,
            if_type=6,
            admin_status=InterfaceStatus.UP,
            oper_status=InterfaceStatus.UP,
            speed_bps=1000 * MBPS,
            in_octets=7,
            out_octets=self.octets[if_name],
            counter_bits=64,
        )
        return replace(usual, **changes)  # type: ignore[arg-type]

    def poll(self, out_mbps: float = 0.0, outcome: Outcome = Outcome.COMPLETE, **changes: object) -> None:
        """One poll, taken in and committed."""
        self.intake.accept(self.report(out_mbps, outcome, **changes))
        self.intake.flush()
