"""The collector: every device in its turn, one poll of a device at a time, reports handed on as they come."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from collectors.poller.descriptors import allow_descriptors
from collectors.poller.layout import Layout, decoded
from collectors.poller.metrics import CollectorMetrics
from collectors.poller.plan import PDU_OCTETS, Plan, Plans
from collectors.poller.schedule import Turn, confirm_after_s, next_turn_s
from collectors.poller.visit import visit
from collectors.poller.wheel import Wheel, phase_s
from collectors.snmp.engines import Engines
from collectors.snmp.session import Session
from netmon.model.access import Engine
from netmon.model.clock import Clock, slot_of
from netmon.model.poll import PollReport
from netmon.model.registry import Device, Registry

log = structlog.get_logger()

_TICK_S = 0.05
_SILENT_AT_ONCE = 500
"""Of the silent, while each waits for its time-out: so that they never fill the engines' windows."""
_READ_AT_ONCE = 200
"""Of the devices that have answered their probe: what comes back from them never waits long in the socket."""
_LEARNED_AT_ONCE = 20
"""Of the devices whose table must be walked: a thousand new ones at once would all miss their deadlines."""
_SLOW_SHARE = 0.8  # of the deadline: whoever needs more is named in the log


_WALKS_AT_ONCE = 500
"""Sockets for walks of devices that need none for their polls."""
_FREE: AbstractAsyncContextManager[None] = nullcontext()


@dataclass(slots=True)
class _Subject:
    """One device and what the collector keeps of it."""

    device: Device
    watched: tuple[str, ...]
    phase_s: float
    session: Session
    layout: Layout | None
    plan: Plan
    turn: Turn = field(default_factory=Turn)
    busy: bool = False
    out_of_turn: bool = False
    """The poll under way was asked for, and is not the device's turn."""
    again: bool = False
    """Somebody wants a poll as soon as this one has ended."""
    slow: bool = False


