"""The forwarder: empties the spool into the series store and the ledger, and forgets only what they confirmed."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from netmon.model.columns import LinkSamples
from netmon.model.sample import Batch
from netmon.store.ports import FindingLog, SeriesStore, Spool, Spooled, StoreUnavailable

_ENTRIES_AT_ONCE = 60
"""A minute of commits in one write: what catches up after an outage."""
_ROWS_AT_ONCE = 50_000
"""And still small in memory, some 20 MB, however much a second of polling brings."""
_PAUSE_S = 0.25
_FIRST_BACKOFF_S = 1.0
_LONGEST_BACKOFF_S = 30.0


class ForwarderMetrics:
    """What was handed on, what failed, and what waits."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.forwarded = Counter(
            "netmon_store_forwarded_entries_total", "Spool entries confirmed", ["target"], registry=registry
        )
        self.failures = Counter("netmon_store_forward_failures_total", "Failed writes", ["target"], registry=registry)
        self.depth = Gauge("netmon_store_spool_entries", "Spool entries not yet confirmed", registry=registry)
        self.size = Gauge("netmon_store_spool_bytes", "Size of the spool's file", registry=registry)


class Forwarder:
    """One collector's way from spool to stores, in one thread. Either target may fail without holding up the other."""

    def __init__(
        self,
        spool: Spool,
        series: SeriesStore,
        findings: FindingLog,
        metrics: CollectorRegistry,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spool = spool
        self._metrics = ForwarderMetrics(metrics)
        self._now_s = monotonic_s
        self._routes = (
            _Route("series", spool.pending_batches, lambda some: series.write(_joined(some)), spool.confirm_batches),
            _Route("ledger", spool.pending_findings, lambda some: _record(findings, some), spool.confirm_findings),
        )

    @property
    def store_error(self) -> str | None:
        """What stands in the way now, for the heartbeat; None when all is well."""
        return "; ".join(route.error for route in self._routes if route.error) or None

    def step(self) -> bool:
        """Hand on some of what waits, to each target that is not backing off. True where it is worth going on."""
        moved = [self._advance(route) for route in self._routes]
        if any(moved):
            self._measure()
        return any(moved)

    def run(self, stop: threading.Event) -> None:
        """Until ``stop``, then once more for what came last; what cannot go then waits in the spool."""
        while not stop.is_set():
            if not self.step():
                stop.wait(_PAUSE_S)
        self.step()

    def _advance(self, route: "_Route") -> bool:
        if self._now_s() < route.not_before_s:
            return False
        try:
            moved = route.advance()
        except Exception as error:
            self._back_off(route, error)
            return False
        if route.error:
            structlog.get_logger().info("forwarder.recovered", target=route.target)
        route.error, route.backoff_s = None, _FIRST_BACKOFF_S
        self._metrics.forwarded.labels(route.target).inc(moved)
        return moved > 0

    def _back_off(self, route: "_Route", error: Exception) -> None:
        """Whatever it was, the thread lives on (lesson 27): a dead forwarder would be a silent loss."""
        known = isinstance(error, StoreUnavailable)
        route.error = str(error) if known else f"{route.target}: {type(error).__name__}: {error}"
        route.not_before_s = self._now_s() + route.backoff_s
        structlog.get_logger().error(
            "forwarder.held_up",
            target=route.target,
            error=route.error,
            next_try_in_s=route.backoff_s,
            exc_info=None if known else error,
        )
        route.backoff_s = min(route.backoff_s * 2, _LONGEST_BACKOFF_S)
        self._metrics.failures.labels(route.target).inc()
        self._measure()

    def _measure(self) -> None:
        try:
            entries, size = self._spool.depth()
        except StoreUnavailable:
            return  # the routes say so already
        self._metrics.depth.set(entries)
        self._metrics.size.set(size)


@dataclass(slots=True)
class _Route:
    """One target: where its entries come from, how they are written, and how it fares."""

    target: str
    pending: Callable[[int], Sequence[Spooled]]
    write: Callable[[Sequence[Spooled]], None]
    confirm: Callable[[Sequence[int]], None]
    error: str | None = None
    backoff_s: float = _FIRST_BACKOFF_S
    not_before_s: float = float("-inf")
    at_once: int = 1
    """Entries; learned from how great the last ones were."""

    def advance(self) -> int:
        """Write the oldest entries, then confirm them: after a crash in between they are written again, a no-op."""
        some = self.pending(self.at_once)
        if some:
            self.write(some)
            self.confirm([entry.seq for entry in some])
            rows = sum(len(entry.batch) + len(entry.findings) for entry in some)
            self.at_once = min(max(1, _ROWS_AT_ONCE * len(some) // max(1, rows)), _ENTRIES_AT_ONCE)
        return len(some)


def _joined(entries: Sequence[Spooled]) -> Batch:
    links = LinkSamples.joined([LinkSamples.of(entry.batch.links) for entry in entries])
    devices = tuple(sample for entry in entries for sample in entry.batch.devices)
    return Batch(links, devices)


def _record(findings: FindingLog, entries: Sequence[Spooled]) -> None:
    findings.record([found for entry in entries for found in entry.findings])
