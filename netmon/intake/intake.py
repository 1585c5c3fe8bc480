"""The door itself: reports come in on the event loop, and go to the spool once a second from a thread."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import structlog

from netmon.intake.clock_watch import ClockWatch
from netmon.intake.conditions import Condition, closed_as_undeclared, conditions_of, place_of
from netmon.intake.devices import DeviceTrack
from netmon.intake.kept import Counters
from netmon.intake.links import Links
from netmon.intake.metrics import IntakeMetrics
from netmon.intake.pending import Pending
from netmon.model.clock import Clock
from netmon.model.finding import Detail, Subject, SubjectKind
from netmon.model.poll import Outcome, PollReport
from netmon.model.registry import Registry
from netmon.signals.config import SignalsConfig
from netmon.signals.index import DEVICE_SIGNALS
from netmon.store.ports import Memory, Spool, StoreUnavailable

PENDING_LIMIT = 200_000
"""Samples that may wait while the spool's disk fails: 10,000 links for ten minutes at 30 s, some 100 MB."""


ENOUGH_ROWS = 256
"""So many interface rows are judged at once; fewer wait for company, but not beyond the flush that commits them. It is
per hand-over that judging by columns costs, 0.1 ms, hardly per row."""


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
        self._clock_watch = ClockWatch(clock, clock_jump_s)
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._waiting: list[PollReport] = []
        self._pending = Pending()
        self._dropped: Counter[str] = Counter()
        self._store_error: str | None = None
        self._reports = {outcome: metrics.reports.labels(outcome.value) for outcome in Outcome}
        self._links = Links(registry, signals)
        self._devices = {device_id: self._device_track(device_id) for device_id in registry.devices}

    def restore(self) -> None:
        """Go on where the last process stopped. What is remembered of things no longer declared is forgotten, and
        what was open on them closes. ``StoreUnavailable`` where the spool cannot be read."""
        signals, counters = self._spool.recall(Memory.SIGNALS), self._spool.recall(Memory.COUNTERS)
        with self._lock:
            devices = {c.key: c for track in self._devices.values() for c in track.conditions}
            for key, remembered in signals.items():
                self._restore_condition(key, remembered, devices.get(key))
            for device_id, remembered in counters.items():
                self._restore_counters(device_id, remembered)

    def accept(self, report: PollReport) -> None:
        """Take in one report."""
        self.accept_all((report,))

    def accept_all(self, reports: Sequence[PollReport]) -> None:
        """Take in the reports that have ended since the last hand-over: pure computation, no I/O. Together they cost a
        fraction of what they cost one by one. A device that is not declared is counted and left."""
        with self._lock:
            self._waiting += reports
            if sum(len(report.interfaces) for report in self._waiting) >= ENOUGH_ROWS:
                self._judge()

    def remember(self, memory: Memory, key: str, value: bytes | None) -> None:
        """Let something of another room (a learned layout) be committed with the next flush; None forgets it."""
        with self._lock:
            self._pending.remember[(memory, key)] = value

    def flush(self) -> bool:
        """Commit what is pending. False where the spool refused: it is kept, and tried again at the next flush."""
        with self._flushing:
            self._look_at_the_clock()
            with self._lock:
                self._judge()
                taken, self._pending = self._pending, Pending()
            done = self._commit(taken)
            self._metrics.pending.set(self._pending.size)
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
            "pending_samples": self._pending.size,
            "dropped_samples": self._dropped.total(),
            "spool_error": self._store_error,
        }

    def _judge(self) -> None:
        """All reports that wait."""
        reports, self._waiting = self._waiting, []
        for go in _no_device_twice(reports):
            self._take(go)

    def _take(self, reports: Sequence[PollReport]) -> None:
        """What each device answered, then the rows of all of them at once. A silent device's links have no sample: a
        gap."""
        pending, answered = self._pending, []
        for report in reports:
            track = self._devices.get(report.device_id)
            if track is None:
                self._metrics.undeclared.inc()
                continue
            self._reports[report.outcome].inc()
            track.answer(report, pending)
            if report.outcome.answered:
                answered.append(track.polled(report, self._links))
        with_rows = [each for each in answered if len(each.places.numbers)]
        if with_rows:
            self._links.see(with_rows, pending)
        for each in with_rows:
            device_id = each.report.device_id
            pending.remember[(Memory.COUNTERS, device_id)] = self._links.counters(device_id)
        for report in (each.report for each in answered if each.report.absent):
            self._links.miss(report, pending)

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
            dropped = self._pending.drop_oldest(self._pending_limit, self._device_of_link)
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

    def _restore_condition(self, key: str, remembered: bytes, of_device: Condition | None) -> None:
        try:
            if of_device is not None:
                of_device.restore(remembered)
                return
            if self._links.restore_condition(place_of(key)[1], key, remembered):
                return
            closed = closed_as_undeclared(key, remembered, self._clock.now())
            self._pending.findings += [closed] if closed else []
        except (ValueError, msgspec.MsgspecError) as error:
            structlog.get_logger().error("signal state cannot be read and is forgotten", key=key, reason=str(error))
        self._pending.remember[(Memory.SIGNALS, key)] = None

    def _restore_counters(self, device_id: str, remembered: bytes) -> None:
        """Of a device that is not declared (or a link's, as an older version wrote them) nothing is kept."""
        place, kept = (Memory.COUNTERS, device_id), None
        try:
            if device_id in self._devices:
                kept = Counters.decoded(remembered)
        except msgspec.MsgspecError as error:
            structlog.get_logger().error(
                "counters cannot be read and are forgotten", device=device_id, reason=str(error)
            )
        if kept is None:
            self._pending.remember[place] = None
        elif not self._links.restore_counters(device_id, kept):
            self._pending.remember[place] = self._links.counters(device_id)

    def _device_of_link(self, link_id: str) -> str:
        return self._registry.links[link_id].device

    def _device_track(self, device_id: str) -> DeviceTrack:
        device, subject = self._registry.devices[device_id], Subject(SubjectKind.DEVICE, device_id)
        return DeviceTrack(
            device_id,
            conditions_of(DEVICE_SIGNALS, device, subject, self._signals, self._registry.poll_interval_s),
        )


def _no_device_twice(reports: Sequence[PollReport]) -> Iterator[Sequence[PollReport]]:
    """The reports in goes: a device's second one is taken when the first has been."""
    go: dict[str, PollReport] = {}
    for report in reports:
        if report.device_id in go:
            yield tuple(go.values())
            go = {}
        go[report.device_id] = report
    yield tuple(go.values())
