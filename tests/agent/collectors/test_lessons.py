"""Field lessons 1 to 4, 7, 8, 11 to 14 by the production path and the batch engine, over agents that fail in real time.

Lessons 5 and 6 stand in ``test_bearing.py``, lesson 9 beside each engine, lesson 7 on v3 in ``test_snmpd.py``.
"""

import asyncio
import gc
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from collectors.poller.collector import Collector
from collectors.poller.metrics import CollectorMetrics
from collectors.poller.visit import visit
from collectors.snmp.engines import standard_engines
from collectors.snmp.gufo import GufoEngine
from netmon.model.access import AuthProtocol, Engine, PrivacyProtocol, SnmpAccess, SnmpVersion
from netmon.model.clock import SystemClock
from netmon.model.counters import AgentLife, InterfaceRates, Reading, rates
from netmon.model.poll import Outcome, PollReport
from netmon.model.registry import Device, Link, Region, Registry
from netmon.model.sample import Flag
from netmon.model.secret import Secret
from tests.agent.collectors.polling import polling
from tests.real import ber, faults
from tests.real.ber import Typed
from tests.real.faulty import IN_OCTETS, FaultyAgent, running, untrue
from tests.real.fixtures import V3_USER
from tests.real.snmpd import Agent

INTERVAL_S = 1
GBPS = 1_000_000_000


@dataclass
class Province:
    """A collector by the batch engine over faulty agents, and what it delivered."""

    collector: Collector
    agents: dict[str, FaultyAgent]
    reports: dict[str, list[PollReport]] = field(default_factory=lambda: defaultdict(list))
    metrics: CollectorRegistry = field(default_factory=CollectorRegistry)

    def value(self, name: str, **labels: str) -> float:
        return self.metrics.get_sample_value(f"netmon_collector_{name}", labels) or 0.0


@asynccontextmanager
async def province(ids: Sequence[str], *, interfaces: int = 2, **access: float) -> AsyncIterator[Province]:
    """Agents of these ids, polled every second until the body ends."""
    async with AsyncExitStack() as stack:
        agents = {id: await stack.enter_async_context(running(interfaces)) for id in ids}
        devices: dict[str, Device] = {id: replace(agents[id].device(**access), id=id) for id in ids}
        links = {f"{id}-{n}": Link(f"{id}-{n}", id, f"ge-{n}", "72") for id in ids for n in range(1, interfaces + 1)}
        watched = Registry(Region("72", "Sulawesi Tengah"), "Asia/Makassar", INTERVAL_S, devices=devices, links=links)
        clock, reports, metrics = SystemClock(), defaultdict[str, list[PollReport]](list), CollectorRegistry()

        def deliver(finished: Sequence[PollReport]) -> None:
            for report in finished:
                assert untrue(report, agents[report.device_id]) == []
                reports[report.device_id].append(report)

        collector = Collector(
            watched,
            standard_engines(clock),
            deliver=deliver,
            clock=clock,
            recall={},
            remember=lambda *_: None,
            metrics=CollectorMetrics(metrics),
        )
        await collector.start()
        running_on = asyncio.create_task(collector.run())
        yield Province(collector, agents, reports, metrics)
        await collector.stop()
        await running_on
        assert (metrics.get_sample_value("netmon_collector_faults_total") or 0) == 0


