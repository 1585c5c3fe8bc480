"""What the intake knows of a device and its links from poll to poll: prepared once, so that a report is quickly judged.

One track a declared device, one a declared link. A link is found by the name of its interface, never by ifIndex.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from netmon.intake.conditions import Condition
from netmon.intake.pending import Pending
from netmon.model.counters import NOTHING_BEFORE, AgentLife, InterfaceRates, Reading, bound_bps, rates
from netmon.model.poll import InterfaceRow, Outcome, PollReport
from netmon.model.registry import Facing, Link
from netmon.model.sample import DeviceSample, Flag, LinkSample
from netmon.store.ports import Memory

NO_RATES = InterfaceRates()


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
        """The wall clock's time of an arrival within the visit."""
        after_s = arrived_s - self.started_s
        if not 0.0 <= after_s <= self.elapsed_s:
            after_s = 0.0 if after_s < 0.0 else self.elapsed_s
        return self.started_at + timedelta(seconds=after_s)


class LinkMemory(NamedTuple):
    """What survives a restart of a link's track."""

    reading: Reading
    rated_tick: int | None
    """The tick whose rate is written. A second poll in the same slot must not replace it by that of a few seconds."""


@dataclass(slots=True)
class LinkTrack:
    """A declared link."""

    link: Link
    run: str
    poll_interval_s: int
    conditions: tuple[Condition, ...]
    memory: LinkMemory | None = None

    def see(self, row: InterfaceRow, visit: Visit, pending: Pending) -> None:
        """A row of the link's interface: its rates since the last one, judged and kept."""
        memory, at = self.memory, visit.wall(row.arrived_s)
        if memory is not None and memory.rated_tick == visit.tick:
            self._judge(self._sample(row, NO_RATES, visit.tick, at), pending)
            return
        found, rated_tick = NO_RATES, None
        if row.in_octets is not None or row.out_octets is not None:
            current = self._reading(row, visit, at)
            found = NOTHING_BEFORE if memory is None else self._rates(memory.reading, current, row)
            rated_tick = None if found.interval_s is None else visit.tick
            self.memory = LinkMemory(current, rated_tick)
            pending.remember[(Memory.COUNTERS, self.link.id)] = self.memory
        sample = self._sample(row, found, visit.tick, at)
        pending.samples.append(sample)
        self._judge(sample, pending)

    def miss(self, visit: Visit, pending: Pending) -> None:
        """The device said that it has no such interface."""
        sample = LinkSample(self.link.id, visit.tick, visit.wall(visit.started_s + visit.elapsed_s), flags=Flag.ABSENT)
        if self.memory is None or self.memory.rated_tick != visit.tick:
            pending.samples.append(sample)
        self._judge(sample, pending)

    def _judge(self, sample: LinkSample, pending: Pending) -> None:
        for condition in self.conditions:
            condition.see(sample, pending)

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


@dataclass(slots=True)
class DeviceTrack:
    """A declared device and its links by the names of their interfaces."""

    device_id: str
    conditions: tuple[Condition, ...]
    links: dict[str, LinkTrack]
    written: tuple[int, int] = (-1, 0)
    """The tick whose sample is written, and how well the device had answered: a worse answer does not replace it."""

    def see(self, report: PollReport, pending: Pending) -> None:
        """A report, whatever it brought. A silent device has a sample of its own and its links have none: a gap."""
        self._answer(report, pending)
        if not report.outcome.answered:
            return
        visit = Visit.of(report)
        for row in report.interfaces:
            track = self.links.get(row.if_name)
            if track is not None:
                track.see(row, visit, pending)
        for if_name in report.absent:
            track = self.links.get(if_name)
            if track is not None:
                track.miss(visit, pending)

    def _answer(self, report: PollReport, pending: Pending) -> None:
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
            pending.samples.append(sample)
        for condition in self.conditions:
            condition.see(sample, pending)
