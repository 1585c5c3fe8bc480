"""Cron-like jobs on the real APScheduler and a real ledger: once under a lease, never dropped in silence."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import CollectorRegistry

from netmon.model.clock import Clock, SystemClock
from netmon.model.poll import Outcome
from netmon.model.sample import Batch, DeviceSample
from netmon.store.config import Retention
from netmon.store.ledger import SqlLedger
from netmon.store.memory import MemorySeries
from netmon.store.ports import StoreUnavailable
from netmon.watch.jobs import MISFIRE_GRACE_S, QUIET_HOUR, Jobs
from tests.unit.events.provinces import province
from tests.unit.watch.stage import TurnedClock, open_ledger

REGISTRY = province({"core": ("72.71", "")})


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    opened = open_ledger(tmp_path)
    yield opened
    opened.close()


def jobs_of(
    ledger: SqlLedger,
    holder: str = "watch-1",
    *,
    leads: bool = True,
    series: MemorySeries | None = None,
    metrics: CollectorRegistry | None = None,
    clock: Clock | None = None,
    quiet_hour: int = QUIET_HOUR,
) -> Jobs:
    return Jobs(
        REGISTRY,
        series or MemorySeries(),
        ledger,
        Retention(),
        clock or SystemClock(),
        metrics or CollectorRegistry(),
        is_held=lambda: leads,
        holder=holder,
        quiet_hour=quiet_hour,
    )


def test_lesson_37_four_watches_run_a_job_once(ledger: SqlLedger) -> None:
    ran: list[str] = []
    watches = [jobs_of(ledger, f"watch-{n}") for n in range(4)]  # all of them believe that they lead
    threads = [
        threading.Thread(target=jobs.run_once, args=("retention", lambda n=n: ran.append(str(n))))
        for n, jobs in enumerate(watches)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ran) == 1


def test_lesson_37_a_watch_that_does_not_lead_runs_nothing(ledger: SqlLedger) -> None:
    ran: list[str] = []
    metrics = CollectorRegistry()
    jobs_of(ledger, leads=False, metrics=metrics).run_once("retention", lambda: ran.append("ran"))
    assert ran == []
    labels = {"job": "retention", "outcome": "left_to_another"}
    assert metrics.get_sample_value("netmon_watch_jobs_total", labels) == 1


def test_lesson_38_grace_coalescing_and_no_overlap_are_explicit(ledger: SqlLedger) -> None:
    jobs = jobs_of(ledger)
    jobs.start()
    try:
        scheduled = {job.id: job for job in jobs.scheduled()}
        assert scheduled.keys() == {"series_retention", "ledger_retention"}
        for job in scheduled.values():
            assert (job.misfire_grace_time, job.coalesce, job.max_instances) == (MISFIRE_GRACE_S, True, 1)
    finally:
        jobs.stop()


def test_lesson_38_a_missed_run_is_counted(ledger: SqlLedger) -> None:
    metrics, clock = CollectorRegistry(), TurnedClock()
    clock.wall = datetime.now(UTC) - timedelta(days=1)  # the service was started a day ago and then had no time
    half_a_day_off = (datetime.now(ZoneInfo(REGISTRY.timezone)).hour + 12) % 24
    jobs = jobs_of(ledger, metrics=metrics, clock=clock, quiet_hour=half_a_day_off)
    counted = {"job": "series_retention", "outcome": "missed"}
    jobs.start()
    try:
        waited = threading.Event()
        for _ in range(100):
            if metrics.get_sample_value("netmon_watch_jobs_total", counted):
                break
            waited.wait(0.05)
    finally:
        jobs.stop()
    assert metrics.get_sample_value("netmon_watch_jobs_total", counted) == 1


def test_lesson_39_the_quiet_hour_is_the_provinces_own(ledger: SqlLedger) -> None:
    jobs = jobs_of(ledger)
    jobs.start()
    try:
        for job in jobs.scheduled():
            fire = job.trigger.get_next_fire_time(None, datetime(2026, 11, 21, tzinfo=UTC))
            assert fire.astimezone(ZoneInfo("Asia/Makassar")).hour == QUIET_HOUR
            assert fire.astimezone(UTC).hour == (QUIET_HOUR - 8) % 24
    finally:
        jobs.stop()


def test_retention_deletes_what_is_older_than_configured(ledger: SqlLedger) -> None:
    series, now = MemorySeries(), datetime.now(UTC)
    old, young = now - timedelta(days=20), now - timedelta(days=1)
    for at in (old, young):
        series.write(Batch(devices=(DeviceSample("core", int(at.timestamp()), at, Outcome.COMPLETE, 0.1),)))
    jobs = jobs_of(ledger, series=series)
    jobs.run_once("series_retention", jobs.retire_series)
    jobs.run_once("ledger_retention", jobs.retire_ledger)
    assert series.latest_devices(old - timedelta(days=1))["core"].at == young
    assert series.retire(now - timedelta(days=14)) == 0


def test_a_job_that_fails_is_counted_and_harms_nothing(ledger: SqlLedger) -> None:
    def breaks(error: Exception) -> None:
        raise error

    metrics = CollectorRegistry()
    jobs = jobs_of(ledger, metrics=metrics)
    jobs.run_once("retention", lambda: breaks(StoreUnavailable("the disk is full")))
    jobs.run_once("retention", lambda: breaks(ValueError("a fault of ours")))
    labels = {"job": "retention", "outcome": "failed"}
    assert metrics.get_sample_value("netmon_watch_jobs_total", labels) == 2
