"""One visit to one device: a probe, then what the plan says, under one deadline."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import structlog

from collectors.poller.asking import Asking
from collectors.poller.layout import Layout, LearnedInterface
from collectors.poller.plan import OUTGROW_EVERY, UNBOUNDED_VARBINDS, Plan, plan_of, why_learn
from collectors.poller.reading import Candidates, rows_of
from collectors.snmp.session import NoAnswer, Refused, Session, SnmpError, Unreachable, Value
from collectors.tables import interfaces as if_mib
from collectors.tables import system
from collectors.tables.interfaces import Named
from netmon.model.access import SnmpVersion
from netmon.model.clock import Clock
from netmon.model.poll import InterfaceRow, Outcome, PollReport
from netmon.model.registry import Device

log = structlog.get_logger()

_OUTCOMES: tuple[tuple[type[SnmpError], Outcome], ...] = (
    (Unreachable, Outcome.UNREACHABLE),
    (Refused, Outcome.REFUSED),
    (SnmpError, Outcome.MALFORMED),
)


async def visit(
    device: Device,
    watched: Sequence[str] | None,
    layout: Layout | None,
    session: Session,
    clock: Clock,
    tick: int,
    *,
    plan: Plan | None = None,
    probe_attempts: int = 2,
    room: asyncio.Semaphore | None = None,
) -> tuple[PollReport, Layout | None]:
    """Ask one device for its watched interfaces (None: all). Whatever happens out there, a report comes back, and
    with it what is now known of the device's table. ``plan`` is what follows from ``layout``, where it is at hand. A
    probe that nobody answers is sent ``probe_attempts`` times. ``room`` is where a device that has answered waits until
    there is time for it; its deadline does not run meanwhile."""
    gathering = _Visit(device, watched, layout, session, clock, plan or plan_of(layout), room or asyncio.Semaphore())
    return await gathering.run(tick, probe_attempts)


class _Visit:
    """What has been gathered so far; it lives for one visit."""

    def __init__(
        self,
        device: Device,
        watched: Sequence[str] | None,
        layout: Layout | None,
        session: Session,
        clock: Clock,
        plan: Plan,
        room: asyncio.Semaphore,
    ) -> None:
        self._device = device
        self._room = room
        self._plan = plan
        self._watched = None if watched is None else tuple(watched)
        self._layout = layout
        self._session = session
        self._clock = clock
        timeout_s = min(device.snmp.timeout_s, 0.45 * device.snmp.deadline_s)
        self._asking = Asking(session, timeout_s, self._bound(), doubted=layout is not None and layout.doubted)
        self._probed: Mapping[str, Value] | None = None
        self._rows: Sequence[InterfaceRow] = ()
        self._doubt = ""

    async def run(self, tick: int, probe_attempts: int) -> tuple[PollReport, Layout | None]:
        started_at, began_s = self._clock.now(), self._clock.monotonic_s()
        outcome, reason = await self._under_deadline(probe_attempts)
        finished_s = self._clock.monotonic_s()
        report = PollReport(
            device_id=self._device.id,
            tick=tick,
            started_at=started_at,
            elapsed_s=finished_s - began_s,
            outcome=outcome,
            reason=reason,
            facts=system.facts(self._probed or {}),
            interfaces=self._rows,
            absent=self._absent() if outcome.answered else (),
            engine=self._device.snmp.engine.value,
            finished_s=finished_s,
        )
        return report, self._remembered()

    async def _under_deadline(self, probe_attempts: int) -> tuple[Outcome, str]:
        deadline_s = self._device.snmp.deadline_s
        if self._layout and self._layout.max_repetitions is not None:
            self._session.max_repetitions = min(self._session.max_repetitions, self._layout.max_repetitions)
        try:
            async with asyncio.timeout(deadline_s) as deadline:
                await self._probe(probe_attempts)
                async with self._when_there_is_time(deadline):
                    await self._ask_interfaces()
        except NoAnswer as error:
            return self._ended(Outcome.TIMEOUT, f"{error}: {self._mend('it had answered a moment before')}")
        except SnmpError as error:
            return self._ended(next(o for kind, o in _OUTCOMES if isinstance(error, kind)), str(error))
        except TimeoutError:
            mend = self._mend("raise snmp.deadline_s, or watch fewer interfaces")
            return self._ended(Outcome.TIMEOUT, f"{self._device.where} was not done within {deadline_s:g} s: {mend}")
        return (Outcome.PARTIAL, self._doubt) if self._doubt else (Outcome.COMPLETE, "")

    @asynccontextmanager
    async def _when_there_is_time(self, deadline: asyncio.Timeout) -> AsyncIterator[None]:
        """A machine that is too slow for its devices must be late, and not take them for slow: they would be asked
        again and in halves, which makes it slower still."""
        ends_s = deadline.when()
        if ends_s is not None and self._room.locked():
            left_s = ends_s - asyncio.get_running_loop().time()
            deadline.reschedule(None)
            await self._room.acquire()
            deadline.reschedule(asyncio.get_running_loop().time() + left_s)
        else:
            await self._room.acquire()
        try:
            yield
        finally:
            self._room.release()

    def _mend(self, once_probed: str) -> str:
        """What silence may mean: an agent does not answer those whose community or privacy key is wrong."""
        if self._probed is not None:
            return once_probed
        if self._device.snmp.version is SnmpVersion.V3:
            return "is it on and reachable, and is snmp.privacy_key right?"
        return "is it on and reachable, is snmp.community right, and does it answer from the address that is asked?"

    def _ended(self, outcome: Outcome, reason: str) -> tuple[Outcome, str]:
        """A device that has answered the probe is not silent, whatever came after."""
        return (outcome if self._probed is None else Outcome.PARTIAL, reason)

    def _bound(self) -> int | None:
        """The most varbinds that the device bears: now and then twice as many as it did."""
        layout = self._layout
        if layout is None or layout.max_varbinds is None:
            return None
        age = self._clock.now() - (layout.bounded_at or layout.learned_at)
        if timedelta() <= age < OUTGROW_EVERY:
            return layout.max_varbinds
        return layout.max_varbinds * 2 if layout.max_varbinds < UNBOUNDED_VARBINDS else None

    async def _probe(self, attempts: int) -> None:
        """One PDU before anything else: a dead device costs no more than this."""
        try:
            await self._asking.probe(self._plan.probe, self._plan.knock, attempts)
        finally:
            self._note_probed(self._plan)

    def _note_probed(self, plan: Plan) -> None:
        said = self._asking.said()
        if said:
            values = (said[oid][0] if oid in said else None for oid in plan.probe.oids)
            self._probed = dict(zip(plan.scalars, values, strict=True))

    async def _ask_interfaces(self) -> None:
        if self._watched == ():
            if self._layout is None or self._layout.watched != ():
                self._layout = self._relearned(())
            return
        await self._ask_known()
        all_known = len(self._rows) == len(self._plan.interfaces) and self._layout is not None
        if not all_known or why_learn(self._layout, self._watched, self._probed or {}, self._clock.now()):
            await self._learn()

    async def _ask_known(self) -> None:
        """Known OIDs by GET. Rows that came before a failure are kept."""
        try:
            await self._asking.get_all(self._plan.pdus)
        finally:
            self._rows = rows_of(self._plan, self._asking)

    async def _learn(self) -> None:
        """Walk the names, then ask everything of those that are watched; and the device once more who it is, for it may
        say more than when it was met."""
        if self._layout is not None:
            everything = plan_of(None)
            await self._asking.get(everything.probe)
            self._note_probed(everything)
        everyone = if_mib.named(await self._asking.walk(if_mib.NAME.oid), await self._asking.walk(if_mib.DESCR.oid))
        if not everyone:
            self._doubt = f"{self._device.label} shows no interfaces: does its SNMP view include IF-MIB?"
            return
        missed = self._missed_by_walk(everyone)
        found = Candidates(
            [who for who in everyone if self._watched is None or who.if_name in self._watched],
            counters64=self._device.snmp.version is not SnmpVersion.V1,
        )
        try:
            await self._asking.get_all(found.pdus(self._layout))
        finally:
            rows, moved = found.read(self._asking)
            if moved:
                self._doubt = f"{self._device.label}: its interface table changed while it was read ({moved} …)"
            known = {row.if_name: row for row in self._rows} | {row.if_name: row for _, row in rows}
            self._rows = tuple(known.values())
        if moved:
            return  # what was known stays known; the next visit finds the change
        self._layout = self._relearned((*(learned for learned, _ in rows), *missed))
        self._rows = tuple(known[each.who.if_name] for each in self._layout.interfaces)
        self._hint_at_absent(everyone)

    def _missed_by_walk(self, everyone: Sequence[Named]) -> list[LearnedInterface]:
        """Interfaces that answered to their name a moment ago and that the walk did not show: the walk is at fault.
        Absence takes two witnesses."""
        shown = {who.if_index for who in everyone}
        known = self._layout.interfaces if self._layout else ()
        answered = {row.if_name for row in self._rows}
        answered -= {who.if_name for who in everyone}  # found under another number: it has moved
        missed = [each for each in known if each.who.if_name in answered and each.who.if_index not in shown]
        if missed:
            names = ", ".join(interface.who.if_name for interface in missed)
            self._doubt = f"{self._device.label}: a walk of its interfaces left out {names}, which it does have"
        return missed

    def _hint_at_absent(self, everyone: Sequence[Named]) -> None:
        """People write an interface as the device's own prompt shows it; often that is its ifDescr."""
        for if_name in self._absent():
            alike = [
                e.if_name
                for e in everyone
                if if_name.casefold() in (e.if_name.casefold(), (e.if_descr or "").casefold())
            ]
            log.warning("no such interface", device=self._device.id, if_name=if_name, did_you_mean=alike or None)

    def _relearned(self, interfaces: tuple[LearnedInterface, ...]) -> Layout:
        probed, old = self._probed or {}, self._layout
        same = old is not None and {each.who for each in old.interfaces} == {each.who for each in interfaces}
        return Layout(
            learned_at=self._clock.now(),
            watched=self._watched,
            interfaces=interfaces,
            scalars=tuple(name for name, value in probed.items() if value is not None) or None,
            if_number=if_mib.IF_NUMBER.read(probed),
            table_last_change=if_mib.IF_TABLE_LAST_CHANGE.read(probed),
            uptime_ticks=system.UPTIME.read(probed),
            engine_boots=system.ENGINE_BOOTS.read(probed),
            idle_walks=old.idle_walks + 1 if old and same else 0,
        )

    def _absent(self) -> tuple[str, ...]:
        return self._layout.absent if self._layout and self._layout.watched == self._watched else ()

    def _remembered(self) -> Layout | None:
        if self._layout is None:
            return None
        known, asking, max_repetitions = self._layout, self._asking, self._session.max_repetitions
        was = known.max_varbinds, known.max_repetitions, known.doubted
        now = asking.max_varbinds, max_repetitions, asking.doubts > 0
        if now == was:
            return known
        bounded_at = known.bounded_at if now[0] == was[0] else self._clock.now()
        return replace(
            known, max_varbinds=now[0], max_repetitions=max_repetitions, doubted=now[2], bounded_at=bounded_at
        )
