"""What the conditions in force amount to: which silence belongs to which event, and when an event is over."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from netmon.events.desk import Desk, event_of, key_of
from netmon.events.event import Event, EventKind
from netmon.events.explain import root_causes
from netmon.events.memory import Condition, OpenEvent, Standing, condition_key, of_signal
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
        self._refresh()

    def run_until(self, until: datetime) -> None:
        """Judge at every deadline that is not after ``until``, in order."""
        while (deadline := self._next_deadline()) is not None and deadline <= until:
            self.judge(deadline)

    def judge(self, at: datetime, forced: str | None = None) -> None:
        """Bring the events in line with the conditions. ``forced`` names a silent device that is due whatever its
        deadline, because it is about to come back."""
        self._refresh()
        self._judge_blindness(at)
        self._mark_ended(at)
        self._open_link_downs()
        self._settle_standings(at)
        if not self._held:
            self._open_blankspots(at, forced)
            self._absorb_late(at)
        self._join()
        self._desk.announce()
        self._close_ended(at)

    def _refresh(self) -> None:
        """Look at the conditions in force, and find what explains each silence."""
        self._silent: Mapping[str, Condition] = of_signal(self._desk.conditions, Signal.SILENCE, SubjectKind.DEVICE)
        self._down: Mapping[str, Condition] = of_signal(self._desk.conditions, Signal.LINK_DOWN, SubjectKind.LINK)
        self._causes: Mapping[str, frozenset[Subject]] = root_causes(
            self._topology,
            self._silent,
            [link for link in self._down if not self._is_covered(link)],
            [d for d in self._silent if self._own_event(d) in self._desk.events],
        )

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

    def _settle_standings(self, at: datetime) -> None:
        """Let each silence that is explained join, and those wait afresh that nothing explains any more."""
        self._refresh()
        held = self._held
        for device, condition in self._silent.items():
            joined = held or self._is_explained(device) or self._event_of_root(device) is not None
            if joined and condition.standing is not Standing.JOINED:
                self._keep(device, replace(condition, standing=Standing.JOINED))
            elif not joined and condition.standing is Standing.JOINED:
                waiting_from = max(at, condition.waiting_from + _JUST_AFTER)
                self._keep(device, replace(condition, standing=Standing.RELEASED, waiting_from=waiting_from))
        self._refresh()

    def _keep(self, device: str, condition: Condition) -> None:
        self._desk.conditions[condition_key(condition.finding)] = condition

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
            if not (device == forced and self._event_of_root(device) is None):
                deadline = self._deadline(device)
                if deadline is None or deadline > at:
                    continue
            if region := self._region_darkened_by(device):
                self._open_region(region, device, at)
            else:
                self._open_device(device)
        if before != (len(self._desk.changes), set(self._desk.events)):
            self._settle_standings(at)

    def _open_device(self, device: str) -> None:
        condition = self._silent[device]
        self._desk.open(event_of(condition.finding, condition.waiting_from), devices=(device,))

    def _region_darkened_by(self, device: str) -> str | None:
        """The widest wholly dark region in which a root's silence has a part: of what serves the region, something
        is silent because of it."""
        root = Subject(SubjectKind.DEVICE, device)
        for code in self._topology.regions_of[device]:
            has_a_part = any(root in self._causes.get(d, ()) for d in self._topology.serving(code))
            if has_a_part and self._topology.is_dark(code, self._silent):
                return code
        return None

    def _dark_since(self, code: str, root: str) -> datetime:
        return max(self._silent[d].waiting_from for d in (root, *self._topology.serving(code)))

    def _open_region(self, code: str, root: str, at: datetime) -> None:
        """One event for all of a dark region; it takes over the narrower ones within it."""
        serving = [self._silent[d] for d in self._topology.serving(code)]
        event = Event(
            EventKind.BLANKSPOT,
            Subject(SubjectKind.REGION, code),
            max((c.finding.severity for c in serving), key=lambda s: s.rank),
            self._dark_since(code, root),
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
            wider = {e for c in causes if (e := self._event_of_cause(c)) is not None}
            in_time = record.event.opened_at + 2 * self._settle
            if wider and key not in wider and self._since(causes) <= in_time:
                self._desk.absorb(key, min(wider), at)
                absorbed = True
        if absorbed:
            self._settle_standings(at)

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

    def _deadline(self, device: str) -> datetime | None:
        """Until when a silent root waits to be told of: in an event of its own, or, where it has that, in one of
        its dark region. None where it is told of. The only device of all can have no other explanation."""
        if self._is_explained(device):
            return None
        event = self._event_of_root(device)
        if event is None:
            alone = len(self._topology.registry.devices) == 1
            return self._silent[device].waiting_from + (timedelta(0) if alone else self._settle)
        region = self._region_darkened_by(device) if event == self._own_event(device) else None
        return None if region is None else self._dark_since(region, device) + self._settle

    def _next_deadline(self) -> datetime | None:
        if self._held:
            return None
        self._refresh()
        waiting = (self._deadline(d) for d in self._silent)
        ending = (r.ended_at + self._settle for r in self._desk.events.values() if r.ended_at is not None)
        return min((t for t in (*waiting, *ending) if t is not None), default=None)
