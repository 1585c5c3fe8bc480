"""The intake as it was before columns: every row to the law, every sample to every judge. The oracle of
``test_differential.py``; slow, and right."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from netmon.intake.conditions import Condition, conditions_of
from netmon.model.counters import NOTHING_BEFORE, AgentLife, InterfaceRates, Reading, bound_bps, rates
from netmon.model.finding import Finding, Subject, SubjectKind
from netmon.model.poll import InterfaceRow, Outcome, PollReport
from netmon.model.registry import Facing, Link, Registry
from netmon.model.sample import DeviceSample, Flag, LinkSample
from netmon.signals.config import SignalsConfig
from netmon.signals.index import DEVICE_SIGNALS, LINK_SIGNALS

NO_RATES = InterfaceRates()
CONFIG = SignalsConfig()


@dataclass
class Heard:
    """What came of the reports: what ``Pending`` holds, row by row."""

    links: list[LinkSample] = field(default_factory=list)
    devices: list[DeviceSample] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    remember: dict[Any, Any] = field(default_factory=dict)


class Visit(NamedTuple):
    """What all rows of one report share."""

    tick: int
    started_at: datetime
    started_s: float
    elapsed_s: float
    life: AgentLife

    @classmethod
    def of(cls, report: PollReport) -> "Visit":
        facts = report.facts
        life = AgentLife(facts.uptime_ticks, facts.engine_boots, facts.engine_time_s)
        started_s = report.finished_s - report.elapsed_s
        return cls(report.tick, report.started_at, started_s, report.elapsed_s, life)

    def wall(self, arrived_s: float) -> datetime:
        after_s = min(max(arrived_s - self.started_s, 0.0), self.elapsed_s)
        return self.started_at + timedelta(seconds=after_s)


@dataclass
class LinkTrack:
    """A declared link."""

    link: Link
    run: str
    poll_interval_s: int
    conditions: tuple[Condition, ...]
    reading: Reading | None = None
    rated_tick: int | None = None

    def see(self, row: InterfaceRow, visit: Visit, heard: Heard) -> None:
        at = visit.wall(row.arrived_s)
        if self.rated_tick == visit.tick:
            self._judge(self._sample(row, NO_RATES, visit.tick, at), heard)
            return
        found = NO_RATES
        if row.in_octets is not None or row.out_octets is not None:
            current = self._reading(row, visit, at)
            found = NOTHING_BEFORE if self.reading is None else self._rates(self.reading, current, row)
            self.rated_tick = None if found.interval_s is None else visit.tick
            self.reading = current
        sample = self._sample(row, found, visit.tick, at)
        heard.links.append(sample)
        self._judge(sample, heard)

    def miss(self, visit: Visit, heard: Heard) -> None:
        at = visit.started_at + timedelta(seconds=visit.elapsed_s)
        sample = LinkSample(self.link.id, visit.tick, at, flags=Flag.ABSENT)
        if self.rated_tick != visit.tick:
            heard.links.append(sample)
        self._judge(sample, heard)

    def _judge(self, sample: LinkSample, heard: Heard) -> None:
        for condition in self.conditions:
            condition.see(sample, heard)  # type: ignore[arg-type]

    def _rates(self, previous: Reading, current: Reading, row: InterfaceRow) -> InterfaceRates:
        contract = self.link.contract_at(current.at)
        down_bps, up_bps = (contract.down_bps, contract.up_bps) if contract else (None, None)
        bound = bound_bps(row.if_type, row.speed_bps, self.link.physical_bps, down_bps, up_bps)
        return rates(previous, current, bound, self.poll_interval_s)

    def _reading(self, row: InterfaceRow, visit: Visit, at: datetime) -> Reading:
        return Reading(
            f"{self.link.device}/{self.link.if_name}",
            self.run,
            row.arrived_s,
            at,
            visit.life,
            row.counter_bits,
            row.discontinuity_ticks,
            row.in_octets,
            row.out_octets,
            row.in_errors,
            row.out_errors,
            row.in_discards,
            row.out_discards,
        )

    def _sample(self, row: InterfaceRow, found: InterfaceRates, tick: int, at: datetime) -> LinkSample:
        """Turned so that down is towards the recipient."""
        down_is_out = self.link.facing is Facing.RECIPIENT
        return LinkSample(
            link_id=self.link.id,
            tick=tick,
            at=at,
            interval_s=found.interval_s,
            down_bps=found.out_bps if down_is_out else found.in_bps,
            up_bps=found.in_bps if down_is_out else found.out_bps,
            down_octets=found.out_octets if down_is_out else found.in_octets,
            up_octets=found.in_octets if down_is_out else found.out_octets,
            down_counter=row.out_octets if down_is_out else row.in_octets,
            up_counter=row.in_octets if down_is_out else row.out_octets,
            in_errors=found.in_errors,
            out_errors=found.out_errors,
            in_discards=found.in_discards,
            out_discards=found.out_discards,
            admin_status=row.admin_status,
            oper_status=row.oper_status,
            speed_bps=row.speed_bps,
            flags=found.flags,
        )


@dataclass
class DeviceTrack:
    """A declared device and its links by the names of their interfaces."""

    device_id: str
    conditions: tuple[Condition, ...]
    links: dict[str, LinkTrack]
    written: tuple[int, int] = (-1, 0)

    def see(self, report: PollReport, heard: Heard) -> None:
        self._answer(report, heard)
        if not report.outcome.answered:
            return
        visit = Visit.of(report)
        for row in report.interfaces:
            if row.if_name in self.links:
                self.links[row.if_name].see(row, visit, heard)
        for if_name in report.absent:
            if if_name in self.links:
                self.links[if_name].miss(visit, heard)

    def _answer(self, report: PollReport, heard: Heard) -> None:
        ticks = report.facts.uptime_ticks
        sample = DeviceSample(
            device_id=self.device_id,
            tick=report.tick,
            at=report.started_at + timedelta(seconds=report.elapsed_s),
            outcome=report.outcome,
            elapsed_s=report.elapsed_s,
            uptime_s=None if ticks is None else ticks // 100,
        )
        grade = (report.outcome is Outcome.COMPLETE) + report.outcome.answered
        if report.tick != self.written[0] or grade >= self.written[1]:
            self.written = (report.tick, grade)
            heard.devices.append(sample)
        for condition in self.conditions:
            condition.see(sample, heard)  # type: ignore[arg-type]


class ReferenceIntake:
    """Takes reports one by one, and can be started again with what it remembers."""

    def __init__(self, registry: Registry) -> None:
        self.registry, self.heard, self._runs = registry, Heard(), 0
        self.devices: dict[str, DeviceTrack] = {}
        self.restart()

    def accept(self, report: PollReport) -> None:
        self.devices[report.device_id].see(report, self.heard)

    def restart(self) -> None:
        """Another process with the last one's memory: counters, and what is not at rest; the device samples' grades
        are not remembered."""
        self._runs += 1
        before, self.devices = self.devices, {device_id: self._track(device_id) for device_id in self.registry.devices}
        for device_id, old in before.items():
            states = {c.key: c._state for c in all_conditions(old)}
            for condition in all_conditions(self.devices[device_id]):
                condition._state = states[condition.key]
            for if_name, track in self.devices[device_id].links.items():
                track.reading, track.rated_tick = old.links[if_name].reading, old.links[if_name].rated_tick

    def _track(self, device_id: str) -> DeviceTrack:
        device, subject = self.registry.devices[device_id], Subject(SubjectKind.DEVICE, device_id)
        poll_s = self.registry.poll_interval_s
        conditions = conditions_of(DEVICE_SIGNALS, device, subject, CONFIG, poll_s)
        links = {link.if_name: self._link(link) for link in self.registry.links_by_device.get(device_id, ())}
        return DeviceTrack(device_id, conditions, links)

    def _link(self, link: Link) -> LinkTrack:
        subject, poll_s = Subject(SubjectKind.LINK, link.id), self.registry.poll_interval_s
        return LinkTrack(link, f"run {self._runs}", poll_s, conditions_of(LINK_SIGNALS, link, subject, CONFIG, poll_s))


def all_conditions(track: DeviceTrack) -> list[Condition]:
    return [*track.conditions, *(c for link in track.links.values() for c in link.conditions)]
