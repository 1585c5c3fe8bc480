"""The lab carries real traffic, shapes it, cuts it, and lets its agents be polled from outside."""

import subprocess
import time
from pathlib import Path

import pytest
from gufo.snmp.aio import SnmpSession

from tests.real.components import ip
from tests.real.lab import Lab

IF_NAME = "1.3.6.1.2.1.31.1.1.1.1"
IF_OPER_STATUS = "1.3.6.1.2.1.2.2.1.8"


def test_traffic_moves_the_counters_by_what_was_sent(lab: Lab) -> None:
    core, edge = lab.namespace("core"), lab.namespace("edge")
    lab.link(core, "up0", edge, "wan0")
    before = lab.octets(edge, "wan0")
    summary = lab.send(core, edge, rate_bps=8_000_000, duration_s=1)
    received = lab.octets(edge, "wan0").received - before.received
    assert summary["sum"]["bytes"] <= received <= 1.1 * summary["sum"]["bytes"] + 20_000


@pytest.mark.parametrize("kind", ["tbf", "htb"])
def test_shaping_holds_traffic_below_the_rate(lab: Lab, kind: str) -> None:
    core, edge = lab.namespace("core"), lab.namespace("edge")
    lab.link(core, "up0", edge, "wan0")
    lab.shape(core, "up0", rate_bps=2_000_000, kind="tbf" if kind == "tbf" else "htb")
    with lab.sending(core, edge, rate_bps=20_000_000):
        time.sleep(0.5)  # The bucket is full at first: let its burst pass.
        before, started = lab.octets(edge, "wan0").received, time.monotonic()
        time.sleep(1.5)
        rate_bps = (lab.octets(edge, "wan0").received - before) * 8 / (time.monotonic() - started)
    assert 1_500_000 < rate_bps < 2_300_000


async def test_an_agent_inside_sees_a_cut(lab: Lab) -> None:
    core, edge = lab.namespace("core"), lab.namespace("edge")
    lab.link(core, "up0", edge, "wan0")
    lab.link_down(core, "up0")
    agent = lab.snmpd(edge)
    async with SnmpSession(agent.address, port=agent.port, community="public", timeout=2) as session:
        names = {value: oid.rsplit(".", 1)[1] async for oid, value in session.getbulk(IF_NAME)}
        assert await session.get(f"{IF_OPER_STATUS}.{names[b'wan0']}") == 2
        assert await session.get(f"{IF_OPER_STATUS}.{names[b'mgmt0']}") == 1


def test_nothing_is_left_behind_when_the_body_fails(lab: Lab, tmp_path: Path) -> None:
    names: list[str] = []

    def broken() -> None:
        with Lab(tmp_path) as doomed:
            core, edge = doomed.namespace("doomed-a"), doomed.namespace("doomed-b")
            names.extend((core.name, edge.name))
            doomed.link(core, "up0", edge, "wan0")
            doomed.snmpd(core)
            assert core.name in ip().run("netns", "list")
            raise LookupError("as a failing test would")

    with pytest.raises(LookupError):
        broken()
    there = ip().run("netns", "list")
    assert len(names) == 2
    assert not [name for name in names if name in there]


def test_what_a_killed_run_left_is_swept_away(lab: Lab, tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    abandoned = f"nm{gone.pid}-0-old"
    ip().run("netns", "add", abandoned)
    with Lab(tmp_path):
        assert abandoned not in ip().run("netns", "list")
