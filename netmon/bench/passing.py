"""One pass: the real collector polls every device for so many rounds, with a pipeline behind it, under a stopwatch."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice

from prometheus_client import CollectorRegistry

from collectors.poller.collector import Collector
from collectors.poller.garbage import spare_what_stays
from collectors.poller.metrics import CollectorMetrics
from collectors.snmp.engines import standard_engines
from netmon.bench import samples
from netmon.bench.checking import Checker, WrongValue
from netmon.bench.learning import Varbinds
from netmon.bench.pipeline import Pipeline
from netmon.bench.result import descriptors, resident_mb
from netmon.bench.stopwatch import Stopwatch
from netmon.model.clock import Clock
from netmon.model.poll import Outcome, PollReport
from netmon.model.registry import Registry

_AT_ONCE = 400
"""Devices whose polls are under way in a round; those that were silent before do not count, for they take seconds."""
_PATIENCE_S = 300.0


class BenchFailed(Exception):
    """It could not be measured. The text says why, and what would help."""


@dataclass(slots=True)
class Tally:
    """What was seen while the stopwatch ran."""

    polls: int = 0
    timeouts: int = 0
    incomplete: int = 0
    """Answered, and not all of it."""
    varbinds: int = 0
    elapsed_s: list[float] = field(default_factory=list)
    """Of every poll that was answered."""


class _InRounds(Collector):
    """A collector whose devices have no turns of their own: they are polled when somebody asks for it."""

    def _turn(self, subject: object, due_s: float) -> None:
        """Let it pass."""


class Pass:
    """``layouts`` by device id is what the first poll knows already; what is learned is added."""

    def __init__(
        self, registry: Registry, pipeline: Pipeline, checker: Checker, clock: Clock, layouts: dict[str, bytes]
    ) -> None:
        self._registry = registry
        self._pipeline = pipeline
        self._checker = checker
        self._clock = clock
        self._layouts = layouts
        self._varbinds = Varbinds(layouts)
        self._accept = pipeline.accept
        self._waiting: set[str] = set()
        self._all_in = asyncio.Event()
        self._silent: set[str] = set()
        self._due: Iterator[str] = iter(())
        self._ask: Callable[[str], bool] = lambda device_id: False
        self._round_is_on = False
        self._unlooked: list[PollReport] = []
        """The reports of a round. They are checked when it is over: beside it, the checker's memory would push the
        collector's out of the processor's caches."""
        self._wrong: WrongValue | None = None
        self.watch = Stopwatch()
        self.tally = Tally()
        self.last_round_s = 0.0
        self.rss_mb, self.fds = 0.0, 0
        """At the end, while all sockets are still open."""

    async def in_rounds(self, rounds: int, began: Callable[[], None]) -> None:
        """Every device once a round, as fast as they answer. A round begins with a slot, since a slot has one rate.
        One more round is before the clock; ``began`` is told when that is over."""
        collector = self._collector(_InRounds)
        async with self._running(collector):
            await self._round(collector)
            self._begin(began)
            self.watch.start()
            for _ in range(rounds):
                await self._round(collector)
            await self._end()

    async def paced(self, intervals: int, began: Callable[[], None]) -> None:
        """By the collector's own schedule, for so many intervals after a first one that is before the clock."""
        interval_s = self._registry.poll_interval_s
        async with self._running(self._collector(Collector)):
            await self._rest(interval_s, asyncio.Event())
            self._begin(began)
            self.watch.start()
            await self._rest(intervals * interval_s, asyncio.Event())
            await self._end()

    def _begin(self, began: Callable[[], None]) -> None:
        self.tally = Tally()
        spare_what_stays()  # as the collector's process does when its devices are known
        began()

    async def _end(self) -> None:
        await self._pipeline.settle()
        self.watch.stop()
        self.rss_mb, self.fds = resident_mb(), descriptors()
        if trouble := self._pipeline.trouble:
            raise BenchFailed(trouble)
        if self._wrong:
            raise self._wrong
        self._checker.values_checked += samples.check(self._pipeline, self._checker.last_step)

    def _collector(self, kind: type[Collector]) -> Collector:
        return kind(
            self._registry,
            standard_engines(self._clock),
            deliver=self._deliver,
            clock=self._clock,
            recall=self._layouts,
            remember=self._remember,
            metrics=CollectorMetrics(CollectorRegistry()),
        )

    @asynccontextmanager
    async def _running(self, collector: Collector) -> AsyncIterator[None]:
        self._pipeline.open()
        await collector.start()
        tasks = [asyncio.create_task(collector.run()), asyncio.create_task(self._pipeline.keep_flushing())]
        try:
            yield
        finally:
            await collector.stop(patience_s=0.0)
            tasks[1].cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            self._pipeline.close()
        for fault in (end for end in ends if isinstance(end, Exception)):
            raise fault

    async def _round(self, collector: Collector) -> None:
        interval_s = self._registry.poll_interval_s
        await asyncio.sleep(interval_s - time.time() % interval_s)
        began_s = time.monotonic()
        self._waiting = set(self._registry.devices)
        self._all_in.clear()
        self._ask = collector.poll_soon
        self._round_is_on = True
        self._due = iter([device for device in self._registry.devices if device not in self._silent])
        for device_id in (*self._silent, *islice(self._due, _AT_ONCE)):
            self._ask(device_id)
        await self._rest(_PATIENCE_S, self._all_in)
        if self._waiting:
            raise BenchFailed(f"{len(self._waiting)} devices gave no report within {_PATIENCE_S:g} s")
        self.last_round_s = time.monotonic() - began_s
        self._round_is_on = False
        with self.watch.apart():
            self._look(self._unlooked)
        self._unlooked.clear()
        if self._wrong:
            raise self._wrong

    async def _rest(self, at_most_s: float, done: asyncio.Event) -> None:
        """Until it is done, or so long; a wrong value ends it at once."""
        until_s = time.monotonic() + at_most_s
        while not done.is_set() and (left_s := until_s - time.monotonic()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left_s, 1.0)):  # wait_for may swallow a Ctrl-C (Python 3.11)
                    await done.wait()
            if self._wrong:
                raise self._wrong
            with self.watch.apart():
                self._pipeline.tidy()

    def _remember(self, device_id: str, layout: bytes | None) -> None:
        self._pipeline.remember(device_id, layout)
        if layout is not None:
            self._layouts[device_id] = layout

    def _deliver(self, reports: Sequence[PollReport]) -> None:
        self._accept(reports)
        arrived = [report.device_id for report in reports]
        self._waiting.difference_update(arrived)
        for device_id in islice(self._due, len(arrived)):
            self._ask(device_id)
        if not self._waiting:
            self._all_in.set()
        if self._round_is_on:
            self._unlooked += reports
        else:
            with self.watch.apart():
                self._look(reports)

    def _look(self, reports: Sequence[PollReport]) -> None:
        """Count what came, and check every value of it."""
        for report in reports:
            self.tally.polls += 1
            self.tally.timeouts += report.outcome is Outcome.TIMEOUT
            if not report.outcome.answered:
                self._silent.add(report.device_id)
            else:
                self._silent.discard(report.device_id)
                self.tally.incomplete += report.outcome is not Outcome.COMPLETE
                self.tally.varbinds += self._varbinds.of(report)
                self.tally.elapsed_s.append(report.elapsed_s)
        try:
            self._checker.check(reports)
        except WrongValue as wrong:
            self._wrong = self._wrong or wrong
