"""Recordings of real routers and switches: what netmon makes of each is what the recording holds."""

from collections import Counter
from dataclasses import replace

import pytest

from collectors.poller.once import poll_once
from collectors.poller.visit import visit
from collectors.snmp.gufo import GufoEngine
from netmon.model.access import SnmpAccess, SnmpVersion
from netmon.model.clock import SystemClock
from netmon.model.poll import InterfaceRow, Outcome
from netmon.model.registry import Device
from netmon.model.secret import Secret
from tests.real.recordings import RECORDINGS, RecordedAgents

WIDER_THAN_A_COUNTER32 = {"topsec-ngfw4000-uf": 30}
"""Interfaces whose ifInOctets or ifOutOctets holds more than 32 bits, which no Counter32 can: not believed."""


def recorded(agents: RecordedAgents, name: str, version: SnmpVersion = SnmpVersion.V2C) -> Device:
    access = SnmpAccess(version, Secret(agents.community(name)), deadline_s=60, timeout_s=10)
    return Device(name, agents.address, "72", access, agents.port)


@pytest.mark.parametrize("name", [recording.name for recording in RECORDINGS])
async def test_every_row_of_every_device_is_read(recorded_agents: RecordedAgents, name: str) -> None:
    recording = next(each for each in RECORDINGS if each.name == name)
    report = await poll_once(recorded(recorded_agents, name), SystemClock())
    assert (report.outcome, report.reason, report.absent) == (Outcome.COMPLETE, "", ())
    bits = Counter(row.counter_bits for row in report.interfaces)
    assert bits[64] == recording.if_x_table_rows
    disbelieved = WIDER_THAN_A_COUNTER32.get(name, 0)
    assert bits[64] + bits[32] == max(recording.if_table_rows, recording.if_x_table_rows) - disbelieved
    names = [row.if_name for row in report.interfaces]
    assert len(set(names)) == len(names)
    assert all(text and text.isprintable() for text in names)
    assert report.facts.sys_object_id is not None
    assert all(row.oper_status is not None and row.admin_status is not None for row in report.interfaces)
    assert all(row.speed_bps is None or 0 < row.speed_bps <= 400_000_000_000 for row in report.interfaces)


@pytest.mark.parametrize("name", [recording.name for recording in RECORDINGS])
async def test_two_links_of_a_device_are_read_again_without_a_walk(recorded_agents: RecordedAgents, name: str) -> None:
    device, clock = recorded(recorded_agents, name), SystemClock()
    session = GufoEngine(clock).session(device)
    everything = await poll_once(device, clock)
    watched = tuple(row.if_name for row in everything.interfaces[-2:])
    _, layout = await visit(device, watched, None, session, clock, 0)
    report, after = await visit(device, watched, layout, session, clock, 0)
    assert (report.outcome, report.absent) == (Outcome.COMPLETE, ())
    assert after == layout
    said = {row.if_name: _still(row) for row in report.interfaces}
    assert said == {row.if_name: replace(_still(row), if_alias=None) for row in everything.interfaces[-2:]}


def _still(row: InterfaceRow) -> InterfaceRow:
    """A recording's counters stand still; only the arrival differs."""
    return replace(row, arrived_s=0.0)


@pytest.mark.parametrize("name", ["ubiquiti-m5", "cisco-unmarked-0", "bdcom-s5612", "vyatta-unknown"])
async def test_v1_reads_what_v2c_reads_but_for_64_bit_counters(recorded_agents: RecordedAgents, name: str) -> None:
    by_v2c = await poll_once(recorded(recorded_agents, name), SystemClock())
    by_v1 = await poll_once(recorded(recorded_agents, name, SnmpVersion.V1), SystemClock())
    assert by_v1.outcome is Outcome.COMPLETE
    assert [row.if_name for row in by_v1.interfaces] == [row.if_name for row in by_v2c.interfaces]
    assert {row.counter_bits for row in by_v1.interfaces} == {32}
    assert [row.oper_status for row in by_v1.interfaces] == [row.oper_status for row in by_v2c.interfaces]
