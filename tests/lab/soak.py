"""`python -m tests.lab.soak --minutes 10`: `netmon run` on a real snmpd for a while, and what came of it.

Not a test: it is run by hand before a release. One link carries a steady flow all the time; the report says how many
polls were due, came and are missing, how far rates are off iperf3, and whether memory and descriptors stay flat.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from tests.lab.test_traffic_and_cuts import HEADERS_OCTETS, PAYLOAD_OCTETS, STEADY_BPS, configuration, raw_samples
from tests.real.lab import Lab
from tests.real.service import Service, running_service

NAMES = ("collect", "watch", "serve")


def footprint(service: Service) -> dict[str, dict[str, float]]:
    """RSS in MB, open descriptors and CPU seconds of each child."""
    seen: dict[str, dict[str, float]] = {}
    for name in NAMES:
        process = psutil.Process(service.child(name))
        cpu = process.cpu_times()
        memory_mb = round(process.memory_info().rss / 1e6, 1)
        seen[name] = {"rss_mb": memory_mb, "fds": process.num_fds(), "cpu_s": round(cpu.user + cpu.system, 2)}
    return seen


def soak(minutes: float) -> dict[str, Any]:
    """Run, wait, and report."""
    folder = Path(tempfile.mkdtemp(prefix="netmon-soak-"))
    with Lab(folder) as lab:
        core = lab.namespace("core")
        ends = {name: lab.namespace(name) for name in ("steady", "shaped", "fragile")}
        for name, end in ends.items():
            lab.link(core, name, end, "wan0")
        config = configuration(lab.snmpd(core).address, folder)
        with running_service(folder, config) as service, lab.sending(core, ends["steady"], STEADY_BPS):
            time.sleep(20)
            before, started_at = footprint(service), time.time()
            time.sleep(minutes * 60)
            ended_at, after = time.time(), footprint(service)
            samples = raw_samples(service, started_at, ended_at)
            events = service.events()
    expected_bps = STEADY_BPS * (1 + HEADERS_OCTETS / PAYLOAD_OCTETS)
    errors = [abs(s["bps"] / expected_bps - 1) * 100 for s in samples]
    mean_bps = sum(s["down_octets"] for s in samples) * 8 / sum(s["interval_s"] for s in samples)
    return {
        "minutes": minutes,
        "from": datetime.fromtimestamp(started_at, UTC).isoformat(timespec="seconds"),
        "polls_due": round((ended_at - started_at) / config["poll_interval_s"]),
        "samples": len(samples),
        "mean_rate_error_percent": round(abs(mean_bps / expected_bps - 1) * 100, 3),
        "worst_sample_error_percent": round(max(errors), 3),
        "events": [(e["kind"], e["subject"]["id"]) for e in events],
        "before": before,
        "after": after,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    print(json.dumps(soak(parser.parse_args().minutes), indent=2))
