"""Whichever engine asks, the report is the same: recordings of real devices, and a real snmpd."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.poller.once import poll_once
from collectors.poller.visit import visit
from collectors.snmp.engines import standard_engines
from netmon.model.access import Engine, SnmpAccess, SnmpVersion
from netmon.model.clock import SystemClock
from netmon.model.poll import InterfaceRow, Outcome, PollReport
from netmon.model.registry import Device
from netmon.model.secret import Secret
from tests.real import components
from tests.real.components import require
from tests.real.recordings import RECORDINGS, RecordedAgents
from tests.real.snmpd import running_snmpd

EVERY_ENGINE = (Engine.GUFO, Engine.BATCH, Engine.PYSNMP)


def by(engine: Engine, device: Device) -> Device:
    return replace(device, snmp=replace(device.snmp, engine=engine))


def without_time(report: PollReport) -> PollReport:
    """What may differ between two polls of a device that stands still, made equal."""
    return replace(
        report,
        tick=0,
        started_at=datetime(2026, 11, 21, tzinfo=UTC),
        elapsed_s=0.0,
        finished_s=0.0,
        engine="",
        facts=replace(report.facts, uptime_ticks=None, engine_time_s=None),
        interfaces=tuple(replace(row, arrived_s=0.0) for row in report.interfaces),
    )


def recorded(agents: RecordedAgents, name: str, version: SnmpVersion) -> Device:
    access = SnmpAccess(version, Secret(agents.community(name)), deadline_s=60, timeout_s=10)
    return Device(name, agents.address, "72", access, agents.port)


@pytest.mark.parametrize("name", [recording.name for recording in RECORDINGS])
async def test_every_recording_gives_the_same_report(recorded_agents: RecordedAgents, name: str) -> None:
    device = recorded(recorded_agents, name, SnmpVersion.V2C)
    by_gufo, by_batch, by_pysnmp = [await poll_once(by(engine, device), SystemClock()) for engine in EVERY_ENGINE]
    assert (by_gufo.engine, by_batch.engine, by_pysnmp.engine) == ("gufo", "batch", "pysnmp")
    assert by_batch.interfaces
    assert without_time(by_batch) == without_time(by_gufo)
    assert without_time(by_pysnmp) == without_time(by_gufo)


@pytest.mark.parametrize("name", ["ubiquiti-m5", "cisco-unmarked-0", "bdcom-s5612", "vyatta-unknown"])
async def test_on_v1_the_report_is_the_same_too(recorded_agents: RecordedAgents, name: str) -> None:
    device = recorded(recorded_agents, name, SnmpVersion.V1)
    by_gufo, by_batch, by_pysnmp = [await poll_once(by(engine, device), SystemClock()) for engine in EVERY_ENGINE]
    assert by_batch.interfaces
    assert without_time(by_batch) == without_time(by_gufo)
    assert without_time(by_pysnmp) == without_time(by_gufo)


@pytest.mark.parametrize("version", [SnmpVersion.V1, SnmpVersion.V2C])
async def test_a_real_snmpd_gives_the_same_report_learned_and_known(version: SnmpVersion, tmp_path: Path) -> None:
    require(components.snmpd)
    access, clock = SnmpAccess(version, Secret("public"), deadline_s=5, timeout_s=1), SystemClock()
    said: dict[Engine, list[PollReport]] = {engine: [] for engine in EVERY_ENGINE}
    with running_snmpd(tmp_path, extra_conf="sysName core-palu") as agent:
        engines = standard_engines(clock)
        for engine, reports in said.items():
            device = by(engine, Device("core-palu", agent.address, "72.71", access, agent.port))
            session, layout = engines.session(device), None
            for _ in range(3):
                report, layout = await visit(device, ("lo", "ether99"), layout, session, clock, 0)
                reports.append(report)
            await session.close()
        await engines.close()
    assert {reports[0].facts.sys_name for reports in said.values()} == {"core-palu"}
    for by_gufo, by_batch, by_pysnmp in zip(*said.values(), strict=True):
        assert (by_batch.outcome, by_batch.absent) == (Outcome.COMPLETE, ("ether99",))
        assert by_batch.facts.engine_boots is not None
        assert without_counters(by_batch) == without_counters(by_gufo)
        assert without_counters(by_pysnmp) == without_counters(by_gufo)


async def test_lesson_08_polls_by_batch_leave_no_sockets_behind(tmp_path: Path) -> None:
    require(components.snmpd)
    access, clock = (
        SnmpAccess(community=Secret("public"), engine=Engine.BATCH, deadline_s=5, timeout_s=1),
        SystemClock(),
    )
    with running_snmpd(tmp_path) as agent:
        engines = standard_engines(clock)
        device = Device("core-palu", agent.address, "72.71", access, agent.port)
        session, layout = engines.session(device), None
        _, layout = await visit(device, ("lo",), layout, session, clock, 0)
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(300):
            report, layout = await visit(device, ("lo",), layout, session, clock, 0)
            assert report.outcome is Outcome.COMPLETE
        assert len(list(Path("/proc/self/fd").iterdir())) == before
        await engines.close()
        assert len(list(Path("/proc/self/fd").iterdir())) == before - 1


def without_counters(report: PollReport) -> PollReport:
    """The loopback's counters run while it is asked."""
    still = without_time(report)
    return replace(still, interfaces=tuple(_still(row) for row in still.interfaces))


def _still(row: InterfaceRow) -> InterfaceRow:
    assert row.in_octets is not None
    assert row.out_octets is not None
    return replace(row, in_octets=0, out_octets=0)
