"""The door itself: reports come in on the event loop, and go to the spool once a second from a thread."""

import threading
from collections import Counter
from collections.abc import Mapping
from uuid import uuid4

import msgspec
import structlog

from netmon.intake.clock_watch import ClockWatch
from netmon.intake.conditions import Condition, closed_as_undeclared, conditions_of
from netmon.intake.metrics import IntakeMetrics
from netmon.intake.pending import Pending
from netmon.intake.tracks import DeviceTrack, LinkMemory, LinkTrack
from netmon.model.clock import Clock
from netmon.model.finding import Detail, Subject, SubjectKind
from netmon.model.poll import PollReport
from netmon.model.registry import Link, Registry
from netmon.signals.config import SignalsConfig
from netmon.signals.index import DEVICE_SIGNALS, LINK_SIGNALS
from netmon.store.ports import Memory, Spool, StoreUnavailable

PENDING_LIMIT = 200_000
"""Samples that may wait while the spool's disk fails: 10,000 links for ten minutes at 30 s, some 100 MB."""


class Intake:
    """Turns poll reports into samples, findings and memory.

    ``restore()`` once before the first report; ``accept`` from one thread; ``flush`` about once a second from any
    other, and once more after the last report.
    """

    def __init__(
        self,
        registry: Registry,
        signals: SignalsConfig,
        spool: Spool,
        clock: Clock,
        metrics: IntakeMetrics,
        *,
        clock_jump_s: float = 5.0,
        pending_limit: int = PENDING_LIMIT,
    ) -> None:
        self._registry = registry
        self._signals = signals
        self._spool = spool
        self._clock = clock
        self._metrics = metrics
        self._pending_limit = pending_limit
        self._run = uuid4().hex
        self._clock_watch = ClockWatch(clock, clock_jump_s)
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._pending = Pending()
        self._dropped: Counter[str] = Counter()
        self._store_error: str | None = None
        self._links = {link.id: self._link_track(link) for link in registry.links.values()}
        self._devices = {device_id: self._device_track(device_id) for device_id in registry.devices}

    def restore(self) -> None:
        """Go on where the last process stopped. What is remembered of things no longer declared is forgotten, and
        what was open on them closes. ``StoreUnavailable`` where the spool cannot be read."""
        groups = [t.conditions for t in self._links.values()] + [t.conditions for t in self._devices.values()]
        conditions = {condition.key: condition for group in groups for condition in group}
        signals, counters = self._spool.recall(Memory.SIGNALS), self._spool.recall(Memory.COUNTERS)
        with self._lock:
            for key, remembered in signals.items():
                self._restore_condition(key, remembered, conditions.get(key))
            for link_id, remembered in counters.items():
                self._restore_counters(link_id, remembered)

    def accept(self, report: PollReport) -> None:
        """Take in one report: pure computation, no I/O. A device that is not declared is counted and left."""
        track = self._devices.get(report.device_id)
        if track is None:
            self._metrics.undeclared.inc()
            return
        with self._lock:
            track.see(report, self._pending)
        self._metrics.reports.labels(report.outcome.value).inc()

    def remember(self, memory: Memory, key: str, value: bytes | None) -> None:
        """Let something of another room (a learned layout) be committed with the next flush; None forgets it."""
        with self._lock:
            self._pending.remember[(memory, key)] = value

    def flush(self) -> bool:
        """Commit what is pending. False where the spool refused: it is kept, and tried again at the next flush."""
        with self._flushing:
            self._look_at_the_clock()
            with self._lock:
                taken, self._pending = self._pending, Pending()
            done = self._commit(taken)
            self._metrics.pending.set(len(self._pending.samples))
            return done

    @property
    def clock_jumps(self) -> int:
        """Jumps of the wall clock since the start."""
        return self._clock_watch.jumps

    @property
    def clock_offset_s(self) -> float:
        """The size of the last jump while it is news (five minutes), else 0.0."""
        return self._clock_watch.offset_s

    @property
    def dropped(self) -> Mapping[str, int]:
        """Samples lost at the bound since the start, by device id."""
        return dict(self._dropped)

    def vitals(self) -> Mapping[str, Detail]:
        """What the collector's heartbeat says of the intake."""
        return {
            "clock_jumps": self.clock_jumps,
            "clock_offset_s": round(self.clock_offset_s, 3),
            "pending_samples": len(self._pending.samples),
            "dropped_samples": self._dropped.total(),
            "spool_error": self._store_error,
        }

    def _commit(self, taken: Pending) -> bool:
        if not taken:
            return True
        entry = taken.entry()
        try:
            with self._metrics.commit_s.time():
                self._spool.commit(entry)
        except StoreUnavailable as error:
            self._keep(taken, str(error))
            return False
        self._metrics.committed(entry)
        if self._store_error is not None:
            self._store_error = None
            structlog.get_logger().info("the spool takes samples again")
        return True

    def _keep(self, taken: Pending, why: str) -> None:
        """Put back what the spool refused, before what has come since, up to the bound."""
        self._metrics.commit_failures.inc()
        with self._lock:
            self._pending = taken.followed_by(self._pending)
            dropped = self._pending.drop_oldest(self._pending_limit, self._device_of_link())
        self._dropped.update(dropped)
        self._metrics.lost(dropped)
        if why != self._store_error:
            structlog.get_logger().error("the spool cannot be written; samples are kept in memory", reason=why)
        self._store_error = why

    def _look_at_the_clock(self) -> None:
        jumped_s = self._clock_watch.look()
        self._metrics.clock_offset_s.set(self.clock_offset_s)
        if jumped_s:
            self._metrics.clock_jumps.inc()
            structlog.get_logger().warning("the wall clock jumped", by_s=round(jumped_s, 3))

    def _restore_condition(self, key: str, remembered: bytes, condition: Condition | None) -> None:
        try:
            if condition is not None:
                condition.restore(remembered)
                return
            closed = closed_as_undeclared(key, remembered, self._clock.now())
            self._pending.findings += [closed] if closed else []
        except (ValueError, msgspec.MsgspecError) as error:
            structlog.get_logger().error("signal state cannot be read and is forgotten", key=key, reason=str(error))
        self._pending.remember[(Memory.SIGNALS, key)] = None

    def _restore_counters(self, link_id: str, remembered: bytes) -> None:
        track = self._links.get(link_id)
        try:
            if track is not None:
                track.memory = msgspec.msgpack.decode(remembered, type=LinkMemory)
                return
        except msgspec.MsgspecError as error:
            structlog.get_logger().error("counters cannot be read and are forgotten", link=link_id, reason=str(error))
        self._pending.remember[(Memory.COUNTERS, link_id)] = None

    def _device_of_link(self) -> Mapping[str, str]:
        return {link.id: link.device for link in self._registry.links.values()}

    def _link_track(self, link: Link) -> LinkTrack:
        interval_s, subject = self._registry.poll_interval_s, Subject(SubjectKind.LINK, link.id)
        conditions = conditions_of(LINK_SIGNALS, link, subject, self._signals, interval_s)
        return LinkTrack(link, self._run, interval_s, conditions)

    def _device_track(self, device_id: str) -> DeviceTrack:
        device, subject = self._registry.devices[device_id], Subject(SubjectKind.DEVICE, device_id)
        conditions = conditions_of(DEVICE_SIGNALS, device, subject, self._signals, self._registry.poll_interval_s)
        links = {link.if_name: self._links[link.id] for link in self._registry.links_by_device.get(device_id, ())}
        return DeviceTrack(device_id, conditions, links)
