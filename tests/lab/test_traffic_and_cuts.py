"""netmon against a network of our own: what it says of rates, saturation and cuts, beside what the kernel counted.

One run of about 100 s feeds all tests of this file: three links leave a core router, of which one carries a steady
flow, one is filled by more than its shaper lets through, and one is cut and mended. The service polls a real snmpd.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.real import components
from tests.real.components import require
from tests.real.lab import Lab, Namespace, Octets
from tests.real.service import Service, running_service, wait_for

ARTEFACTS = Path(__file__).parents[2] / ".build" / "artefacts"
INTERVAL_S = 12
"""A multiple of 3 s: snmpd reloads its interface counters every 3 s, whoever asks. So each poll lags by the same time,
and a rate is off by nothing; at 10 s the lag goes 0, 1, 2 s round and rates swing by 10 to 20 % (seen here)."""
STEADY_BPS = 8_000_000
SHAPED_BPS = 5_000_000
HEADERS_OCTETS = 42
"""Ethernet 14, IPv4 20 and UDP 8 octets about each datagram's payload."""
PAYLOAD_OCTETS = 1200


@dataclass
class Observed:
    """What the run left behind."""

    steady: list[dict[str, Any]] = field(default_factory=list)
    """Series points of the steady link, each wholly within the flow."""
    iperf_bps: float = 0.0
    """iperf3's payload rate of the steady flow, headers added."""
    octets_before: Octets = field(default_factory=lambda: Octets(0, 0))
    octets_after: Octets = field(default_factory=lambda: Octets(0, 0))
    counted: tuple[int, int] = (0, 0)
    """Octets (sent, received) that netmon's samples add up to between the two kernel readings."""
    cut_at: float = 0.0
    mended_at: float = 0.0
    unfilled_at: float = 0.0
    events: list[dict[str, Any]] = field(default_factory=list)
    saturation_held: bool = False


def configuration(core: str, folder: Path) -> dict[str, Any]:
    links = [
        {"id": name, "device": "core", "if_name": name, "region": "72.71", "contract_mbps": {"down": mbps, "up": mbps}}
        for name, mbps in (("steady", 100), ("shaped", SHAPED_BPS / 1e6), ("fragile", 100))
    ]
    return {
        "province": {"code": "72", "name": "Lab"},
        "poll_interval_s": INTERVAL_S,
        "snmp": {"version": "2c", "community": "public", "deadline_s": 4, "timeout_s": 1},
        "store": {"path": str(folder / "var")},
        "signals": {"saturation": {"default": {"warning_after_s": 2 * INTERVAL_S, "critical_samples": 3}}},
        "devices": [{"id": "core", "address": core, "region": "72.71"}],
        "links": links,
    }


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    for needed in (components.netns_available, components.tc, components.snmpd, components.iperf3):
        require(needed)
    folder = tmp_path_factory.mktemp("lab")
    with Lab(folder) as lab, ExitStack() as flows:
        core = lab.namespace("core")
        ends = {name: lab.namespace(name) for name in ("steady", "shaped", "fragile")}
        for name, end in ends.items():
            lab.link(core, name, end, "wan0")
        lab.shape(core, "shaped", rate_bps=SHAPED_BPS)
        agent = lab.snmpd(core)
        with running_service(folder, configuration(agent.address, folder)) as service:
            yield run(lab, service, core, ends, flows)


def run(lab: Lab, service: Service, core: Namespace, ends: dict[str, Namespace], flows: ExitStack) -> Observed:
    """Play the script and note what netmon and the kernel say."""
    seen = Observed()
    wait_for("a first rate", lambda: newest(service, "steady"), 4 * INTERVAL_S)
    steadying = flows.enter_context(ExitStack())
    flow = steadying.enter_context(lab.sending(core, ends["steady"], STEADY_BPS, duration_s=5 * INTERVAL_S))
    filling = flows.enter_context(ExitStack())
    filling.enter_context(lab.sending(core, ends["shaped"], 2 * SHAPED_BPS))
    started_at = time.time()
    time.sleep(0.3 * INTERVAL_S)
    lab.link_down(ends["fragile"], "wan0")
    seen.cut_at = time.time()
    wait_for("the cut's event", lambda: opened(service, "link_down"), 3 * INTERVAL_S)
    lab.link_up(ends["fragile"], "wan0")
    seen.mended_at = time.time()
    wait_for("the saturation's event", lambda: opened(service, "saturation"), 6 * INTERVAL_S)
    said, _ = flow.communicate(timeout=10 * INTERVAL_S)
    ended_at = time.time()
    steadying.close()
    seen.iperf_bps = json.loads(said)["end"]["sum"]["bits_per_second"] * (1 + HEADERS_OCTETS / PAYLOAD_OCTETS)
    wait_for("samples after the flow", lambda: newest(service, "steady") > ended_at + INTERVAL_S, 4 * INTERVAL_S)
    seen.steady = whole_samples(service, started_at, ended_at)
    seen.saturation_held = [e["closed_at"] for e in service.events(kind="saturation")] == [None]
    filling.close()
    seen.unfilled_at = time.time()
    wait_for("the saturation's end", lambda: closed(service, "saturation"), 4 * INTERVAL_S)
    measure_octets(lab, service, core, ends["steady"], seen)
    seen.events = service.events()
    note(seen)
    return seen


