"""Cron-like jobs: daily retention, at a quiet hour of the province. Instants are UTC inside; only the hour is local.

APScheduler's defaults drop a job that is a second late without a word; here the grace is explicit, runs that piled up
are one, no job overlaps itself, and a missed run is counted. A job runs in one watch only: the one that leads, and
under a lease of the job's own, so that a change of leadership in the same minute does not run it twice.
"""

import os
import socket
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from apscheduler.events import EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.job import Job
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from prometheus_client import CollectorRegistry, Counter

from netmon.model.clock import Clock
from netmon.model.registry import Registry
from netmon.store.config import Retention
from netmon.store.ports import Leases, SeriesStore, StoreUnavailable

QUIET_HOUR = 2
MISFIRE_GRACE_S = 6 * 3600
"""A machine that was busy or asleep at the hour still runs the job until morning."""
FIRST_RUN_AFTER = timedelta(minutes=2)
"""After a start: where the power is cut every night, retention must not wait for a night without a cut."""
ONCE_PER = timedelta(hours=12)
"""How long the job's own lease keeps a second run away."""


class JobLedger(Protocol):
    """The part of the ledger that jobs work with."""

    @property
    def leases(self) -> Leases: ...

    def retire(self, before: datetime) -> int: ...


class Jobs:
    """The jobs of one watch. ``start()`` starts a thread; ``stop()`` waits for what is running."""

    def __init__(
        self,
        registry: Registry,
        series: SeriesStore,
        ledger: JobLedger,
        retention: Retention,
        clock: Clock,
        metrics: CollectorRegistry,
        *,
        is_held: Callable[[], bool],
        holder: str | None = None,
        quiet_hour: int = QUIET_HOUR,
    ) -> None:
        """``is_held`` says whether this process leads at this moment; ``quiet_hour`` is the province's own."""
        self._series = series
        self._ledger = ledger
        self._retention = retention
        self._clock = clock
        self._is_held = is_held
        self._holder = holder or f"{socket.gethostname()}/{os.getpid()}"
        self._log = structlog.get_logger()
        self._runs = Counter(
            "netmon_watch_jobs", "Runs of jobs by how they ended", ["job", "outcome"], registry=metrics
        )
        self._scheduler = BackgroundScheduler(timezone=registry.timezone)
        self._scheduler.add_listener(self._on_missed, EVENT_JOB_MISSED)
        self._timezone = registry.timezone
        self._quiet_hour = quiet_hour

    def start(self) -> None:
        self.daily("series_retention", self.retire_series, minute=10)
        self.daily("ledger_retention", self.retire_ledger, minute=20)
        self._scheduler.start()

    def stop(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def scheduled(self) -> Sequence[Job]:
        """What is planned, as the scheduler has it."""
        return self._scheduler.get_jobs()  # type: ignore[no-any-return]

    def daily(self, name: str, work: Callable[[], None], *, minute: int) -> None:
        """Once a day at the quiet hour, local time, and soon after a start."""
        self._scheduler.add_job(
            self.run_once,
            CronTrigger(hour=self._quiet_hour, minute=minute, timezone=self._timezone),
            args=(name, work),
            id=name,
            misfire_grace_time=MISFIRE_GRACE_S,
            coalesce=True,
            max_instances=1,
            next_run_time=self._clock.now() + FIRST_RUN_AFTER,
        )

    def run_once(self, name: str, work: Callable[[], None]) -> None:
        """Run a job here if it falls to this process; whatever happens is counted, and nothing escapes."""
        try:
            if not self._falls_to_us(name):
                return self._count(name, "left_to_another")
            work()
        except StoreUnavailable as error:
            self._log.error("job failed; it comes again with the next run", job=name, reason=str(error))
            return self._count(name, "failed")
        except Exception:
            self._log.exception("job broke", job=name)
            return self._count(name, "failed")
        return self._count(name, "done")

    def retire_series(self) -> None:
        """Delete samples that are older than the configuration keeps them."""
        before = self._clock.now() - timedelta(days=self._retention.raw_days)
        self._log.info("samples retired", before=before.isoformat(), days=self._series.retire(before))

    def retire_ledger(self) -> None:
        """Delete closed events and handled findings that are older than the configuration keeps them."""
        before = self._clock.now() - timedelta(days=self._retention.events_days)
        self._log.info("events retired", before=before.isoformat(), rows=self._ledger.retire(before))

    def _falls_to_us(self, name: str) -> bool:
        return self._is_held() and self._ledger.leases.acquire(f"job/{name}", self._holder, ONCE_PER, self._clock.now())

    def _count(self, name: str, outcome: str) -> None:
        self._runs.labels(name, outcome).inc()

    def _on_missed(self, event: JobExecutionEvent) -> None:
        self._log.warning("job missed its time", job=event.job_id, due=event.scheduled_run_time.isoformat())
        self._count(event.job_id, "missed")
