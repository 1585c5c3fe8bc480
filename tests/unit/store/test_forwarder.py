"""The forwarder over real files: nothing is forgotten before it is confirmed, and no target waits for the other."""

import itertools
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from netmon.model.columns import LinkSamples
from netmon.model.finding import Finding
from netmon.model.sample import Batch
from netmon.store.forwarder import Forwarder
from netmon.store.ledger import SqlLedger
from netmon.store.memory import MemorySeries, MemorySpool
from netmon.store.ports import Spooled, SpoolEntry, StoredFinding
from netmon.store.sqlite import SqliteSeries
from tests.samples import NOON, finding, link_sample


class Stage:
    """A spool with forwarder, series files and ledger, and hands to break and mend them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now_s = 0.0
        self.spool = MemorySpool()
        self.series = SqliteSeries(folder)
        self.series.open()
        self.ledger = SqlLedger(f"sqlite:///{folder / 'ledger.db'}")
        self.ledger.migrate()
        self.metrics = CollectorRegistry()
        self.forwarder = Forwarder(self.spool, self.series, self.ledger.findings, self.metrics, lambda: self.now_s)

    def commit(self, minute: int) -> None:
        at = NOON + timedelta(minutes=minute)
        self.spool.commit(SpoolEntry(Batch((link_sample(at),)), (finding(at),)))

    def arrived(self) -> tuple[int, int]:
        """(samples in the series, findings in the ledger)."""
        samples = self.series.link_samples("palu-poso", NOON, NOON + timedelta(hours=6))
        return len(samples), len(self.ledger.findings.unhandled(1000))

    def metric(self, name: str, target: str | None = None) -> float | None:
        return self.metrics.get_sample_value(name, {"target": target} if target else {})

    def break_series(self) -> None:
        """A file where the folder was: every write fails, as root too."""
        self.series.close()
        os.rename(self.folder / "series", self.folder / "away")
        (self.folder / "series").touch()

    def mend_series(self) -> None:
        (self.folder / "series").unlink()
        os.rename(self.folder / "away", self.folder / "series")

    def rename_findings(self, before: str, after: str) -> None:
        with closing(sqlite3.connect(self.folder / "ledger.db")) as db:
            db.execute(f"ALTER TABLE {before} RENAME TO {after}")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.series.close()
    stage.ledger.close()


def test_everything_arrives_and_is_forgotten(stage: Stage) -> None:
    for minute in range(100):
        stage.commit(minute)
    while stage.forwarder.step():
        pass
    assert stage.arrived() == (100, 100)
    assert stage.spool.depth()[0] == 0
    assert stage.forwarder.store_error is None
    assert stage.metric("netmon_store_forwarded_entries_total", "series") == 100
    assert stage.metric("netmon_store_spool_entries") == 0


def test_a_series_store_that_fails_does_not_hold_up_findings_and_loses_nothing(stage: Stage) -> None:
    stage.break_series()
    stage.commit(0)
    with capture_logs() as logs:
        assert stage.forwarder.step()
    assert [(log["event"], log["target"]) for log in logs] == [("forwarder.held_up", "series")]
    assert len(stage.ledger.findings.unhandled(10)) == 1
    assert "series" in str(stage.forwarder.store_error)
    assert stage.spool.depth()[0] == 1
    stage.mend_series()
    stage.now_s += 1.0
    assert stage.forwarder.step()
    assert stage.arrived() == (1, 1)
    assert stage.forwarder.store_error is None


def test_a_ledger_that_fails_does_not_hold_up_samples_and_loses_nothing(stage: Stage) -> None:
    stage.rename_findings("finding", "gone")
    stage.commit(0)
    assert stage.forwarder.step()
    assert "ledger" in str(stage.forwarder.store_error)
    assert len(stage.series.link_samples("palu-poso", NOON, NOON + timedelta(minutes=1))) == 1
    stage.rename_findings("gone", "finding")
    stage.now_s += 1.0
    assert stage.forwarder.step()
    assert stage.arrived() == (1, 1)


def test_it_backs_off_up_to_half_a_minute(stage: Stage) -> None:
    stage.break_series()
    stage.commit(0)
    failed_at = []
    for _ in range(200):
        before = stage.metric("netmon_store_forward_failures_total", "series") or 0
        stage.forwarder.step()
        if (stage.metric("netmon_store_forward_failures_total", "series") or 0) > before:
            failed_at.append(stage.now_s)
        stage.now_s += 0.5
    assert [b - a for a, b in itertools.pairwise(failed_at)] == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


class CountingSpool(MemorySpool):
    """Notes how many entries it gave away at once."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[int] = []

    def pending_batches(self, limit: int) -> Sequence[Spooled]:
        found = super().pending_batches(limit)
        self.given.append(len(found))
        return found