class Collector:
    """Polls what the registry names. ``deliver`` gets the reports, those that ended within a twentieth of a second
    together, and ``remember`` every changed layout (before the report that it belongs to), both on the event loop:
    they must not block. ``recall`` is what was remembered.

    How many requests are under way at once is the engines' matter. Devices that are silent wait in a lane of their
    own, so that the dead never keep the living waiting.
    """

    def __init__(
        self,
        registry: Registry,
        engines: Engines,
        *,
        deliver: Callable[[Sequence[PollReport]], None],
        clock: Clock,
        recall: Mapping[str, bytes],
        remember: Callable[[str, bytes | None], None],
        metrics: CollectorMetrics,
        pdu_octets: int = PDU_OCTETS,
    ) -> None:
        self._registry = registry
        self._engines = engines
        self._deliver = deliver
        self._clock = clock
        self._recall = recall
        self._remember = remember
        self._metrics = metrics
        self._interval_s = registry.poll_interval_s
        self._subjects: dict[str, _Subject] = {}
        self._polls: set[asyncio.Task[None]] = set()
        self._plans = Plans(pdu_octets)
        self._finished: list[PollReport] = []
        self._silent = asyncio.Semaphore(_SILENT_AT_ONCE)
        self._unknown = asyncio.Semaphore(_LEARNED_AT_ONCE)
        self._room = asyncio.Semaphore(_READ_AT_ONCE)
        self._stopping = asyncio.Event()
        self._turns = Wheel(_TICK_S)
        self._extras = Wheel(_TICK_S)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._done = 0
        self._overruns = 0

    async def start(self) -> None:
        """Give every device its session and its first turn, within one interval from now."""
        self._loop = asyncio.get_running_loop()
        allow_descriptors(_sockets(self._registry.devices.values()))
        now_s, wall_s = self._clock.monotonic_s(), self._clock.now().timestamp()
        subjects: dict[str, _Subject] = {}  # taken over as a whole: the heartbeat's thread counts them meanwhile
        for device in self._registry.devices.values():
            watched = tuple(link.if_name for link in self._registry.links_by_device.get(device.id, ()))
            phase = phase_s(device.id, self._interval_s)
            subject = _Subject(device, watched, phase, self._engines.session(device), None, self._plans.of(None))
            self._learn(subject, decoded(self._recall.get(device.id)))
            subjects[device.id] = subject
            self._turns.put(device.id, now_s + (phase - wall_s) % self._interval_s)
        self._subjects = subjects
        for gone in self._recall.keys() - self._subjects.keys():
            self._remember(gone, None)
        self._metrics.devices.set(len(self._subjects))

    async def run(self) -> None:
        """Turn the wheels until ``stop``. On the loop of ``start``: sockets of another loop would wait for ever."""
        if self._loop is not asyncio.get_running_loop():
            raise RuntimeError("run() belongs on the event loop that start() ran on: one collector, one loop")
        while not self._stopping.is_set():
            now_s = self._clock.monotonic_s()
            for device_id, due_s in self._turns.due(now_s):
                self._turn(self._subjects[device_id], due_s)
            for device_id, due_s in self._extras.due(now_s):
                self._extra(self._subjects[device_id], due_s)
            await asyncio.sleep(_TICK_S)
            self._hand_over()

    async def stop(self, patience_s: float = 10.0) -> None:
        """No new polls; those under way may end within ``patience_s``, then sockets are closed."""
        self._stopping.set()
        if self._polls:
            _, late = await asyncio.wait(self._polls, timeout=patience_s)
            for poll in late:
                poll.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._hand_over()
        for subject in self._subjects.values():
            await subject.session.close()
        await self._engines.close()

    def poll_soon(self, device_id: str) -> bool:
        """Ask this device out of turn: at once, or as soon as the poll that is under way has ended. False where
        there is no such device."""
        subject = self._subjects.get(device_id)
        if subject is None:
            return False
        self._extras.put(device_id, self._clock.monotonic_s())
        return True

    def standing(self) -> Mapping[str, int]:
        """Figures for a heartbeat."""
        subjects = self._subjects.values()
        return {
            "devices": len(subjects),
            "silent": sum(subject.turn.silent for subject in subjects),
            "in_flight": len(self._polls),
            "polls": self._done,
            "overruns": self._overruns,
        }

    def _turn(self, subject: _Subject, due_s: float) -> None:
        """A device's own turn, and when the next one is. While its last turn is under way it passes, counted. Turns
        that this process slept through (stopped, starved) are gone: one poll now, and none in their stead."""
        now_s, wall_s = self._clock.monotonic_s(), self._clock.now().timestamp()
        if now_s - due_s > self._interval_s / 2:
            due_s = now_s
        due_wall_s = wall_s - (now_s - due_s)
        self._turns.put(
            subject.device.id, due_s + next_turn_s(subject.turn, due_wall_s, subject.phase_s, self._interval_s)
        )
        if not subject.busy:
            self._begin(subject, due_s, out_of_turn=False)
        elif subject.out_of_turn:
            subject.again = True
        else:
            self._overruns += 1
            self._metrics.overruns.inc()
            log.warning("poll overrun", device=subject.device.id, address=subject.device.address)

    def _extra(self, subject: _Subject, due_s: float) -> None:
        if subject.busy:
            subject.again = True
        else:
            self._begin(subject, due_s, out_of_turn=True)

    def _begin(self, subject: _Subject, due_s: float, *, out_of_turn: bool) -> None:
        subject.busy, subject.out_of_turn = True, out_of_turn
        poll = asyncio.get_running_loop().create_task(self._poll(subject, due_s))
        self._polls.add(poll)
        poll.add_done_callback(self._polls.discard)

    async def _poll(self, subject: _Subject, due_s: float) -> None:
        try:
            async with self._lane(subject):
                if not self._stopping.is_set():
                    await self._visit(subject, due_s)
        except Exception:
            self._metrics.faults.inc()
            log.exception("poll failed", device=subject.device.id)
        finally:
            subject.busy = False
            if subject.again:
                subject.again = False
                self._extras.put(subject.device.id, self._clock.monotonic_s())

    def _lane(self, subject: _Subject) -> AbstractAsyncContextManager[None]:
        """Where a device may have to wait. Nothing holds up those that are known and answer."""
        if subject.turn.silent:
            return self._silent
        return self._unknown if subject.layout is None else _FREE

    async def _visit(self, subject: _Subject, due_s: float) -> None:
        lag_s = self._clock.monotonic_s() - due_s
        if not subject.turn.silent:
            self._metrics.lag.set(lag_s)
        report, layout = await visit(
            subject.device,
            subject.watched,
            subject.layout,
            subject.session,
            self._clock,
            slot_of(self._clock.now() - timedelta(seconds=lag_s), self._interval_s),
            plan=subject.plan,
            probe_attempts=1 if subject.turn.silent else 2,
            room=self._room,
        )
        self._account(subject, report)
        if layout is not None and layout is not subject.layout and layout != subject.layout:
            self._learn(subject, layout)
            self._remember(subject.device.id, layout.encode())
        self._finished.append(report)

    def _learn(self, subject: _Subject, layout: Layout | None) -> None:
        """The device's table is another one now. What of it equals others' tables is kept once for all."""
        subject.plan = self._plans.of(layout)
        subject.layout = replace(layout, interfaces=subject.plan.interfaces) if layout else None

    def _hand_over(self) -> None:
        self._metrics.in_flight.set(len(self._polls))
        if self._finished:
            finished, self._finished = self._finished, []
            try:
                self._deliver(finished)
            except Exception:
                self._metrics.faults.inc()
                log.exception("reports not taken", devices=[report.device_id for report in finished])

    def _account(self, subject: _Subject, report: PollReport) -> None:
        """Metrics, the device's place in the schedule, and a word in the log when something changed."""
        self._done += 1
        self._metrics.polled(report)
        before, subject.turn = subject.turn, subject.turn.after(report.outcome)
        if subject.turn.silent != before.silent:
            self._metrics.silent.inc(1 if subject.turn.silent else -1)
            said = "device silent" if subject.turn.silent else "device answers again"
            log.warning(said, device=report.device_id, outcome=report.outcome.value, reason=report.reason)
        if before.silent and not subject.turn.silent:
            self._end_backoff(subject, report)
        wait_s = confirm_after_s(subject.turn, self._interval_s, subject.device.snmp.deadline_s)
        if wait_s is not None:
            self._extras.put(report.device_id, self._clock.monotonic_s() + wait_s)
        slow = report.outcome.answered and report.elapsed_s > _SLOW_SHARE * subject.device.snmp.deadline_s
        if slow and not subject.slow and not self._room.locked():  # it may be us who are slow
            log.warning("device slow", device=report.device_id, elapsed_s=report.elapsed_s, reason=report.reason)
        subject.slow = slow

    def _end_backoff(self, subject: _Subject, report: PollReport) -> None:
        """Its next turn was set for a silent device, a slot too late for one that is back."""
        began_s = self._clock.monotonic_s() - report.elapsed_s
        wall_s = report.started_at.timestamp()
        wait_s = next_turn_s(subject.turn, wall_s, subject.phase_s, self._interval_s)
        self._turns.put(subject.device.id, began_s + wait_s)


def _sockets(devices: Iterable[Device]) -> int:
    """One a device, but for those that share the batch engine's."""
    engines = Counter(device.snmp.engine for device in devices)
    return engines.total() - max(0, engines[Engine.BATCH] - _WALKS_AT_ONCE)
