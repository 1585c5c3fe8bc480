"""A device's first poll after kill -9 and restart yields rates, for every device that had them.

Twenty-five real agents: two speak SNMP 1 and twenty-two 2c, asked by the batch engine, and one speaks 3, asked by
gufo. What a rate takes (the last counters) and what a poll by known OIDs takes (the learned layouts) is in the spool.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from netmon.configuration import load_configuration
from netmon.model.counters import GAP_INTERVALS
from netmon.model.sample import Flag, LinkSample
from netmon.store.open import open_series
from netmon.store.ports import SeriesStore
from tests.real.service import Service, running_service, wait_for
from tests.real.simulated import Network, running_network

INTERVAL_S = 3
LEAVES = 24
VERSIONS = {f"leaf-{n:02}": "2c" for n in range(1, LEAVES + 1)} | {
    "core": "2c",
    "leaf-01": "1",
    "leaf-02": "1",
    "leaf-03": "3",
}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running_network(tmp_path_factory.mktemp("agents"), LEAVES, VERSIONS) as running:
        yield running


@pytest.mark.parametrize("kills", [1, 3], ids=["once", "again and again before it has polled"])
def test_first_poll_after_kill_9_has_a_rate_for_every_device_that_had_one(
    network: Network, tmp_path: Path, kills: int
) -> None:
    with running_service(tmp_path, network.configuration(tmp_path, INTERVAL_S)) as service:
        store = load_configuration(service.config).configuration.store
        series, links = open_series(store), [link["id"] for link in service.configuration["links"]]
        wait_for("a rate of every link", lambda: len(rated(series)) == len(links), 40)
        walked = network.walked()
        assert all(walked.values()), "every table was walked once, by agents that count it"
        first_killed_at, killed_at = kill_collect(service, kills)
        settled_at = wait_for("a second rate of every link", lambda: two_of_each(series, links, killed_at), 40, 0.5)
        assert network.walked() == walked, "nothing is walked again: the layouts have survived"
    for link in links:
        samples = series.link_samples(link, utc(first_killed_at - 60), utc(settled_at))
        before = [sample for sample in samples if sample.at <= utc(killed_at)][-1]
        assert_goes_on(before, next(sample for sample in samples if sample.at > utc(killed_at)))
    assert service.log.read_text().count("collect died (killed by SIGKILL)") == kills
    assert "Traceback" not in service.log.read_text()


def assert_goes_on(before: LinkSample, first: LinkSample) -> None:
    """The first sample of the new process has the rate of all that moved since the last one of the old."""
    assert before.down_counter is not None
    assert first.down_counter is not None
    assert first.interval_s is not None
    assert first.interval_s == pytest.approx((first.at - before.at).total_seconds(), abs=0.25)
    assert first.flags & ~Flag.WRAP == (Flag.GAP if first.interval_s > GAP_INTERVALS * INTERVAL_S else Flag.NONE)
    assert first.down_octets == (first.down_counter - before.down_counter) % 2**32
    assert first.down_bps == pytest.approx(40e6, rel=0.15)
    assert first.up_bps == pytest.approx(20e6, rel=0.15)


def kill_collect(service: Service, kills: int) -> tuple[float, float]:
    """kill -9 so often, each time as soon as the supervisor has started it again; when the first and last were."""
    killed_at = []
    for _ in range(kills):
        victim = wait_for("collect is there", lambda: service.child("collect"), 20, 0.02)
        killed_at.append(time.time())
        service.kill("collect")
        wait_for("it is dead", lambda victim=victim: service.child("collect") != victim, 5, 0.02)  # type: ignore[misc]
    return killed_at[0], killed_at[-1]


def rated(series: SeriesStore) -> Mapping[str, LinkSample]:
    newest = series.latest_links(utc(time.time() - 2 * INTERVAL_S))
    return {link: sample for link, sample in newest.items() if sample.down_bps is not None}


def two_of_each(series: SeriesStore, links: list[str], killed_at: float) -> float:
    """Unix seconds now, once every link has two samples of the new process; else 0."""
    now_s = time.time()
    have = (series.link_samples(link, utc(killed_at), utc(now_s)) for link in links)
    return now_s if all(len([s for s in samples if s.at > utc(killed_at)]) >= 2 for samples in have) else 0.0


def utc(unix_s: float) -> datetime:
    return datetime.fromtimestamp(unix_s, UTC)
