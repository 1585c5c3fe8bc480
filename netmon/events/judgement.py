"""What the conditions in force amount to: which silence belongs to which event, and when an event is over."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from netmon.events.desk import Desk, event_of, key_of
from netmon.events.event import Event, EventKind
from netmon.events.explain import root_causes
from netmon.events.memory import Condition, OpenEvent, Standing, of_signal
from netmon.events.topology import Topology
from netmon.model.finding import Severity, Signal, Subject, SubjectKind

HOLDING_ASPECTS = frozenset({"", "heartbeat", "clock"})
"""Kinds of blindness in which silence means nothing. A series store that cannot be written is not one of them: findings
come by another way, and suppressing them would eat the only alert."""

_JUST_AFTER = timedelta(milliseconds=1)


class Judgement:
    """Judges one desk. ``at`` is always the instant of a finding or of a deadline, never "now"."""

    def __init__(self, desk: Desk, topology: Topology, settle: timedelta, collector: str) -> None:
        self._desk = desk
        self._topology = topology
        self._settle = settle
        self._collector = Subject(SubjectKind.COLLECTOR, collector)
        self._silent: Mapping[str, Condition] = {}
        self._down: Mapping[str, Condition] = {}
        self._causes: Mapping[str, frozenset[Subject]] = {}

    def run_until(self, until: datetime) -> None:
        """Judge at every deadline that is not after ``until``, in order."""
        while (deadline := self._next_deadline()) is not None and deadline <= until:
            self.judge(deadline)

    def judge(self, at: datetime, forced: str | None = None) -> None:
        """Bring the events in line with the conditions. ``forced`` names a silent device that is due whatever its
        deadline, because it is about to come back."""
        desk = self._desk
        self._silent = of_signal(desk.conditions, Signal.SILENCE, SubjectKind.DEVICE)
        self._down = of_signal(desk.conditions, Signal.LINK_DOWN, SubjectKind.LINK)
        self._judge_blindness(at)
        self._mark_ended(at)
        self._open_link_downs()
        self._explain(at)
        if not self._held:
            self._open_blankspots(at, forced)
            self._absorb_late(at)
        self._join()
        desk.announce()
        self._close_ended(at)

    # --- blind -------------------------------------------------------------------------------------------------

    @property
    def _held(self) -> bool:
        """Whether silence means nothing at present, because monitoring itself is blind."""
        return any(
            r.event.kind is EventKind.BLIND and r.event.aspect in HOLDING_ASPECTS for r in self._desk.events.values()
        )

    def _judge_blindness(self, at: datetime) -> None:
        """Everything silent, the first hop included, says more about us than about the devices."""
        devices = self._topology.registry.devices
        key = key_of(EventKind.BLIND, self._collector)
        if len(devices) < 2 or len(self._silent) < len(devices):
            return self._desk.close(key, at)
        if key in self._desk.events:
            return None
        since = max(c.waiting_from for c in self._silent.values())
        event = Event(
            EventKind.BLIND,
            self._collector,
            Severity.CRITICAL,
            since,
            "everything_silent",
            detail={"since": since.isoformat(), "silent_devices": len(devices)},
        )
        self._desk.open(event, devices=devices)
        for narrow, record in self._blankspots():
            if record.event.opened_at >= since - 2 * self._settle:
                self._desk.absorb(narrow, key, at)
        return None

    # --- link down ---------------------------------------------------------------------------------------------

    def _open_link_downs(self) -> None:
        """At once, unless an event tells of it already."""
        for link, condition in self._down.items():
            if not self._is_covered(link):
                self._desk.open(event_of(condition.finding), links=(link,))

    def _is_covered(self, link: str) -> bool:
        """Whether an event tells of a down link without its own: its device is itself silent, or all that hangs on it
        belongs to an event that was there before."""
        if key_of(EventKind.LINK_DOWN, Subject(SubjectKind.LINK, link)) in self._desk.events:
            return False
        if self._topology.registry.links[link].device in self._silent:
            return True
        fed = self._topology.fed_by.get(link, ())
        told_of = {d for _, record in self._blankspots() for d in record.devices}
        return bool(fed) and all(d in self._silent and d in told_of for d in fed)

    # --- silence -----------------------------------------------------------------------------------------------

    def _explain(self, at: datetime) -> None:
        """Find what explains each silence, and let those wait afresh that nothing explains any more."""
        self._causes = root_causes(
            self._topology,
            self._silent,
            [link for link in self._down if not self._is_covered(link)],
            [d for d in self._silent if self._own_event(d) in self._desk.events],
        )
        held = self._held
        for device, condition in self._silent.items():
            joined = held or self._is_explained(device) or self._event_of_root(device) is not None
            if joined and condition.standing is not Standing.JOINED:
                self._keep(device, replace(condition, standing=Standing.JOINED))
            elif not joined and condition.standing is Standing.JOINED:
                waiting_from = max(at, condition.waiting_from + _JUST_AFTER)
                self._keep(device, replace(condition, standing=Standing.RELEASED, waiting_from=waiting_from))
        self._silent = of_signal(self._desk.conditions, Signal.SILENCE, SubjectKind.DEVICE)

    def _keep(self, device: str, condition: Condition) -> None:
        finding = condition.finding
        self._desk.conditions[f"{finding.subject}/{finding.signal}/{finding.aspect}"] = condition

    def _is_explained(self, device: str) -> bool:
        return self._causes[device] != {Subject(SubjectKind.DEVICE, device)}

    def _own_event(self, device: str) -> str:
        return key_of(EventKind.BLANKSPOT, Subject(SubjectKind.DEVICE, device))

    def _event_of_root(self, device: str) -> str | None:
        """The open event that a silent device at the root is told by: its own, or that of its dark region."""
        if (own := self._own_event(device)) in self._desk.events:
            return own
        for code in self._topology.regions_of[device]:
            key = key_of(EventKind.BLANKSPOT, Subject(SubjectKind.REGION, code))
            if key in self._desk.events and self._desk.events[key].ended_at is None:
                return key
        return None

    def _event_of_cause(self, cause: Subject) -> str | None:
        if cause.kind is SubjectKind.DEVICE:
            return self._event_of_root(cause.id)
        key = key_of(EventKind.LINK_DOWN, cause)
        return key if key in self._desk.events else None

    def _open_blankspots(self, at: datetime, forced: str | None) -> None:
        """Roots that have waited long enough speak for themselves, or their dark region speaks for them."""
        before = len(self._desk.changes), set(self._desk.events)
        for device in sorted(self._silent):
            if self._is_explained(device):
                continue
            event = self._event_of_root(device)
            region = self._topology.dark_region_of(device, self._silent)
            if event is None and (device == forced or self._deadline(device) <= at):
                self._open_region(region, at) if region else self._open_device(device)
            elif event == self._own_event(device) and region:
                self._open_region(region, at)
        if before != (len(self._desk.changes), set(self._desk.events)):
            self._explain(at)

    def _open_device(self, device: str) -> None:
        condition = self._silent[device]
        self._desk.open(event_of(condition.finding, condition.waiting_from), devices=(device,))

    def _open_region(self, code: str, at: datetime) -> None:
        """One event for all of a dark region; it takes over the narrower ones within it."""
        serving = [self._silent[d] for d in self._topology.serving(code)]
        since = max(c.waiting_from for c in serving)
        event = Event(
            EventKind.BLANKSPOT,
            Subject(SubjectKind.REGION, code),
            max((c.finding.severity for c in serving), key=lambda s: s.rank),
            since,
            "all_sites_silent" if self._topology.has_sites(code) else "all_devices_silent",
            detail={
                "since": min(c.finding.at for c in serving).isoformat(),
                "silent_devices": len(serving),
            },
        )
        key = self._desk.open(event, devices=self._topology.members(code) & self._silent.keys())
        for narrow, record in self._blankspots():
            if narrow != key and self._is_within(record.event.subject, code):
                self._desk.absorb(narrow, key, at)

    def _is_within(self, subject: Subject, code: str) -> bool:
        if subject.kind is SubjectKind.REGION:
            return subject.id.startswith(f"{code}.")
        return subject.id in self._topology.members(code)

    def _absorb_late(self, at: datetime) -> None:
        """An event whose cause came to light a little late is told by the cause's event, as if it had come in time.
        One that had stood alone for long stays an incident of its own."""
        absorbed = False
        for key, record in self._blankspots():
            roots = self._roots_of(record)
            causes = {c for d in roots for c in self._causes[d]}
            wider = [e for c in causes if (e := self._event_of_cause(c)) is not None and e != key]
            in_time = record.event.opened_at + 2 * self._settle
            if all(self._is_explained(d) for d in roots) and wider and self._since(causes) <= in_time:
                self._desk.absorb(key, min(wider), at)
                absorbed = True
        if absorbed:
            self._explain(at)

    def _roots_of(self, record: OpenEvent) -> Collection[str]:
        """The silent devices whose silence an event is about."""
        subject = record.event.subject
        return (subject.id,) if subject.kind is SubjectKind.DEVICE else self._topology.serving(subject.id)

    def _since(self, causes: Collection[Subject]) -> datetime:
        conditions = (self._down[c.id] if c.kind is SubjectKind.LINK else self._silent[c.id] for c in causes)
        return max(c.finding.at for c in conditions)

    def _join(self) -> None:
        """Write onto each event what it takes down at present."""
        devices: dict[str, set[str]] = {}
        events_of: dict[str, set[str]] = {}
        for device, causes in self._causes.items():
            own = self._own_event(device)
            keys = {own} if own in self._desk.events else {e for c in causes if (e := self._event_of_cause(c))}
            events_of[device] = keys
            for key in keys:
                devices.setdefault(key, set()).add(device)
        links: dict[str, set[str]] = {}
        for link in self._down:
            if self._is_covered(link):
                near_end = self._topology.registry.links[link].device
                for device in (near_end, *self._topology.fed_by.get(link, ())):
                    for key in events_of.get(device, ()):
                        links.setdefault(key, set()).add(link)
        for key in devices.keys() | links.keys():
            self._desk.grow(key, devices.get(key, ()), links.get(key, ()))

    # --- the end of an event -----------------------------------------------------------------------------------

    def _blankspots(self) -> list[tuple[str, OpenEvent]]:
        """Open events about silence whose cause is still there, oldest first."""
        found = [
            (key, record)
            for key, record in self._desk.events.items()
            if record.event.kind is EventKind.BLANKSPOT and record.ended_at is None
        ]
        return sorted(found, key=lambda kr: (kr[1].event.opened_at, kr[0]))

    def _mark_ended(self, at: datetime) -> None:
        for key, record in list(self._desk.events.items()):
            if record.event.kind not in (EventKind.BLANKSPOT, EventKind.LINK_DOWN):
                continue
            if self._is_active(record.event):
                self._desk.mark(key, None)
            elif record.ended_at is None:
                self._desk.mark(key, max(at, record.event.opened_at))

    def _is_active(self, event: Event) -> bool:
        subject = event.subject
        if subject.kind is SubjectKind.REGION:
            return self._topology.is_dark(subject.id, self._silent)
        return subject.id in (self._down if event.kind is EventKind.LINK_DOWN else self._silent)

    def _close_ended(self, at: datetime) -> None:
        """An event whose cause is over closes when all that it took down is back, or told of elsewhere; after the
        settling time what is still silent speaks for itself."""
        for key, record in list(self._desk.events.items()):
            if record.ended_at is None:
                continue
            if not self._left_behind(record):
                self._desk.close(key, at)
            elif record.ended_at + self._settle <= at and not self._held:
                self._desk.close(key, record.ended_at + self._settle)

    def _left_behind(self, record: OpenEvent) -> bool:
        return any(d in self._silent and self._silent[d].standing is not Standing.JOINED for d in record.devices)

    # --- time --------------------------------------------------------------------------------------------------

    def _deadline(self, device: str) -> datetime:
        """Until when an unexplained silence waits. The only device of all can have no other explanation."""
        alone = len(self._topology.registry.devices) == 1
        condition = self._silent[device]
        return condition.waiting_from + (timedelta(0) if alone else self._settle)

    def _next_deadline(self) -> datetime | None:
        if self._held:
            return None
        self._silent = of_signal(self._desk.conditions, Signal.SILENCE, SubjectKind.DEVICE)
        waiting = [self._deadline(d) for d, c in self._silent.items() if c.standing is not Standing.JOINED]
        ending = [r.ended_at + self._settle for r in self._desk.events.values() if r.ended_at is not None]
        return min((*waiting, *ending), default=None)
