"""Visits to a faulty agent, one after another, as the collector makes them; every report is held against the truth."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from collectors.poller.layout import Layout
from collectors.poller.visit import visit
from collectors.snmp.batch import BatchEngine
from collectors.snmp.gufo import GufoEngine
from collectors.snmp.pysnmp import PysnmpEngine
from collectors.snmp.session import SnmpEngine
from netmon.model.access import Engine, SnmpVersion
from netmon.model.clock import SystemClock
from netmon.model.poll import PollReport
from netmon.model.registry import Device
from tests.real.faulty import FaultyAgent, running, untrue

SLACK_S = 0.25
"""What a busy machine may add to a deadline."""


class Polling:
    """One device and what is known of it."""

    def __init__(self, agent: FaultyAgent, engine: SnmpEngine, device: Device) -> None:
        self.agent = agent
        self.engine = engine
        self.device = device
        self.session = engine.session(device)
        self.layout: Layout | None = None
        self.watched: Sequence[str] | None = None

    async def poll(self, probe_attempts: int = 2) -> PollReport:
        """One visit. No counter in its report is wrong. One attempt is what the silent get."""
        report = await self.visit(probe_attempts)
        if wrong := untrue(report, self.agent):
            raise AssertionError(f"these counters are not the device's: {wrong}")
        return report

    async def visit(self, probe_attempts: int = 2) -> PollReport:
        """One visit, which keeps the device's deadline."""
        report, self.layout = await visit(
            self.device,
            self.watched,
            self.layout,
            self.session,
            SystemClock(),
            0,
            probe_attempts=probe_attempts,
        )
        assert report.elapsed_s <= self.device.snmp.deadline_s + SLACK_S
        return report

    @property
    def dropped(self) -> dict[str, int]:
        assert isinstance(self.engine, BatchEngine)
        return dict(self.engine.dropped)


@asynccontextmanager
async def polling(
    interfaces: int = 4,
    *,
    by: Engine = Engine.BATCH,
    version: SnmpVersion = SnmpVersion.V2C,
    pace: int = 4,
    in_flight: int = 2000,
    answers_from: Sequence[str] = (),
    known: bool = True,
    wide: bool = True,
    **access: Any,
) -> AsyncIterator[Polling]:
    """A healthy agent; ``known``: its table was learned by a first visit."""
    engine = _engine(by, pace, in_flight)
    async with running(interfaces, wide=wide) as agent:
        device = replace(agent.device(version, by, **access), answers_from=tuple(answers_from))
        visits = Polling(agent, engine, device)
        if known:
            await visits.poll()
        try:
            yield visits
        finally:
            await visits.session.close()
            await engine.close()


def _engine(by: Engine, pace: int, in_flight: int) -> SnmpEngine:
    clock = SystemClock()
    if by is Engine.BATCH:
        return BatchEngine(clock, pace=pace, in_flight=in_flight)
    return GufoEngine(clock) if by is Engine.GUFO else PysnmpEngine(clock)


def names(report: PollReport) -> list[str]:
    return [row.if_name for row in report.interfaces]


def counted(report: PollReport) -> list[str]:
    """Interfaces with both octet counters."""
    return [row.if_name for row in report.interfaces if None not in (row.in_octets, row.out_octets)]
