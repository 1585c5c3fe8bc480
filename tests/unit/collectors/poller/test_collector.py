"""The collector over hours of virtual time: turns, silence, overruns, and the living beside the dead."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

import pytest
from prometheus_client import CollectorRegistry

from collectors.poller.collector import Collector
from collectors.poller.layout import decoded
from collectors.poller.metrics import CollectorMetrics
from collectors.snmp.engines import EngineMissing, Engines
from netmon.model.access import Engine
from netmon.model.clock import slot_of
from netmon.model.poll import Outcome, PollReport
from netmon.model.registry import Device, Link, Region, Registry
from tests.unit.collectors.agent_in_memory import Agent, SessionInMemory, device, router
from tests.unit.collectors.virtual_time import LoopClock, VirtualLoop, in_virtual_time

INTERVAL_S = 30


class EngineInMemory:
    name = "memory"

    def __init__(self, agents: Mapping[str, Agent]) -> None:
        self._agents = agents

    def session(self, device: Device) -> SessionInMemory:
        return self._agents[device.id].session(device)

    async def close(self) -> None: ...


@dataclass
class World:
    """A collector over agents in memory, and what it delivered."""

    agents: dict[str, Agent]
    recall: dict[str, bytes] = field(default_factory=dict)
    deadline_s: float = 5.0
    reports: list[PollReport] = field(default_factory=list)
    metrics: CollectorRegistry = field(init=False)
    deliver: Callable[[Sequence[PollReport]], None] | None = None
    passed_s: float = 0.0

    def collector(self) -> Collector:
        self.metrics = CollectorRegistry()
        devices = {id: device(id, self.deadline_s) for id in self.agents}
        links = {id: Link(f"link-{id}", id, "ether2", "72.02") for id in self.agents}
        registry = Registry(Region("72", "Sulawesi Tengah"), "Asia/Makassar", INTERVAL_S, devices=devices, links=links)
        return Collector(
            registry,
            Engines({Engine.GUFO: EngineInMemory(self.agents)}),
            deliver=self.deliver or self.reports.extend,
            clock=LoopClock(timedelta(seconds=self.passed_s)),
            recall=dict(self.recall),
            remember=self._remember,
            metrics=CollectorMetrics(self.metrics),
        )

    def _remember(self, device_id: str, layout: bytes | None) -> None:
        if layout is None:
            del self.recall[device_id]
        else:
            self.recall[device_id] = layout

    def run(self, for_s: float, meanwhile: Callable[[Collector], Awaitable[None]] | None = None) -> Collector:
        async def main() -> Collector:
            collector = self.collector()
            await collector.start()
            running = asyncio.create_task(collector.run())
            if meanwhile:
                await meanwhile(collector)
            await asyncio.sleep(for_s)
            await collector.stop()
            await running
            return collector

        collector = in_virtual_time(main())
        self.passed_s += for_s
        return collector

    def of(self, device_id: str) -> list[PollReport]:
        return [report for report in self.reports if report.device_id == device_id]

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.get_sample_value(f"netmon_collector_{name}", labels)


def test_every_device_has_one_turn_in_every_slot() -> None:
    world = World({f"rtr-{n}": router("ether1", "ether2") for n in range(40)})
    world.run(600)
    for device_id, agent in world.agents.items():
        ticks = [report.tick for report in world.of(device_id)]
        assert ticks == list(range(ticks[0], ticks[0] + 20 * INTERVAL_S, INTERVAL_S))
        assert agent.sessions == 1
    assert {report.outcome for report in world.reports} == {Outcome.COMPLETE}


def test_turns_are_spread_over_the_interval_and_keep_their_place_over_a_restart() -> None:
    world = World({f"rtr-{n}": router("ether2") for n in range(40)})
    world.run(INTERVAL_S)
    first = {report.device_id: report.started_at.second % INTERVAL_S for report in world.reports}
    world.reports.clear()
    world.run(INTERVAL_S)
    assert {report.device_id: report.started_at.second % INTERVAL_S for report in world.reports} == first
    assert max(Counter(first.values()).values()) <= 6


def test_a_layout_is_remembered_before_its_report_and_spares_the_walk_after_a_restart() -> None:
    world = World({"rtr-poso": router("ether1", "ether2")})
    world.deliver = lambda reports: world.reports.extend(reports) if "rtr-poso" in world.recall else pytest.fail("late")
    world.run(INTERVAL_S)
    assert decoded(world.recall["rtr-poso"]) is not None
    world.agents["rtr-poso"].walks.clear()
    world.run(INTERVAL_S)
    assert world.agents["rtr-poso"].walks == []
    assert world.reports[-1].outcome is Outcome.COMPLETE


def test_a_heartbeat_during_the_start_sees_all_devices_or_none() -> None:
    """Its thread counts while this one adds: a dictionary that grows meanwhile would end the heartbeat for good."""
    seen: list[int] = []
    world = World({"a": Agent(), "b": Agent(), "c": Agent()})

    async def start() -> None:
        collector = world.collector()
        make = collector._engines.session
        collector._engines.session = lambda device: (seen.append(collector.standing()["devices"]), make(device))[1]  # type: ignore[method-assign]
        await collector.start()
        seen.append(collector.standing()["devices"])

    in_virtual_time(start())
    assert seen == [0, 0, 0, 3]


def test_layouts_of_devices_that_are_gone_are_forgotten() -> None:
    world = World({"rtr-poso": router("ether2")}, recall={"rtr-gone": b"?", "rtr-poso": b"from another version"})
    world.run(INTERVAL_S)
    assert list(world.recall) == ["rtr-poso"]
    assert decoded(world.recall["rtr-poso"]) is not None


def test_the_first_miss_is_confirmed_within_a_quarter_of_the_interval() -> None:
    world = World({"rtr-poso": router("ether2")})
    world.agents["rtr-poso"].silent = True
    world.run(2 * INTERVAL_S)
    first, second = world.of("rtr-poso")[:2]
    assert {first.outcome, second.outcome} == {Outcome.TIMEOUT}
    assert (second.started_at - first.started_at).total_seconds() < 0.4 * INTERVAL_S


def test_one_missed_poll_disturbs_no_turn() -> None:
    world = World({"rtr-poso": router("ether2")})
    world.agents["rtr-poso"].ignore_next = 2
    world.run(300)
    outcomes = [report.outcome for report in world.reports]
    assert outcomes[:2] == [Outcome.TIMEOUT, Outcome.COMPLETE]
    assert set(outcomes[1:]) == {Outcome.COMPLETE}
    ticks = sorted({report.tick for report in world.reports})
    assert ticks == list(range(ticks[0], ticks[0] + 10 * INTERVAL_S, INTERVAL_S))


def test_lesson_04_a_dead_device_gets_one_probe_a_turn_and_every_other_turn_at_most() -> None:
    world = World({"rtr-poso": router("ether2")})
    agent = world.agents["rtr-poso"]
    agent.silent = True
    world.run(3600)
    starts = [report.started_at.timestamp() for report in world.reports]
    gaps = [after - before for before, after in pairwise(starts)]
    assert max(gaps) <= 2 * INTERVAL_S + 0.1
    assert len(agent.requests) <= len(world.reports) + 2
    assert {request for request in agent.requests[4:]} == {("1.3.6.1.2.1.1.3.0",)}
    assert world.value("silent_devices") == 1


def test_a_device_that_comes_back_is_polled_in_full_by_its_next_turn() -> None:
    world = World({"rtr-poso": router("ether2")})
    agent = world.agents["rtr-poso"]

    async def outage(_: Collector) -> None:
        agent.silent = True
        await asyncio.sleep(1800)
        agent.silent = False

    world.run(130, outage)
    back = [report for report in world.reports if report.outcome is Outcome.COMPLETE]
    assert back[0].started_at.timestamp() - 2 * INTERVAL_S <= 1800 + world.reports[0].started_at.timestamp()
    assert len(back) >= 3
    assert world.value("silent_devices") == 0


def test_lesson_01_with_half_the_agents_dead_the_living_stay_on_schedule() -> None:
    world = World({f"rtr-{n}": router("ether2") for n in range(400)})
    for n in range(200):
        world.agents[f"rtr-{n}"].silent = True
    world.run(600)
    for n in range(200, 400):
        ticks = [report.tick for report in world.of(f"rtr-{n}")]
        assert ticks == list(range(ticks[0], ticks[0] + 20 * INTERVAL_S, INTERVAL_S))
    settled = [r for r in world.reports[-2000:] if r.outcome is Outcome.COMPLETE]
    starts = {r.device_id: r.started_at.timestamp() % INTERVAL_S for r in settled}
    assert all(abs(r.started_at.timestamp() % INTERVAL_S - starts[r.device_id]) < 0.2 for r in settled)


def test_lesson_02_the_slow_device_is_named() -> None:
    world = World({"rtr-poso": router("ether2"), "rtr-slow": router("ether2")})
    world.agents["rtr-slow"].takes_s = 1.5
    world.run(INTERVAL_S)
    assert (world.value("poll_duration_seconds", device="rtr-slow", engine="gufo") or 0) > 4
    assert (world.value("poll_duration_seconds", device="rtr-poso", engine="gufo") or 9) < 0.1
    slow = world.of("rtr-slow")[0]
    assert slow.outcome is Outcome.PARTIAL
    assert "rtr-slow" in slow.reason


def test_lesson_03_a_device_never_has_two_polls_in_flight() -> None:
    world = World({"rtr-poso": router("ether2")}, deadline_s=100.0)
    agent = world.agents["rtr-poso"]
    agent.takes_s = 1.9
    agent.objects |= {f"1.3.6.1.2.1.31.1.1.1.1.{n}": b"x%d" % n for n in range(10, 40)}

    async def impatient(collector: Collector) -> None:
        await asyncio.sleep(100)
        for _ in range(60):
            collector.poll_soon("rtr-poso")
            await asyncio.sleep(1)

    collector = world.run(600, impatient)
    assert agent.most_in_flight == 1
    assert (world.value("overruns_total") or 0) >= 1
    assert collector.standing()["overruns"] == world.value("overruns_total")
    assert collector.standing()["polls"] == len(world.reports)


def test_a_poll_that_is_asked_for_comes_at_once_and_takes_no_turn_away() -> None:
    world = World({"rtr-poso": router("ether2")})

    async def ask(collector: Collector) -> None:
        await asyncio.sleep(INTERVAL_S + 4)
        before = len(world.reports)
        assert collector.poll_soon("rtr-poso")
        assert not collector.poll_soon("rtr-nowhere")
        await asyncio.sleep(0.2)
        assert len(world.reports) == before + 1

    world.run(300, ask)
    ticks = sorted({report.tick for report in world.reports})
    assert ticks == list(range(ticks[0], ticks[-1] + 1, INTERVAL_S))
    assert len(world.reports) == len(ticks) + 1


def test_a_jump_of_the_wall_clock_neither_stops_nor_doubles_polling() -> None:
    world = World({f"rtr-{n}": router("ether2") for n in range(10)})

    async def jump(collector: Collector) -> None:
        await asyncio.sleep(100)
        assert isinstance(collector._clock, LoopClock)
        collector._clock.jump += 3 * (collector._clock.now() - collector._clock.now().replace(hour=0, minute=0)) / 2
        await asyncio.sleep(100)

    world.run(100, jump)
    assert all(9 <= len(world.of(f"rtr-{n}")) <= 11 for n in range(10))


def test_a_process_that_was_stopped_for_an_hour_does_not_catch_up_poll_by_poll() -> None:
    world = World({f"rtr-{n}": router("ether2") for n in range(10)})

    async def stopped(_: Collector) -> None:
        await asyncio.sleep(100)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.sleep_through(3600)

    world.run(100, stopped)
    for n in range(10):
        reports = world.of(f"rtr-{n}")
        assert 6 <= len(reports) <= 8
        assert all(report.tick == slot_of(report.started_at, INTERVAL_S) for report in reports)
        assert len({report.tick for report in reports}) >= len(reports) - 1


def test_a_fault_in_what_takes_the_reports_stops_nothing() -> None:
    world = World({"rtr-poso": router("ether2")})

    def broken(reports: Sequence[PollReport]) -> None:
        world.reports.extend(reports)
        raise ValueError("the intake is broken")

    world.deliver = broken
    world.run(60)
    assert len(world.reports) == 2
    assert world.value("faults_total") == 2


def test_stopping_waits_for_what_is_under_way_and_closes_the_sessions() -> None:
    world = World({"rtr-poso": router("ether2")})
    world.agents["rtr-poso"].takes_s = 0.5

    async def until_busy(collector: Collector) -> None:
        while not collector.standing()["in_flight"]:
            await asyncio.sleep(0.1)

    world.run(0, until_busy)
    assert [report.outcome for report in world.reports] == [Outcome.COMPLETE]


def test_lesson_09_a_collector_runs_on_the_loop_that_it_was_started_on() -> None:
    collector = World({"rtr-poso": router("ether2")}).collector()
    in_virtual_time(collector.start())
    with pytest.raises(RuntimeError, match="one loop"):
        in_virtual_time(collector.run())


def test_an_engine_that_is_not_built_is_named_with_the_mend() -> None:
    engines = Engines({})
    with pytest.raises(EngineMissing, match=r"rtr-poso.*gufo"):
        engines.session(device())
