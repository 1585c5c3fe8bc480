"""A disk that fills up under a running service: it says so, keeps what it can, and goes on by itself.

The store lies on a small tmpfs in a mount namespace of the test's own. That needs root: without it the tests are
skipped with the reason.
"""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from netmon.configuration import load_configuration
from netmon.model.sample import LinkSample
from netmon.store.open import open_ledger, open_series
from netmon.store.ports import Heartbeat
from tests.real.components import SKIP_PREFIX
from tests.real.http import HttpReceiver
from tests.real.service import Service, running_service, wait_for
from tests.real.simulated import Network, running_network

INTERVAL_S = 1
DISK_BYTES = 12 * 2**20
FULL_FOR_S = 8
LEAVES = 4
_CLONE_NEWNS = 0x00020000  # <linux/sched.h>

pytestmark = pytest.mark.timeout(180)


class Disk:
    """A small disk of one's own, at a path that every process of this machine can use."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self) -> None:
        """Write until there is not one block left."""
        with self._ballast.open("ab", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"\0" * 4096)
            except OSError as refused:
                if refused.errno != errno.ENOSPC:
                    raise

    def free(self) -> None:
        self._ballast.unlink()


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """A tmpfs in a mount namespace of this thread and of whatever it starts, for as long as the body runs.

    (SQLite follows links by itself, so a path through some other process's ``/proc/PID/root`` would not do.)
    """
    folder.mkdir(parents=True)
    libc, here = ctypes.CDLL(None, use_errno=True), Path.cwd()
    ours = os.open("/proc/thread-self/ns/mnt", os.O_RDONLY)
    try:
        if libc.unshare(_CLONE_NEWNS):
            reason = os.strerror(ctypes.get_errno())
            pytest.skip(f"{SKIP_PREFIX}a small disk of one's own needs root: unshare says {reason}")
        try:
            _mount("--make-rprivate", "/")
            _mount("-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "tmpfs", str(folder))
            yield Disk(folder)
        finally:
            assert libc.setns(ours, _CLONE_NEWNS) == 0, os.strerror(ctypes.get_errno())
            os.chdir(here)
    finally:
        os.close(ours)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running_network(tmp_path_factory.mktemp("agents"), LEAVES) as running:
        yield running


@contextmanager
def service_on(store: Path, network: Network, folder: Path, receiver: HttpReceiver) -> Iterator[Service]:
    """A service whose store is there, and which has seen rates of all links."""
    network.order(dark=set(), full=set(), down=set())
    more = {
        "store": {"path": str(store)},
        "watch": {"settle_s": 2, "heartbeat_missing_after_s": 4},
        "channels": [{"id": "hook", "type": "webhook", "url": receiver.url}],
        "alerts": {"routes": [{"match": {}, "to": ["hook"]}]},
    }
    with running_service(folder, network.configuration(folder, INTERVAL_S, **more)) as service:
        wait_for("rates", lambda: all(link["down"]["rate_bps"] for link in service.get("/api/v1/links")), 20)
        yield service


def samples(service: Service, link: str) -> list[LinkSample]:
    series = open_series(load_configuration(service.config).configuration.store)
    now = datetime.now(UTC)
    return list(series.link_samples(link, now - timedelta(minutes=5), now + timedelta(minutes=1)))


def everything(service: Service) -> dict[tuple[str, int], LinkSample]:
    names = [f"core-leaf-{n:02}" for n in range(1, LEAVES + 1)] + [f"leaf-{n:02}-lan" for n in range(1, LEAVES + 1)]
    return {(s.link_id, s.tick): s for name in names for s in samples(service, name)}


def metric(service: Service, name: str) -> float:
    """The collector's metric from the merged page; 0 where it is not there."""
    text = httpx.get(f"{service.url}/metrics", timeout=10).text
    found = [
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and sample.labels.get("process") == "collect-1"
    ]
    return sum(found)


def heartbeat(service: Service) -> Heartbeat:
    ledger = open_ledger(load_configuration(service.config).configuration.store)
    try:
        return next(beat for beat in ledger.heartbeats.all() if beat.process == "collect-1")
    finally:
        ledger.close()


def assert_nothing_is_missing(service: Service, since: float, until: float) -> None:
    """Every tick is there, and every octet: what could not be written was kept and came after."""
    for n in range(1, LEAVES + 1):
        found = [s for s in samples(service, f"core-leaf-{n:02}") if since <= s.at.timestamp() <= until]
        assert [b.tick - a.tick for a, b in pairwise(found)] == [INTERVAL_S] * (len(found) - 1)
        assert [s.down_octets for s in found[1:]] == [
            (b.down_counter or 0) - (a.down_counter or 0) for a, b in pairwise(found)
        ]


def test_a_full_store_is_said_and_nothing_is_missing_afterwards(
    network: Network, tmp_path: Path, http_receiver: HttpReceiver
) -> None:
    """Spool, series and ledger all stand on the full disk. An incident that begins meanwhile is told of afterwards."""
    with (
        small_disk(tmp_path / "disk") as disk,
        service_on(disk.path / "var", network, tmp_path, http_receiver) as service,
    ):
        pids = [service.child(name) for name in ("collect", "watch", "serve")]
        began, held = time.time() - 3, everything(service)
        disk.fill()
        filled_at = time.time()
        network.order(down={"core/leaf-02"})
        wait_for("the metric of refused commits", lambda: metric(service, "netmon_intake_commit_failures_total"), 20)
        wait_for("samples that wait", lambda: metric(service, "netmon_intake_pending_samples") > 2 * LEAVES, 20)
        time.sleep(max(0.0, filled_at + FULL_FOR_S - time.time()))
        said = service.log.read_text()
        assert "the spool cannot be written; samples are kept in memory" in said
        assert "the disk is full: free space on it; netmon goes on by itself" in said
        assert http_receiver.requests == []
        disk.free()
        freed_at = time.time()
        wait_for("the word of it", lambda: "the spool takes samples again" in service.log.read_text(), 10)
        wait_for("new samples", lambda: samples(service, "core-leaf-01")[-1].at.timestamp() > freed_at + 1, 40)
        wait_for("no sample waits", lambda: metric(service, "netmon_intake_pending_samples") < 2 * LEAVES + 1, 10)
        (event,) = wait_for("the cut's event", service.events, 10)
        assert (event["kind"], event["subject"]["id"]) == ("link_down", "core-leaf-02")
        assert filled_at - 1 < datetime.fromisoformat(event["opened_at"]).timestamp() < filled_at + 3
        network.order(down=set())
        wait_for("its close", lambda: service.events()[0]["closed_at"], 10)
        wait_for("both messages", lambda: len(http_receiver.requests) == 2, 10)
        wait_for("a heartbeat without a fault", lambda: not heartbeat(service).detail["spool_error"], 10)
        assert_nothing_is_missing(service, began, time.time() - 2)
        now = everything(service)
        assert {key: now.get(key) for key in held} == held
        assert [service.child(name) for name in ("collect", "watch", "serve")] == pids
    assert "Traceback" not in service.log.read_text()
    assert "died" not in service.log.read_text()


def test_a_full_series_disk_is_one_event_and_the_spool_keeps_everything(
    network: Network, tmp_path: Path, http_receiver: HttpReceiver
) -> None:
    """Only the series cannot be written: the heartbeat says so, on-call hears of it once, and the spool waits."""
    store = tmp_path / "var"
    store.mkdir(mode=0o700)
    with small_disk(tmp_path / "disk") as disk:
        (disk.path / "series").mkdir(mode=0o700)
        (store / "series").symlink_to(disk.path / "series")
        with service_on(store, network, tmp_path, http_receiver) as service:
            began, held = time.time() - 3, everything(service)
            disk.fill()
            wait_for(
                "the heartbeat's word", lambda: "disk is full" in str(heartbeat(service).detail["store_error"]), 20
            )
            (event,) = wait_for("the event", service.events, 20)
            assert (event["kind"], event["subject"]["id"], event["reason"]) == (
                "blind",
                "collect-1",
                "store_unreachable",
            )
            assert metric(service, "netmon_store_spool_entries") > 3
            assert metric(service, "netmon_store_forward_failures_total") > 1
            assert metric(service, "netmon_intake_commit_failures_total") == 0
            disk.free()
            wait_for("its close", lambda: service.events()[0]["closed_at"], 40)
            wait_for("an empty spool", lambda: metric(service, "netmon_store_spool_entries") <= 1, 10)
            wait_for("both messages", lambda: len(http_receiver.requests) == 2, 10)
            assert_nothing_is_missing(service, began, time.time() - 2)
            now = everything(service)
            assert {key: now.get(key) for key in held} == held
            assert len(service.events()) == 1
        said = service.log.read_text()
        assert "forwarder.held_up" in said
        assert "forwarder.recovered" in said
        assert "Traceback" not in said
