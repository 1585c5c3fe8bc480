"""What the conditions in force amount to: events open, take things over, and are over."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from netmon.events.desk import Desk, event_of, key_of
from netmon.events.event import Event, EventKind
from netmon.events.memory import OpenEvent, Standing
from netmon.events.outlook import Outlook
from netmon.events.topology import Topology
from netmon.model.finding import Detail, Finding, Severity, Signal, Subject, SubjectKind, Transition

_JUST_AFTER = timedelta(milliseconds=1)
_NO_MATTER = frozenset({EventKind.SATURATION, EventKind.VANISHED})
"""Events that silence has nothing to do with."""


class Judgement:
    """Judges one desk. ``at`` is always the instant of a finding or of a deadline, never "now"."""

    def __init__(self, desk: Desk, topology: Topology, settle: timedelta, collector: str) -> None:
        self._desk = desk
        self._topology = topology
        self._settle = settle
        self._collector = Subject(SubjectKind.COLLECTOR, collector)
        self._outlook = Outlook(desk, topology, self._collector)
        self._put_off_at: datetime | None = None
        """The newest finding that has been heard and not judged."""
        self._quiet_until: datetime | None = None
        """While something is put off: no deadline comes before this."""

    def run_until(self, until: datetime) -> None:
        """Judge at every deadline that is not after ``until``, in order."""
        if self._quiet_until is not None and until < self._quiet_until:
            return
        self.catch_up()
        while (deadline := self._next_deadline()) is not None and deadline <= until:
            self.judge(deadline)
        self._quiet_until = deadline

    def hears_of(self, finding: Finding) -> None:
        """To be called before a finding is put on the desk: what must not wait any longer is judged first."""
        if not self._may_wait(finding):
            self.catch_up()

    def heard(self, finding: Finding) -> None:
        """Judge what a finding changes, unless it can change nothing before its deadline: of a thousand devices that
        fall silent one after another all but the last are put off."""
        if not self._may_wait(finding):
            return self.judge(finding.at)
        due = finding.at + self._settle
        self._quiet_until = due if self._quiet_until is None else min(due, self._quiet_until)
        self._put_off_at = finding.at
        return None

    def catch_up(self) -> None:
        """Judge what has been put off."""
        if self._put_off_at is not None:
            self.judge(self._put_off_at)

    def _may_wait(self, finding: Finding) -> bool:
        """A silence more, while no event is open that it could join, end, or be absorbed by. It waits for its deadline
        whatever happens, unless with it everything is silent."""
        if finding.signal is not Signal.SILENCE or finding.transition is not Transition.OPENED:
            return False
        if len(self._desk.conditions) + 1 >= len(self._topology.registry.devices):
            return False
        return all(record.event.kind in _NO_MATTER for record in self._desk.events.values())

    def judge(self, at: datetime, forced: str | None = None) -> None:
        """Bring the events in line with the conditions. ``forced`` names a silent device that is due whatever its
        deadline, because it is about to come back."""
        self._put_off_at = self._quiet_until = None
        self._outlook.refresh()
        self._judge_blindness(at)
        self._mark_ended(at)
        self._open_link_downs()
        self._settle_standings(at)
        if not self._outlook.is_held:
            self._open_blankspots(at, forced)
            self._absorb_late(at)
        self._join()
        self._desk.announce()
        self._close_ended(at)

    # --- opening -----------------------------------------------------------------------------------------------

    def _judge_blindness(self, at: datetime) -> None:
        """Everything silent, the first hop included, says more about us than about the devices."""
        devices, silent = self._topology.registry.devices, self._outlook.silent
        key = key_of(EventKind.BLIND, self._collector)
        if len(devices) < 2 or len(silent) < len(devices):
            return self._desk.close(key, at)
        if key in self._desk.events:
            return None
        since = max(c.waiting_from for c in silent.values())
        detail: dict[str, Detail] = {"since": since.isoformat(), "silent_devices": len(devices)}
        event = Event(EventKind.BLIND, self._collector, Severity.CRITICAL, since, "everything_silent", detail=detail)
        self._desk.open(event, devices=devices)
        for narrow, record in self._outlook.blankspots():
            if record.event.opened_at >= since - 2 * self._settle:
                self._desk.absorb(narrow, key, at)
        return None

    def _open_link_downs(self) -> None:
        """At once, unless an event tells of it already."""
        self._outlook.refresh()
        for link, condition in self._outlook.down.items():
            if not self._outlook.is_covered(link):
                self._desk.open(event_of(condition.finding), links=(link,))

    def _open_blankspots(self, at: datetime, forced: str | None) -> None:
        """Roots that have waited long enough speak for themselves, or their dark region speaks for them."""
        before = self._desk.version
        for device in sorted(self._outlook.roots):
            deadline = self._deadline(device)
            if deadline is None or (deadline > at and device != forced):
                continue
            if region := self._outlook.region_darkened_by(device):
                self._open_region(region, device, at)
            else:
                self._open_device(device)
        if self._desk.version != before:
            self._settle_standings(at)

    def _open_device(self, device: str) -> None:
        condition = self._outlook.silent[device]
        self._desk.open(event_of(condition.finding, condition.waiting_from), devices=(device,))

    def _open_region(self, code: str, root: str, at: datetime) -> None:
        """One event for all of a dark region; it takes over the narrower ones within it."""
        serving = [self._outlook.silent[d] for d in self._topology.serving(code)]
        event = Event(
            EventKind.BLANKSPOT,
            Subject(SubjectKind.REGION, code),
            max((c.finding.severity for c in serving), key=lambda s: s.rank),
            self._outlook.dark_since(code, root),
            "all_sites_silent" if self._topology.has_sites(code) else "all_devices_silent",
            detail={"since": min(c.finding.at for c in serving).isoformat(), "silent_devices": len(serving)},
        )
        members = self._topology.members(code)
        key = self._desk.open(event, devices=members & self._outlook.silent.keys())
        for narrow, record in self._outlook.blankspots():
            subject = record.event.subject
            if subject.id in members or (subject.kind is SubjectKind.REGION and subject.id.startswith(f"{code}.")):
                self._desk.absorb(narrow, key, at)

    # --- joining and letting go --------------------------------------------------------------------------------

    def _settle_standings(self, at: datetime) -> None:
        """Let each silence that is explained join, and those wait afresh that nothing explains any more."""
        outlook = self._outlook
        outlook.refresh()
        held = outlook.is_held
        for device, condition in list(outlook.silent.items()):
            joined = held or device not in outlook.roots or outlook.event_of_root(device) is not None
            if joined and condition.standing is not Standing.JOINED:
                outlook.keep(device, replace(condition, standing=Standing.JOINED))
            elif not joined and condition.standing is Standing.JOINED:
                waiting_from = max(at, condition.waiting_from + _JUST_AFTER)
                outlook.keep(device, replace(condition, standing=Standing.RELEASED, waiting_from=waiting_from))

    def _absorb_late(self, at: datetime) -> None:
        """An event whose cause came to light a little late is told by the cause's event, as if it had come in time.
        One that had stood alone for long stays an incident of its own."""
        before = self._desk.version
        for key, record in self._outlook.blankspots():
            causes = {c for d in self._speaks_for(record) for c in self._outlook.causes[d]}
            wider = {e for c in causes if (e := self._outlook.event_of_cause(c))}
            in_time = record.event.opened_at + 2 * self._settle
            if wider and key not in wider and self._since(causes) <= in_time:
                self._desk.absorb(key, min(wider), at)
        if self._desk.version != before:
            self._settle_standings(at)

    def _speaks_for(self, record: OpenEvent) -> Collection[str]:
        """The silent devices whose silence an event is about."""
        subject = record.event.subject
        return (subject.id,) if subject.kind is SubjectKind.DEVICE else self._topology.serving(subject.id)

    def _since(self, causes: Collection[Subject]) -> datetime:
        """When the last of some causes began."""
        down, silent = self._outlook.down, self._outlook.silent
        return max((down if c.kind is SubjectKind.LINK else silent)[c.id].finding.at for c in causes)

    def _join(self) -> None:
        """Write onto each event what it takes down at present."""
        devices: dict[str, set[str]] = {}
        links: dict[str, set[str]] = {}
        events_of = {device: self._outlook.events_of(device) for device in self._outlook.causes}
        for device, keys in events_of.items():
            for key in keys:
                devices.setdefault(key, set()).add(device)
        for link in self._outlook.down:
            if self._outlook.is_covered(link):
                near_end = self._topology.registry.links[link].device
                for device in (near_end, *self._topology.fed_by.get(link, ())):
                    for key in events_of.get(device, ()):
                        links.setdefault(key, set()).add(link)
        for key in sorted(devices.keys() | links.keys()):
            self._desk.grow(key, devices.get(key, ()), links.get(key, ()))

    # --- the end of an event -----------------------------------------------------------------------------------

    def _mark_ended(self, at: datetime) -> None:
        for key, record in list(self._desk.events.items()):
            if record.event.kind not in (EventKind.BLANKSPOT, EventKind.LINK_DOWN):
                continue
            if self._outlook.is_active(record.event):
                self._desk.mark(key, None)
            elif record.ended_at is None:
                self._desk.mark(key, max(at, record.event.opened_at))

    def _close_ended(self, at: datetime) -> None:
        """An event whose cause is over closes when all that it took down is back, or told of elsewhere; after the
        settling time what is still silent speaks for itself."""
        for key, record in list(self._desk.events.items()):
            if record.ended_at is None:
                continue
            if not self._left_behind(record):
                self._desk.close(key, at)
            elif record.ended_at + self._settle <= at and not self._outlook.is_held:
                self._desk.close(key, record.ended_at + self._settle)

    def _left_behind(self, record: OpenEvent) -> bool:
        silent = self._outlook.silent
        return any(d in silent and silent[d].standing is not Standing.JOINED for d in record.devices)

    # --- time --------------------------------------------------------------------------------------------------

    def _deadline(self, device: str) -> datetime | None:
        """Until when a silent root waits to be told of: in an event of its own, or, where it has that, in one of
        its dark region. None where it is told of. The only device of all can have no other explanation."""
        event = self._outlook.event_of_root(device)
        if event is None:
            alone = len(self._topology.registry.devices) == 1
            waiting_from = self._outlook.silent[device].waiting_from
            return waiting_from if alone else _whole_second(waiting_from + self._settle)
        region = self._outlook.region_darkened_by(device) if event == self._outlook.own_event(device) else None
        return None if region is None else _whole_second(self._outlook.dark_since(region, device) + self._settle)

    def _next_deadline(self) -> datetime | None:
        if self._outlook.is_held:
            return None
        self._outlook.refresh()
        waiting = (self._deadline(d) for d in self._outlook.roots)
        ending = (r.ended_at + self._settle for r in self._desk.events.values() if r.ended_at is not None)
        return min((t for t in (*waiting, *ending) if t is not None), default=None)


def _whole_second(at: datetime) -> datetime:
    """That instant or the next whole second: a thousand that fell silent within a poll interval are judged in as many
    rounds as it has seconds."""
    return at if at.microsecond == 0 else at.replace(microsecond=0) + timedelta(seconds=1)