@pytest.mark.parametrize(("links", "most_at_once"), [(1, 60), (5_000, 10)])
def test_a_backlog_is_taken_in_portions_that_stay_small_in_memory(links: int, most_at_once: int) -> None:
    spool = CountingSpool()
    for minute in range(80):
        at = NOON + timedelta(minutes=minute)
        figures = LinkSamples.of([link_sample(at)]).figures.repeat(links)
        spool.commit(SpoolEntry(Batch(LinkSamples([f"link-{i}" for i in range(links)], figures))))
    forwarder = Forwarder(spool, _Taker(), _Nobody(), CollectorRegistry())
    while forwarder.step():
        pass
    assert spool.depth()[0] == 0
    assert sum(spool.given) == 80
    assert max(spool.given) == most_at_once


class _Taker(MemorySeries):
    """Takes what it is given."""

    def write(self, batch: Batch) -> None:
        assert len(batch) > 0


class ForgetfulSpool(MemorySpool):
    """Dies between the write and the confirmation, once."""

    died = False

    def confirm_batches(self, seqs: Sequence[int]) -> None:
        if not self.died:
            self.died = True
            raise RuntimeError("killed here")
        super().confirm_batches(seqs)


def test_lesson_27_a_crash_before_the_confirmation_repeats_harmlessly_and_the_thread_lives() -> None:
    spool, series, metrics = ForgetfulSpool(), MemorySeries(), CollectorRegistry()
    spool.commit(SpoolEntry(Batch((link_sample(),))))
    now_s = [0.0]
    forwarder = Forwarder(spool, series, _Nobody(), metrics, lambda: now_s[0])
    assert not forwarder.step()
    assert forwarder.store_error == "series: RuntimeError: killed here"
    now_s[0] = 1.0
    assert forwarder.step()
    assert series.link_samples("palu-poso", NOON, NOON + timedelta(minutes=1)) == [link_sample()]
    assert spool.depth()[0] == 0


class _Nobody:
    def record(self, findings: Sequence[Finding]) -> None:
        raise AssertionError("there were no findings")

    def unhandled(self, limit: int) -> Sequence[StoredFinding]:
        return []


def test_lesson_29_a_long_outage_arrives_whole_with_its_own_times(stage: Stage) -> None:
    stage.break_series()
    for minute in range(360):
        stage.commit(minute)
        stage.forwarder.step()
        stage.now_s += 60.0
    stage.mend_series()
    stage.now_s += 30.0
    while stage.forwarder.step():
        pass
    found = stage.series.link_samples("palu-poso", NOON, NOON + timedelta(hours=6))
    assert [sample.at for sample in found] == [NOON + timedelta(minutes=minute) for minute in range(360)]


def test_it_runs_in_a_thread_and_hands_on_what_came_last(stage: Stage) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stage.forwarder.run, args=(stop,))
    thread.start()
    stage.commit(0)
    deadline = time.monotonic() + 10
    while stage.spool.depth()[0] and time.monotonic() < deadline:
        time.sleep(0.01)
    stage.commit(1)
    stop.set()
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert stage.arrived() == (2, 2)
