"""The collector over real agents in real time: the living beside the dead, restarts, and a poll out of turn."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry

from collectors.poller.collector import Collector
from collectors.poller.metrics import CollectorMetrics
from collectors.snmp.engines import standard_engines
from netmon.model.access import SnmpAccess
from netmon.model.clock import SystemClock
from netmon.model.poll import Outcome, PollReport
from netmon.model.registry import Device, Link, Region, Registry
from netmon.model.secret import Secret
from tests.real import components
from tests.real.components import require
from tests.real.snmpd import Agent, running_snmpd

INTERVAL_S = 1
DEADLINE_S = 0.4


class Province:
    """Devices that are all the same few agents, as a collector sees them."""

    def __init__(self, agents: dict[str, Agent]) -> None:
        access = SnmpAccess(community=Secret("public"), deadline_s=DEADLINE_S, timeout_s=0.15)
        devices = {id: Device(id, agent.address, "72", access, agent.port) for id, agent in agents.items()}
        links = {id: Link(f"link-{id}", id, "lo", "72") for id in agents}
        self.registry = Registry(
            Region("72", "Sulawesi Tengah"), "Asia/Makassar", INTERVAL_S, devices=devices, links=links
        )
        self.reports: dict[str, list[PollReport]] = defaultdict(list)
        self.metrics = CollectorRegistry()

    def _keep(self, reports: Sequence[PollReport]) -> None:
        for report in reports:
            self.reports[report.device_id].append(report)

    async def watch(self, during: Callable[[Collector], Awaitable[None]]) -> Collector:
        clock = SystemClock()
        collector = Collector(
            self.registry,
            standard_engines(clock),
            deliver=self._keep,
            clock=clock,
            recall={},
            remember=lambda *_: None,
            metrics=CollectorMetrics(self.metrics),
        )
        await collector.start()
        running = asyncio.create_task(collector.run())
        await during(collector)
        await collector.stop()
        await running
        return collector


async def test_lesson_01_hung_agents_do_not_delay_the_living(tmp_path: Path) -> None:
    require(components.snmpd)
    with running_snmpd(tmp_path / "living") as living, running_snmpd(tmp_path / "hung") as hung:
        hung.pause()
        province = Province({f"up-{n}": living for n in range(20)} | {f"hung-{n}": hung for n in range(20)})
        collector = await province.watch(lambda _: asyncio.sleep(6.5))
        hung.resume()
    for n in range(20):
        reports = province.reports[f"up-{n}"]
        assert {report.outcome for report in reports} == {Outcome.COMPLETE}
        ticks = [report.tick for report in reports]
        assert ticks == list(range(ticks[0], ticks[0] + len(ticks)))
        assert len(ticks) >= 6
        assert {report.outcome for report in province.reports[f"hung-{n}"]} == {Outcome.TIMEOUT}
        assert all(report.elapsed_s < DEADLINE_S + 0.1 for report in province.reports[f"hung-{n}"])
    assert collector.standing()["silent"] == 20


async def test_a_restarted_agent_is_back_at_once_and_a_poll_can_be_asked_for(tmp_path: Path) -> None:
    require(components.snmpd)
    with running_snmpd(tmp_path) as agent:
        province = Province({"core-palu": agent})

        async def restart(collector: Collector) -> None:
            await asyncio.sleep(2.2)
            await asyncio.to_thread(agent.restart)
            await asyncio.sleep(2.2)
            before = len(province.reports["core-palu"])
            collector.poll_soon("core-palu")
            await asyncio.sleep(0.3)
            assert len(province.reports["core-palu"]) > before

        await province.watch(restart)
    reports = province.reports["core-palu"]
    assert sum(not report.outcome.answered for report in reports) <= 2
    assert reports[-1].outcome is Outcome.COMPLETE
    assert {report.facts.engine_boots for report in reports if report.outcome.answered} == {1, 2}


async def test_lesson_02_each_device_has_its_duration_in_the_metrics(tmp_path: Path) -> None:
    require(components.snmpd)
    with running_snmpd(tmp_path) as agent:
        province = Province({"core-palu": agent, "rtr-poso": agent})
        await province.watch(lambda _: asyncio.sleep(1.5))
    for device in ("core-palu", "rtr-poso"):
        duration = province.metrics.get_sample_value(
            "netmon_collector_poll_duration_seconds", {"device": device, "engine": "gufo"}
        )
        assert duration is not None
        assert 0 < duration < DEADLINE_S
    assert (
        province.metrics.get_sample_value("netmon_collector_polls_total", {"outcome": "complete", "engine": "gufo"})
        or 0
    ) >= 2
