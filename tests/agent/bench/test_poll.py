"""``netmon bench poll`` from end to end: the command, its responder, and every value checked. No figure is judged."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from netmon.bench.serving import Responder
from tests.real.snmpd import Agent

BASE = 127 << 24 | 66 << 16 | 1
POLLED_VARBINDS = 11
"""Of an interface, at each poll: its name, six octet, error and discard counters, discontinuity, statuses, speed."""


def bench(*arguments: str, code: int = 0) -> tuple[dict[str, Any], str]:
    done = subprocess.run(
        [sys.executable, "-m", "netmon", "bench", "poll", "--json", *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return (json.loads(done.stdout) if done.stdout else {}), done.stderr


def test_all_stages_all_values_and_the_responder_agrees_on_the_varbinds() -> None:
    told, said = bench("--devices", "5", "--interfaces", "4", "--rounds", "2")
    assert said == ""
    assert list(told["stages"]) == ["poll", "samples", "spooled", "encoded"]
    for stage in told["stages"].values():
        assert stage["polls"] == stage["answered"] == 10
        assert stage["varbinds"] == stage["responder"]["varbinds"]
        assert stage["varbinds_per_cpu_s"] > 0
        assert stage["devices_per_cpu_s"] > 0
    assert told["varbinds_per_device"] == 5 + 4 * POLLED_VARBINDS
    assert told["values"] == "each compared with what the responder must have said"
    assert told["values_checked"] >= 40 * 4 * POLLED_VARBINDS
    assert told["encoded_bytes"] > 0
    assert told["poll_s"]["p50"] <= told["poll_s"]["p90"] <= told["poll_s"]["p99"]
    assert (told["timeouts"], told["incomplete"]) == (0, 0)
    assert told["rss_mb"] > 0
    assert 0 < told["fds"] < 50


def test_the_dead_time_out_and_the_living_are_whole() -> None:
    told, _ = bench("--devices", "12", "--interfaces", "2", "--rounds", "1", "--dead", "0.4", "--stage", "encoded")
    stage = told["stages"]["encoded"]
    assert 0 < stage["timeouts"] < stage["polls"]
    assert stage["answered"] + stage["timeouts"] == stage["polls"]
    assert told["incomplete"] == 0


def test_paced_by_the_collectors_own_schedule() -> None:
    arguments = ("--devices", "4", "--interfaces", "2", "--rounds", "2", "--interval-s", "2", "--stage", "spooled")
    told, _ = bench(*arguments)
    assert told["interval_s"] == 2
    assert 6 <= told["stages"]["spooled"]["answered"] <= 10
    assert told["stages"]["spooled"]["wall_s"] >= 4


def test_a_responder_of_ours_that_runs_already_is_checked_value_by_value() -> None:
    with Responder(BASE, 3, 4) as responder:
        arguments = ("--devices", "3", "--interfaces", "4", "--rounds", "1", "--stage", "poll")
        told, _ = bench("--target", f"127.66.0.1/16:{responder.port}", *arguments)
        assert told["values"].startswith("each compared")
        assert told["stages"]["poll"]["responder"] is None
        _, said = bench("--target", f"127.66.0.1/16:{responder.port}", *arguments, "--interfaces", "5", code=1)
        assert "4 interfaces came, expected 5" in said


def test_somebody_elses_agent_is_checked_for_what_can_be_known(snmpd_agent: Agent) -> None:
    target = f"{snmpd_agent.address}/32:{snmpd_agent.port}"
    told, _ = bench("--target", target, "--devices", "1", "--interfaces", "1", "--rounds", "2")
    assert told["values"].startswith("not known to this checker")
    assert told["stages"]["encoded"]["answered"] == 2


@pytest.mark.parametrize(
    ("arguments", "code", "mend"),
    [
        (["--target", "127.1.0.0/30:161", "--devices", "3"], 2, "has 2 host addresses"),
        (["--target", "nonsense"], 2, "ADDRESS/PREFIX:PORT"),
        (["--target", "127.1.0.1/32:161", "--dead", "0.1", "--devices", "1"], 2, "--dead"),
        (["--target", "127.1.0.1/32:9", "--devices", "1"], 1, "is the responder on"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_with_its_mend(arguments: list[str], code: int, mend: str) -> None:
    told, said = bench(*arguments, code=code)
    assert told == {}
    assert said.startswith("netmon: ")
    assert mend in said


def test_a_port_in_use_is_named() -> None:
    with Responder(BASE, 1, 1) as responder:
        _, said = bench("--devices", "1", "--port", str(responder.port), code=1)
        assert f"cannot open UDP port {responder.port}: Address already in use" in said


def test_ctrl_c_leaves_no_process_behind() -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "netmon", "bench", "poll", "--devices", "3", "--rounds", "1000"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    deadline_s = time.monotonic() + 30
    while not (started := children.read_text().split()) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    time.sleep(2)
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=20) != 0
    assert started
    for pid in map(int, started):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
