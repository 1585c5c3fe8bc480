"""The field's lessons over the whole service: real agents in, events and messages out.

One run with simulated routers feeds most of them, since each goes wrong on leaves of its own; lesson 7 has a real
Net-SNMP agent with SNMPv3.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from netmon.configuration import load_configuration
from netmon.model.sample import Flag, LinkSample
from netmon.store.open import open_series
from netmon.store.ports import SeriesStore
from tests.real import components
from tests.real.components import require
from tests.real.fixtures import V3_USER
from tests.real.http import HttpReceiver, running_http_receiver
from tests.real.service import Service, running_service, wait_for
from tests.real.simulated import Network, running_network
from tests.real.snmpd import running_snmpd

INTERVAL_S = 3
LEAVES = 20
DEAD = tuple(f"leaf-{n:02}" for n in range(11, 21))
"""Half of the leaves: five whole regions of two."""


@dataclass
class Seen:
    """What is there to look at once everything has gone wrong and right again."""

    service: Service
    hooks: HttpReceiver
    series: SeriesStore
    dark: tuple[float, float]
    """Unix seconds between which half of the leaves were dark."""
    restarted: float
    metrics: dict[str, dict[str, float]]
    """Poll durations by device while half were dark, and the other metrics that the tests want."""
    busy: list[dict[str, Any]]
    """The links' state while everything was wrong."""

    def samples(self, link: str) -> list[LinkSample]:
        now = datetime.now(UTC)
        return list(self.series.link_samples(link, now - timedelta(minutes=5), now))

    def events(self, *parts: str) -> list[dict[str, Any]]:
        """Events whose subject is one of these."""
        return [event for event in self.service.events(limit=200) if event["subject"]["id"] in parts]


def no_contract(declared: dict[str, Any], link: str) -> dict[str, Any]:
    links = [
        {k: v for k, v in each.items() if each["id"] != link or k != "contract_mbps"} for each in declared["links"]
    ]
    return {"links": links}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    folder = tmp_path_factory.mktemp("lessons")
    with ExitStack() as running:
        network = running.enter_context(running_network(folder, LEAVES))
        network.order(speedless={"core/leaf-01", "core/leaf-02"})
        hooks = running.enter_context(running_http_receiver())
        channels = [{"id": "hook", "type": "webhook", "url": hooks.url}]
        alerts = {"routes": [{"match": {}, "to": ["hook"]}]}
        configuration = network.configuration(folder, INTERVAL_S, channels=channels, alerts=alerts)
        configuration |= no_contract(configuration, "core-leaf-01")
        service = running.enter_context(running_service(folder, configuration))
        yield play(network, service, hooks)


def play(network: Network, service: Service, hooks: HttpReceiver) -> Seen:
    wait_for("rates", lambda: all(link["down"]["rate_bps"] for link in service.get("/api/v1/links")), 30)
    began = time.time()
    network.order(
        dark=set(DEAD),
        full={"core/leaf-01", "core/leaf-02"},
        shut={"core/leaf-03", "leaf-04/lan"},
        gone={"core/leaf-05"},
    )
    wait_for("the events of the dark regions", lambda: len(service.events(kind="blankspot")) >= 5, 45)
    wait_for("the saturation of leaf-02", lambda: service.events(kind="saturation"), 40)
    wait_for("ten polls in the dark", lambda: time.time() > began + 10 * INTERVAL_S, 40)
    metrics, busy = scrape(service), service.get("/api/v1/links")
    network.order(dark=set(), full=set(), shut=set(), gone=set())
    wait_for("every close", lambda: not service.events(open=True), 60)
    restarted = time.time()
    network.order(restarts={"leaf-06": 1, "core": 1})
    time.sleep(5 * INTERVAL_S)
    series = open_series(load_configuration(service.config).configuration.store)
    return Seen(service, hooks, series, (began, restarted), restarted, metrics, busy)


