"""One step a second: findings become events, events become deliveries, and all of it is committed at once.

Every step starts from what was committed and ends with a commit of everything that it changed: findings marked as
handled, events, deliveries, and the correlator's memory. A crash before the commit repeats the step with the same
result; a crash after it has lost nothing. Where the ledger does not answer, the step is given up and comes again.
"""

import os
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from prometheus_client import CollectorRegistry

from netmon.events.correlate import Correlator, Step
from netmon.events.event import EventKind
from netmon.events.memory import State, decode, encode
from netmon.model.clock import Clock
from netmon.model.finding import Finding, Signal
from netmon.model.registry import Registry
from netmon.store.ports import StoredFinding, StoreUnavailable, WatchCommit
from netmon.watch.blindness import Blindness, BlindRule
from netmon.watch.config import WatchConfig
from netmon.watch.metrics import WatchMetrics
from netmon.watch.seams import Notifier, WatchLedger

LEASE = "watch"
LEASE_TTL = timedelta(seconds=6)
RENEW_BEFORE_END_S = 4.0
"""So that the lease costs a write every other second, and a slow step does not lose it."""
DELIVERY_ALLOWANCE = timedelta(seconds=3)
"""How long a finding may take from a collector to here. Time passes for the correlator by so much later, so that a
cause found in time also counts in time."""
DISTRUST_AFTER_JUMP_S = 10.0
"""How long deadlines rest after the wall clock jumped: until collectors have said that theirs did."""
AT_A_TIME = 500
COMPLAIN_EVERY_S = 60.0