async def test_lesson_01_with_half_the_agents_dead_the_living_stay_on_schedule() -> None:
    ids = [f"{kind}-{n}" for kind in ("up", "dead", "slow", "noisy") for n in range(8)]
    async with province(ids, timeout_s=0.2, deadline_s=0.6) as world:
        for n in range(8):
            world.agents[f"dead-{n}"].faults = [faults.silent]
            world.agents[f"slow-{n}"].faults = [faults.answers_after(0.5)]
            world.agents[f"noisy-{n}"].faults = [faults.noise(120, seed=n)]
        await asyncio.sleep(5.5)
    for n in range(8):
        living = world.reports[f"up-{n}"]
        assert {report.outcome for report in living} == {Outcome.COMPLETE}
        ticks = [report.tick for report in living]
        assert ticks == list(range(ticks[0], ticks[0] + len(ticks)))
        assert len(ticks) >= 5
        assert sorted(report.elapsed_s for report in living)[len(living) // 2] < 0.1
        for kind in ("dead", "slow", "noisy"):
            assert not any(report.outcome.answered for report in world.reports[f"{kind}-{n}"])
            assert all(report.elapsed_s < 0.75 for report in world.reports[f"{kind}-{n}"])
    assert world.collector.standing()["silent"] == 24


async def test_lesson_02_the_slow_device_is_named_in_metrics_and_log() -> None:
    with capture_logs() as logs:
        async with province(["quick", "slow"], timeout_s=0.4, deadline_s=0.9) as world:
            await asyncio.sleep(1.2)
            world.agents["slow"].faults = [faults.answers_after(0.38)]
            await asyncio.sleep(2.2)
    assert world.value("poll_duration_seconds", device="slow", engine="batch") > 0.72
    assert 0 < world.value("poll_duration_seconds", device="quick", engine="batch") < 0.1
    slow = [each for each in logs if each["event"] == "device slow"]
    assert {each["device"] for each in slow} == {"slow"}
    assert all(each["elapsed_s"] > 0.72 for each in slow)


async def test_lesson_03_no_two_polls_of_a_device_overlap_and_overruns_are_counted() -> None:
    async with province(["slow"], interfaces=30, timeout_s=1.0, deadline_s=3.0) as world:
        await asyncio.sleep(1.2)
        world.agents["slow"].faults = [faults.answers_after(0.7)]
        await asyncio.sleep(3.5)
        for _ in range(30):
            world.collector.poll_soon("slow")
            await asyncio.sleep(0.1)
    reports = world.reports["slow"]
    assert len(reports) >= 4
    assert max(report.elapsed_s for report in reports) > INTERVAL_S
    for before, after in pairwise(reports):
        assert after.finished_s - after.elapsed_s >= before.finished_s
    assert world.value("overruns_total") >= 1
    assert world.collector.standing()["overruns"] == world.value("overruns_total")
    assert world.agents["slow"].most_waiting <= 4


async def test_lesson_04_a_dead_device_costs_one_probe_and_then_every_other_turn() -> None:
    async with province(["dead"], timeout_s=0.1, deadline_s=0.3) as world:
        agent = world.agents["dead"]
        agent.faults = [faults.silent]
        await asyncio.sleep(8)
    reports = world.reports["dead"]
    assert {report.outcome for report in reports} == {Outcome.TIMEOUT}
    assert len(agent.seen) <= len(reports) + 2  # the probe is repeated until the device counts as silent
    assert {len(each.oids) for each in agent.seen[4:]} == {1}  # of the silent: its sysUpTime alone
    gaps = [after.tick - before.tick for before, after in pairwise(reports)]
    assert gaps[-1] == 2 * INTERVAL_S


async def test_lesson_07_an_agents_restart_is_no_agent_down() -> None:
    """Here v2c by the batch engine: uptime, counters and engine boots begin anew, and every poll is answered."""
    async with province(["rtr-poso"], timeout_s=0.2, deadline_s=0.8) as world:
        await asyncio.sleep(2.2)
        world.agents["rtr-poso"].restart()
        await asyncio.sleep(2.2)
    reports = world.reports["rtr-poso"]
    assert {report.outcome for report in reports} == {Outcome.COMPLETE}
    assert {report.facts.engine_boots for report in reports} == {1, 2}
    assert world.value("silent_devices") == 0


@pytest.mark.parametrize("by", [Engine.BATCH, Engine.GUFO])
async def test_lesson_08_polls_leave_neither_memory_nor_descriptors_behind(by: Engine) -> None:
    async with polling(interfaces=24, by=by) as device:

        async def poll() -> None:
            assert (await device.poll()).outcome is Outcome.COMPLETE
            device.agent.seen.clear()

        await nothing_is_left_behind(poll, 350)


async def test_lesson_08_polls_by_v3_leave_nothing_behind_either(snmpd_agent: Agent) -> None:
    keys = {"auth_key": Secret(V3_USER.auth_passphrase), "privacy_key": Secret(V3_USER.priv_passphrase)}
    user = SnmpAccess(SnmpVersion.V3, None, V3_USER.name, AuthProtocol.SHA1, privacy=PrivacyProtocol.AES128, **keys)
    device, clock = Device("core-palu", snmpd_agent.address, "72", user, snmpd_agent.port), SystemClock()
    session = GufoEngine(clock).session(device)
    _, layout = await visit(device, ("lo",), None, session, clock, 0)

    async def poll() -> None:
        assert (await visit(device, ("lo",), layout, session, clock, 0))[0].outcome is Outcome.COMPLETE

    await nothing_is_left_behind(poll, 350)
    await session.close()


async def nothing_is_left_behind(poll: Callable[[], Awaitable[None]], polls: int) -> None:
    """After the first 150. The whole proof, over 10,000 polls, is the benchmark's."""

    async def after(number: int) -> tuple[int, int, int]:
        for _ in range(number):
            await poll()
        gc.collect()
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return len(list(Path("/proc/self/fd").iterdir())), len(gc.get_objects()), resident

    files, objects, octets = await after(150)
    files_then, objects_then, octets_then = await after(polls)
    assert files_then == files
    assert objects_then - objects < polls / 2
    assert octets_then - octets < 5_000_000


# Counters, from the wire to rates


def between(before: PollReport, after: PollReport, bound_bps: int | None = None) -> InterfaceRates:
    """What the law makes of the first interface of two reports."""
    return rates(_reading(before), _reading(after), bound_bps, INTERVAL_S)


def _reading(report: PollReport) -> Reading:
    row, facts = report.interfaces[0], report.facts
    return Reading(
        interface=row.if_name,
        run="this",
        arrived_s=row.arrived_s,
        at=report.started_at,
        life=AgentLife(facts.uptime_ticks, facts.engine_boots, facts.engine_time_s),
        bits=row.counter_bits,
        discontinuity_ticks=row.discontinuity_ticks,
        in_octets=row.in_octets,
        out_octets=row.out_octets,
    )


def counter(octets: int) -> Typed:
    return ber.COUNTER64, ber.digits(octets)


async def polled_with(*in_octets: int) -> list[PollReport]:
    """A device that says these values for ifHCInOctets, one a poll, half a second and more apart."""
    async with polling(interfaces=1) as device:
        reports = []
        for value in in_octets:
            device.agent.faults = [faults.retyped(counter(value))]
            reports.append(await device.visit())
            await asyncio.sleep(0.55)
    assert [report.outcome for report in reports] == [Outcome.COMPLETE] * len(in_octets)
    return reports


async def test_lesson_11_a_64_bit_fall_is_a_reset_and_no_spike() -> None:
    before, after = await polled_with(5_000_000_000, 1_000)
    assert between(before, after) == InterfaceRates(Flag.RESET)


async def test_lesson_12_a_petabit_spike_is_refused_and_flagged() -> None:
    before, after = await polled_with(1_000, 2**60)
    law = between(before, after, bound_bps=before.interfaces[0].speed_bps)
    assert before.interfaces[0].speed_bps == GBPS
    assert law.flags & Flag.IMPOSSIBLE
    assert (law.in_bps, law.in_octets) == (None, None)
    assert law.out_bps is not None


async def test_lesson_13_a_valid_rate_by_the_second_poll_after_a_restart() -> None:
    async with polling(interfaces=1) as device:
        before = await device.poll()
        device.agent.restart()
        first = await device.poll()
        await asyncio.sleep(0.6)
        second = await device.poll()
    assert between(before, first).in_bps is None
    rate = between(first, second).in_bps
    assert rate is not None
    assert rate == pytest.approx(8 * 12_000_000, rel=0.1)


@pytest.mark.parametrize("octets", [2**53 + 1, 2**63 + 1, 2**64 - 2])
async def test_lesson_14_counters_above_2_to_the_53_stay_exact_from_the_wire_to_the_rate(octets: int) -> None:
    before, after = await polled_with(octets, octets + 1)
    assert [report.interfaces[0].in_octets for report in (before, after)] == [octets, octets + 1]
    assert between(before, after).in_octets == 1


async def test_lesson_14_columns_keep_them_too() -> None:
    async with polling(interfaces=3) as device:
        device.agent.faults = [faults.retyped(counter(2**64 - 1), [IN_OCTETS])]
        report = await device.visit()
    assert [row.in_octets for row in report.interfaces] == [2**64 - 1] * 3