def note(seen: Observed) -> None:
    """Keep the figures for docs/benchmarks.md, whatever the tests say of them."""
    sent = seen.octets_after.sent - seen.octets_before.sent
    cut = next((e for e in seen.events if e["kind"] == "link_down"), None)
    figures = {
        "rate_error_percent": [round(100 * (s["bps"] / seen.iperf_bps - 1), 3) for s in seen.steady],
        "octets_error_percent": round(100 * (seen.counted[0] / sent - 1), 4),
        "cut_to_event_s": round(unix(cut["opened_at"]) - seen.cut_at, 1) if cut else None,
        "mend_to_close_s": round(unix(cut["closed_at"]) - seen.mended_at, 1) if cut and cut["closed_at"] else None,
        "poll_interval_s": INTERVAL_S,
    }
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    (ARTEFACTS / "lab.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def measure_octets(lab: Lab, service: Service, core: Namespace, end: Namespace, seen: Observed) -> None:
    """A burst between two settled counter readings, by the kernel and by netmon's samples."""
    first = newest(service, "steady")
    seen.octets_before = lab.octets(core, "steady")
    lab.send(core, end, STEADY_BPS, duration_s=INTERVAL_S)
    burst_end = time.time()
    wait_for("samples after the burst", lambda: newest(service, "steady") > burst_end + 3, 4 * INTERVAL_S)
    seen.octets_after = lab.octets(core, "steady")
    samples = raw_samples(service, first, time.time() + 1)
    samples = [s for s in samples if s["at"] > first]
    seen.counted = (sum(s["down_octets"] for s in samples), sum(s["up_octets"] for s in samples))


def raw_samples(service: Service, since: float, until: float) -> list[dict[str, Any]]:
    """The steady link's stored samples with a rate, read from the series store as any reader would."""
    from netmon.configuration import load_configuration
    from netmon.store.open import open_series

    series = open_series(load_configuration(service.config).configuration.store)
    window = (datetime.fromtimestamp(since, tz=UTC), datetime.fromtimestamp(until, tz=UTC))
    return [
        {"at": s.at.timestamp(), "interval_s": s.interval_s, "bps": s.down_bps}
        | {"down_octets": s.down_octets, "up_octets": s.up_octets}
        for s in series.link_samples("steady", *window)
        if s.interval_s is not None
    ]


def whole_samples(service: Service, started_at: float, ended_at: float) -> list[dict[str, Any]]:
    """Samples whose whole interval, and snmpd's cache before it, lies within the flow."""
    samples = raw_samples(service, started_at, ended_at)
    return [s for s in samples if s["at"] - s["interval_s"] > started_at + 3.5 and s["at"] < ended_at]


def newest(service: Service, link: str) -> float:
    """Unix seconds of a link's newest sample with a rate; 0 where there is none."""
    found = service.get(f"/api/v1/links/{link}")
    at = found["sampled_at"]
    return datetime.fromisoformat(at).timestamp() if at and found["down"]["rate_bps"] is not None else 0.0


def opened(service: Service, kind: str) -> bool:
    return bool(service.events(kind=kind))


def closed(service: Service, kind: str) -> bool:
    return [e["closed_at"] is not None for e in service.events(kind=kind)] == [True]


def unix(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()


def test_a_steady_flow_reads_as_iperf3_sent_it(observed: Observed) -> None:
    """UDP payload plus headers within 2 %, over every interval that lies wholly within the flow."""
    assert len(observed.steady) >= 3
    for sample in observed.steady:
        assert sample["bps"] == pytest.approx(observed.iperf_bps, rel=0.02)


def test_octets_add_up_to_what_the_kernel_counted(observed: Observed) -> None:
    """Within 0.5 % of `ip -s link`, after snmpd's cache has settled."""
    sent = observed.octets_after.sent - observed.octets_before.sent
    assert sent > STEADY_BPS / 8 * INTERVAL_S * 0.9
    assert observed.counted[0] == pytest.approx(sent, rel=0.005)


def test_a_cut_is_one_event_within_two_intervals(observed: Observed) -> None:
    cuts = [e for e in observed.events if e["kind"] in ("link_down", "blankspot", "vanished", "blind")]
    assert [(e["kind"], e["subject"]["id"]) for e in cuts] == [("link_down", "fragile")]
    assert observed.cut_at - 1 <= unix(cuts[0]["opened_at"]) <= observed.cut_at + 2 * INTERVAL_S
    assert observed.mended_at - 1 <= unix(cuts[0]["closed_at"]) <= observed.mended_at + 2 * INTERVAL_S


def test_a_filled_link_opens_holds_and_closes_one_event(observed: Observed) -> None:
    events = [e for e in observed.events if e["kind"] == "saturation"]
    assert [(e["subject"]["id"], e["aspect"]) for e in events] == [("shaped", "down")]
    assert observed.saturation_held
    assert unix(events[0]["closed_at"]) >= observed.unfilled_at - 1
    assert events[0]["severity"] == "critical"