class Watch:
    """Works while it holds the lease; several watches may run, one of them leads. Called by one thread."""

    def __init__(
        self,
        registry: Registry,
        ledger: WatchLedger,
        notifier: Notifier,
        config: WatchConfig,
        clock: Clock,
        metrics: CollectorRegistry,
        *,
        collector: str = "collect-1",
        holder: str | None = None,
    ) -> None:
        """``collector`` is the one that polls the registry's devices; ``holder`` tells this process from other
        watches."""
        settle_s = registry.poll_interval_s if config.settle_s is None else config.settle_s
        self._correlator = Correlator(registry, settle_s, collector)
        self._ledger = ledger
        self._notifier = notifier
        self._clock = clock
        self._metrics = WatchMetrics(metrics)
        self._blindness = Blindness(BlindRule.of(config, registry), (collector,))
        self._clock_jump_s = config.clock_jump_s
        self._holder = holder or f"{socket.gethostname()}/{os.getpid()}"
        self._log = structlog.get_logger()
        self._state: State | None = None
        self._lease_ends_s = float("-inf")
        self._wall_minus_monotonic_s: float | None = None
        self._distrust_until_s = float("-inf")
        self._complained_at_s: float | None = None

    @property
    def leads(self) -> bool:
        """Whether the lease is held at this moment; safe to ask from another thread."""
        return self._clock.monotonic_s() < self._lease_ends_s

    def step(self) -> None:
        """One second's work. A ledger that does not answer is counted and said; nothing is lost by it."""
        now = self._clock.now()
        self._mind_the_clock(now)
        try:
            if self._take_lead(now):
                with self._metrics.step_s.time():
                    self._work(now)
                    self._notifier.dispatch(now)
            self._ledger_answers()
        except StoreUnavailable as error:
            self._ledger_is_silent(error)

    def stop(self) -> None:
        """Hand over at once instead of by time-out."""
        try:
            if self.leads:
                self._ledger.leases.release(LEASE, self._holder)
        except StoreUnavailable:
            self._log.info("the lease is left to run out", lease=LEASE)
        self._lease_ends_s = float("-inf")

    # --- the lease ---------------------------------------------------------------------------------------------

    def _take_lead(self, now: datetime) -> bool:
        asked_s, led = self._clock.monotonic_s(), self.leads
        if self._lease_ends_s - asked_s > RENEW_BEFORE_END_S:
            return True
        leads = self._ledger.leases.acquire(LEASE, self._holder, LEASE_TTL, now)
        self._lease_ends_s = asked_s + LEASE_TTL.total_seconds() if leads else float("-inf")
        self._metrics.leads.set(leads)
        if not (led and leads):
            self._state = None  # somebody else may have worked since
            self._blindness.look_away()
        if led != leads:
            self._log.info("this watch leads now" if leads else "another watch leads", holder=self._holder)
        return leads

    # --- the work ----------------------------------------------------------------------------------------------

    def _work(self, now: datetime) -> None:
        if self._state is None:
            self._state = decode(self._ledger.events.recall())
        stored = self._ledger.findings.unhandled(AT_A_TIME)
        findings = [s.finding for s in stored] + self._judge_blindness(self._state, now)
        step = self._correlator.run(self._state, findings, self._until(stored, now))
        if stored or step.changes or step.updated or step.state != self._state:
            self._commit(stored, step, now)

    def _until(self, stored: Sequence[StoredFinding], now: datetime) -> datetime | None:
        """How far time may pass: not beyond findings that are still to be read, and not while the clock is in doubt."""
        if self._clock.monotonic_s() < self._distrust_until_s:
            return None
        return stored[-1].finding.at if len(stored) == AT_A_TIME else now - DELIVERY_ALLOWANCE

    def _judge_blindness(self, state: State, now: datetime) -> list[Finding]:
        in_force = [c.finding for c in state.conditions.values() if c.finding.signal is Signal.BLIND]
        return self._blindness.judge(self._ledger.heartbeats.all(), in_force, now)

    def _commit(self, stored: Sequence[StoredFinding], step: Step, now: datetime) -> None:
        commit = WatchCommit(
            handled=[s.seq for s in stored],
            changes=step.changes,
            updated=step.updated,
            deliveries=self._notifier.plan(step.changes, now),
            memory=encode(step.state),
        )
        self._state = None  # until it is certain what the ledger holds
        if not self.leads:
            self._log.warning("the step took longer than the lease; it is left to whoever leads now")
            return
        self._ledger.events.commit(commit)
        self._state = step.state
        self._tell(stored, step, now)

    def _tell(self, stored: Sequence[StoredFinding], step: Step, now: datetime) -> None:
        self._metrics.findings.inc(len(stored))
        for finding in (s.finding for s in stored):
            self._metrics.finding_age_s.observe(max(0.0, (now - finding.at).total_seconds()))
        for change in step.changes:
            event = change.event
            self._metrics.changes.labels(event.kind.value, change.transition.value).inc()
            self._log.info(
                "event " + change.transition.value,
                event_id=event.id,
                kind=event.kind.value,
                subject=str(event.subject),
                severity=event.severity.value,
                reason=event.close_reason or event.reason,
                at=change.at.isoformat(),
            )
        kinds = [record.event.kind for record in step.state.events.values()]
        for kind in EventKind:
            self._metrics.open_events.labels(kind.value).set(kinds.count(kind))

    # --- what may go wrong -------------------------------------------------------------------------------------

    def _mind_the_clock(self, now: datetime) -> None:
        """The wall clock against the monotonic one, from step to step."""
        monotonic_s = self._clock.monotonic_s()
        before, self._wall_minus_monotonic_s = self._wall_minus_monotonic_s, now.timestamp() - monotonic_s
        if before is not None and abs(self._wall_minus_monotonic_s - before) > self._clock_jump_s:
            self._log.warning("the wall clock jumped", by_s=round(self._wall_minus_monotonic_s - before, 3))
            self._distrust_until_s = monotonic_s + DISTRUST_AFTER_JUMP_S
            self._lease_ends_s = float("-inf")  # by the wall clock it may have run out: ask again
            self._blindness.look_away()

    def _ledger_is_silent(self, error: StoreUnavailable) -> None:
        self._state = None
        self._blindness.look_away()
        self._metrics.ledger_unavailable.inc()
        monotonic_s = self._clock.monotonic_s()
        if self._complained_at_s is None or monotonic_s - self._complained_at_s >= COMPLAIN_EVERY_S:
            self._log.error("the ledger cannot be used; the watch goes on trying", reason=str(error))
            self._complained_at_s = monotonic_s

    def _ledger_answers(self) -> None:
        if self._complained_at_s is not None:
            self._log.info("the ledger answers again")
            self._complained_at_s = None