def scrape(service: Service) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(httpx.get(f"{service.url}/metrics", timeout=10).text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[sample.labels.get("device", "")] = sample.value
    return found


def test_lesson_01_with_half_the_agents_dead_the_living_stay_on_schedule(seen: Seen) -> None:
    ends = seen.dark[0] + 10 * INTERVAL_S
    for link in ("core-leaf-07", "leaf-08-lan", "leaf-09-lan"):
        living = [s for s in seen.samples(link) if seen.dark[0] <= s.at.timestamp() <= ends]
        assert [b.tick - a.tick for a, b in pairwise(living)] == [INTERVAL_S] * (len(living) - 1)
        assert len(living) >= 8  # of ten intervals, whose first and last poll may lie outside
        assert max((b.at - a.at).total_seconds() for a, b in pairwise(living)) < 1.5 * INTERVAL_S
    assert seen.metrics["netmon_collector_overruns_total"] == {"": 0.0}


def test_lesson_02_each_device_has_its_poll_duration(seen: Seen) -> None:
    durations = next(v for k, v in seen.metrics.items() if "duration" in k and k.startswith("netmon_collector"))
    assert set(durations) == {"core", *(f"leaf-{n:02}" for n in range(1, LEAVES + 1))}
    assert min(durations[leaf] for leaf in DEAD) > max(durations["leaf-07"], durations["leaf-08"])


def test_lesson_04_dead_devices_cost_probes_and_are_one_event_a_region(seen: Seen) -> None:
    """Ten dead routers in five regions: five events, each told of once, and each over once."""
    regions = {f"72.{n:02}" for n in range(6, 11)}
    dark = [event for event in seen.service.events(kind="blankspot", limit=200)]
    assert {(e["subject"]["kind"], e["subject"]["id"]) for e in dark if e["close_reason"] != "absorbed"} == {
        ("region", code) for code in regions
    }
    told = [request.headers["idempotency-key"] for request in seen.hooks.requests]
    assert len(told) == len(set(told))


def test_lesson_10_an_interface_that_goes_shifts_the_others_and_mixes_no_history(seen: Seen) -> None:
    """With the core's fifth interface gone, every later one has another ifIndex: and still its own counters."""
    for link in ("core-leaf-06", "core-leaf-20"):
        rates = [s.down_bps for s in seen.samples(link) if s.down_bps is not None]
        assert rates
        assert all(rate == pytest.approx(40e6, rel=0.15) for rate in rates)
    told = [(e["kind"], e["reason"], e["opened_at"], e["close_reason"]) for e in seen.events("core-leaf-05")]
    assert [(kind, closed) for kind, _, _, closed in told] == [("vanished", "recovered")], told


def test_lesson_11_and_13_counters_that_begin_anew_give_no_spike_and_a_rate_by_the_second_poll(seen: Seen) -> None:
    for link in ("leaf-06-lan", "core-leaf-07"):
        after = [s for s in seen.samples(link) if s.at.timestamp() > seen.restarted]
        begun = next(n for n, s in enumerate(after) if s.flags & (Flag.RESET | Flag.RESTART | Flag.DISCONTINUITY))
        assert after[begun].down_bps is None
        assert after[begun + 1].down_bps == pytest.approx(40e6, rel=0.15)
    assert seen.events("leaf-06", "core", "leaf-06-lan", "core-leaf-07") == []


def test_lesson_12_no_rate_is_above_what_the_port_can_carry(seen: Seen) -> None:
    rates = [s.down_bps for n in range(1, LEAVES + 1) for s in seen.samples(f"core-leaf-{n:02}") if s.down_bps]
    assert max(rates) < 110e6


def test_lesson_15_and_16_the_contract_is_the_denominator_though_the_port_says_0(seen: Seen) -> None:
    """leaf-02 has a contract and a port without a speed: its saturation is seen, and nothing is clipped."""
    (event,) = seen.events("core-leaf-02")
    assert (event["kind"], event["severity"], event["aspect"]) == ("saturation", "critical", "down")
    busy = next(link for link in seen.busy if link["id"] == "core-leaf-02")
    assert busy["down"]["contract_bps"] == 100_000_000
    assert busy["down"]["percent"] == pytest.approx(97, abs=3)


def test_lesson_17_without_speed_and_contract_there_is_no_percentage_and_no_event(seen: Seen) -> None:
    assert seen.events("core-leaf-01") == []
    busy = next(link for link in seen.busy if link["id"] == "core-leaf-01")
    assert busy["down"]["rate_bps"] == pytest.approx(97e6, rel=0.1)
    assert (busy["down"]["percent"], busy["down"]["contract_bps"]) == (None, None)


def test_lesson_18_a_dark_time_is_a_gap_and_never_zero(seen: Seen) -> None:
    begins, ends = seen.dark[0] + 2 * INTERVAL_S, seen.dark[0] + 8 * INTERVAL_S
    window = {
        "from": datetime.fromtimestamp(begins, UTC).isoformat(),
        "to": datetime.fromtimestamp(ends, UTC).isoformat(),
    }
    series = seen.service.get("/api/v1/links/leaf-12-lan/series", step=INTERVAL_S, **window)
    assert series["coverage"] == 0
    assert {point["down_bps"] for point in series["points"]} == {None}
    assert [s for s in seen.samples("leaf-12-lan") if s.down_bps == 0] == []


def test_lesson_23_a_port_that_somebody_shut_is_silent(seen: Seen) -> None:
    assert seen.events("core-leaf-03", "leaf-04-lan") == []
    shut = next(link for link in seen.busy if link["id"] == "core-leaf-03")
    assert shut["oper_status"] == "down"


def test_lesson_39_instants_are_utc_inside_and_the_provinces_time_for_people(seen: Seen) -> None:
    (event,) = seen.events("core-leaf-02")
    assert event["opened_at"].endswith(("Z", "+00:00"))
    message = next(r.json() for r in seen.hooks.requests if r.headers["idempotency-key"].startswith(event["id"]))
    local = datetime.fromisoformat(event["opened_at"]) + timedelta(hours=8)
    assert f"{local:%H.%M}" in message["body"]
    assert "WITA" in message["body"]


@pytest.mark.parametrize("boots", [None, 1], ids=["next boot", "boots begin again"])
def test_lesson_07_a_v3_agent_that_restarts_is_no_event(tmp_path: Path, boots: int | None) -> None:
    """A real snmpd with USM: its engine time begins again (RFC 3414 §2.3); a rate is there by the second poll."""
    require(components.snmpd)
    with running_snmpd(tmp_path, v3_users=[V3_USER], engine_boots=5) as agent:
        access = {"version": "3", "user": V3_USER.name, "auth": "sha1", "auth_key": V3_USER.auth_passphrase}
        access |= {"privacy": "aes128", "privacy_key": V3_USER.priv_passphrase, "deadline_s": 1.5, "timeout_s": 0.7}
        place = {"device": "router", "if_name": "lo", "region": "72.71", "contract_mbps": {"down": 1000, "up": 1000}}
        configuration = {
            "province": {"code": "72", "name": "Lab"},
            "poll_interval_s": INTERVAL_S,
            "snmp": access,
            "store": {"path": str(tmp_path / "var")},
            "devices": [{"id": "router", "address": agent.address, "port": agent.port, "region": "72.71"}],
            "links": [{"id": "loop", **place}],
        }
        with running_service(tmp_path, configuration) as service:
            wait_for("a rate", lambda: service.get("/api/v1/links/loop")["down"]["rate_bps"] is not None, 20)
            agent.restart(boots)
            restarted = time.time()
            series = open_series(load_configuration(service.config).configuration.store)

            def rated_after() -> list[LinkSample]:
                now = datetime.now(UTC)
                since = datetime.fromtimestamp(restarted, UTC)
                return [s for s in series.link_samples("loop", since, now) if s.down_bps is not None]

            wait_for("a rate again", rated_after, 4 * INTERVAL_S)
            assert rated_after()[0].at.timestamp() <= restarted + 3 * INTERVAL_S
            time.sleep(3 * INTERVAL_S)
            assert service.events() == []
