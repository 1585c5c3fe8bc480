"""Before the clock: what the devices' interface tables are, by the same first visit as in production."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from collectors.poller.layout import Layout, decoded
from collectors.poller.plan import known_oids, plan_of
from collectors.poller.visit import visit
from collectors.snmp.engines import Engines, standard_engines
from netmon.bench.province import first_names
from netmon.model.clock import Clock
from netmon.model.poll import PollReport
from netmon.model.registry import Device

_AT_ONCE = 100


class Varbinds:
    """How many varbinds a report is made of: those that its layout asks for, of the interfaces that came."""

    def __init__(self, layouts: dict[str, bytes]) -> None:
        self._layouts = layouts
        self._sizes: dict[bytes, tuple[int, dict[str, int]]] = {}

    def of(self, report: PollReport) -> int:
        remembered = self._layouts[report.device_id]
        if remembered not in self._sizes:
            self._sizes[remembered] = _sizes(decoded(remembered))
        probe, interfaces = self._sizes[remembered]
        if len(report.interfaces) == len(interfaces):
            return probe + sum(interfaces.values())
        return probe + sum(interfaces.get(row.if_name, 0) for row in report.interfaces)


def _sizes(layout: Layout | None) -> tuple[int, dict[str, int]]:
    known = layout.interfaces if layout else ()
    return len(plan_of(layout).probe.oids), {each.who.if_name: len(known_oids(each)) for each in known}


async def learn_one(devices: Sequence[Device], if_names: Sequence[str], clock: Clock) -> bytes | None:
    """The layout of the first device that answers: on our own responder, that of all. None where nobody answers."""
    engines = standard_engines(clock)
    try:
        for device in devices:
            _, layout = await _visited(device, if_names, engines, clock)
            if layout is not None:
                return layout.encode()
        return None
    finally:
        await engines.close()


async def learn_each(
    devices: Sequence[Device], at_most: int, clock: Clock, progress: Callable[[int], None]
) -> tuple[dict[str, bytes], dict[str, tuple[str, ...]]]:
    """Layouts of devices that nobody knows, and the names of the first interfaces of each, which are to be watched."""
    engines, turn = standard_engines(clock), asyncio.Semaphore(_AT_ONCE)
    layouts: dict[str, bytes] = {}
    if_names: dict[str, tuple[str, ...]] = {}

    async def learn(device: Device) -> None:
        async with turn:
            _, layout = await _visited(device, None, engines, clock)
        if layout is not None:
            watched = first_names([each.who.if_name for each in layout.interfaces], at_most)
            chosen = tuple(each for each in layout.interfaces if each.who.if_name in watched)
            layouts[device.id] = replace(layout, watched=watched, interfaces=chosen).encode()
            if_names[device.id] = watched
        progress(len(layouts))

    try:
        await asyncio.gather(*map(learn, devices))
    finally:
        await engines.close()
    return layouts, if_names


async def _visited(
    device: Device, watched: Sequence[str] | None, engines: Engines, clock: Clock
) -> tuple[PollReport, Layout | None]:
    session = engines.session(device)
    try:
        return await visit(device, watched, None, session, clock, tick=0)
    finally:
        await session.close()


async def look_at(devices: Sequence[Device], clock: Clock) -> str | None:
    """sysDescr of the first of these devices that answers; None where none does."""
    engines = standard_engines(clock)
    try:
        for device in devices:
            report, _ = await _visited(device, (), engines, clock)
            if report.outcome.answered:
                return report.facts.sys_descr or ""
        return None
    finally:
        await engines.close()
