"""Identity is device + ifName, on a real kernel: names that change hands, links that go and come back."""

import asyncio

from collectors.poller.layout import Layout
from collectors.poller.visit import visit
from collectors.snmp.gufo import GufoEngine
from netmon.model.access import SnmpAccess
from netmon.model.clock import SystemClock
from netmon.model.poll import InterfaceStatus, Outcome, PollReport
from netmon.model.registry import Device
from netmon.model.secret import Secret
from tests.real.lab import Lab, Namespace
from tests.real.snmpd import Agent

CACHE_S = 3.5
"""Net-SNMP keeps its interface table for 3 s."""


class Poller:
    """One device, its session and what was learned of it."""

    def __init__(self, agent: Agent, *watched: str) -> None:
        access = SnmpAccess(community=Secret("public"))
        self._device = Device("core-palu", agent.address, "72.71", access, agent.port)
        self._watched = watched
        self._clock = SystemClock()
        self._session = GufoEngine(self._clock).session(self._device)
        self.layout: Layout | None = None

    async def poll(self) -> PollReport:
        report, self.layout = await visit(self._device, self._watched, self.layout, self._session, self._clock, 0)
        return report


def rename(lab: Lab, where: Namespace, **names: str) -> None:
    for before, after in names.items():
        lab.run(where, "ip", "link", "set", "dev", before, "down")
        lab.run(where, "ip", "link", "set", "dev", before, "name", after)
        lab.run(where, "ip", "link", "set", "dev", after, "up")


async def test_lesson_10_two_interfaces_that_swap_names_keep_their_histories(lab: Lab) -> None:
    core, poso, buol = lab.namespace("core"), lab.namespace("poso"), lab.namespace("buol")
    lab.link(core, "ether1", poso, "wan0")
    lab.link(core, "ether2", buol, "wan0")
    lab.send(core, poso, rate_bps=8_000_000, duration_s=1)
    agent = lab.snmpd(core)
    poller = Poller(agent, "ether1", "ether2")
    first = {row.if_name: row for row in (await poller.poll()).interfaces}
    rename(lab, core, ether1="spare", ether2="ether1", spare="ether2")
    agent.restart()  # Net-SNMP keeps the first name that it saw of an ifIndex for as long as it runs
    report = await poller.poll()
    second = {row.if_name: row for row in report.interfaces}
    assert (report.outcome, report.absent) == (Outcome.COMPLETE, ())
    assert second["ether1"].if_index == first["ether2"].if_index
    assert second["ether2"].if_index == first["ether1"].if_index
    assert (first["ether1"].out_octets or 0) > 1_000_000 > (first["ether2"].out_octets or 0)
    assert (second["ether2"].out_octets or 0) > 1_000_000 > (second["ether1"].out_octets or 0)


async def test_a_link_that_is_taken_away_is_absent_by_name_and_found_when_it_is_back(lab: Lab) -> None:
    core, poso = lab.namespace("core"), lab.namespace("poso")
    lab.link(core, "ether1", poso, "wan0")
    poller = Poller(lab.snmpd(core, extra_conf="interface_fadeout 0"), "ether1")
    assert (await poller.poll()).interfaces[0].oper_status is InterfaceStatus.UP
    lab.run(core, "ip", "link", "del", "dev", "ether1")
    await asyncio.sleep(CACHE_S)
    gone = await poller.poll()
    assert (gone.outcome, gone.absent, gone.interfaces) == (Outcome.COMPLETE, ("ether1",), ())
    lab.link(core, "ether1", poso, "wan1")
    await asyncio.sleep(CACHE_S)
    back = await poller.poll()
    assert (back.outcome, back.absent) == (Outcome.COMPLETE, ())
    assert [row.if_name for row in back.interfaces] == ["ether1"]


async def test_a_cut_shows_as_operationally_down(lab: Lab) -> None:
    core, poso = lab.namespace("core"), lab.namespace("poso")
    lab.link(core, "ether1", poso, "wan0")
    poller = Poller(lab.snmpd(core), "ether1")
    await poller.poll()
    lab.link_down(poso, "wan0")
    await asyncio.sleep(CACHE_S)
    row = (await poller.poll()).interfaces[0]
    assert (row.admin_status, row.oper_status) == (InterfaceStatus.UP, InterfaceStatus.DOWN)
