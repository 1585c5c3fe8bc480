"""The working copy of the memory during one step: events open, grow and close here, and every change is noted."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from netmon.events.event import Affected, Event, EventChange, EventKind
from netmon.events.memory import Condition, OpenEvent, State, condition_key, event_key
from netmon.events.topology import Topology
from netmon.model.finding import Detail, Finding, Signal, Subject, SubjectKind, Transition

_KIND_OF = {
    Signal.SATURATION: EventKind.SATURATION,
    Signal.SILENCE: EventKind.BLANKSPOT,
    Signal.LINK_DOWN: EventKind.LINK_DOWN,
    Signal.VANISHED: EventKind.VANISHED,
    Signal.BLIND: EventKind.BLIND,
}


def event_of(finding: Finding, opened_at: datetime | None = None) -> Event:
    """The event that a finding is when nothing else explains it."""
    return Event(
        kind=_KIND_OF[finding.signal],
        subject=finding.subject,
        severity=finding.severity,
        opened_at=opened_at or finding.at,
        reason=finding.reason,
        aspect=finding.aspect,
        detail={"since": finding.at.isoformat(), **finding.detail},
    )


class Desk:
    """Lives for one step. Names its events by ``event_key``."""

    def __init__(self, state: State, topology: Topology, at: datetime | None) -> None:
        """What the registry does not declare any more is closed as removed, at this instant."""
        self.conditions: dict[str, Condition] = dict(state.conditions)
        self.events: dict[str, OpenEvent] = dict(state.events)
        self.told = dict(state.told)
        self.changes: list[EventChange] = []
        self.version = 0
        """Grows with every change of what is in force or open, so that a judgement knows whether it is still good."""
        self._topology = topology
        self._published: dict[str, Event] = {key: open_event.event for key, open_event in state.events.items()}
        """Open events as the outside knows them; those opened in this step are not there until announced."""
        if at is not None:
            self._drop_unknown(at)

    # --- conditions ---------------------------------------------------------------------------------------------

    def keep(self, condition: Condition) -> None:
        self.conditions[condition_key(condition.finding)] = condition
        self.version += 1

    def drop(self, key: str) -> None:
        del self.conditions[key]
        self.version += 1

    # --- one event's life --------------------------------------------------------------------------------------

    def open(self, event: Event, devices: Collection[str] = (), links: Collection[str] = ()) -> str:
        """Open an event, unless one of its identity is open. It is told of by ``announce``, once all that belongs
        to it has joined."""
        key = event_key(event)
        if key not in self.events:
            self.events[key] = OpenEvent(event)
            self.version += 1
            self.grow(key, devices, links)
        return key

    def grow(self, key: str, devices: Collection[str] = (), links: Collection[str] = ()) -> None:
        """Let silent devices and broken links join. What an event has taken down stays on its list until it closes."""
        record = self.events[key]
        more_devices = tuple(sorted(set(devices).difference(record.devices)))
        more_links = tuple(sorted(set(links).difference(record.links)))
        if more_devices or more_links or record.event.affected == Affected():
            new = replace(record, devices=record.devices + more_devices, links=record.links + more_links)
            self.events[key] = replace(new, event=replace(record.event, affected=self._affected(new)))

    def raise_severity(self, key: str, finding: Finding) -> None:
        """Severity only rises; the figures are those of the worse finding."""
        record = self.events.get(key)
        if record is None:
            return
        worse = record.event.raised(finding.severity, finding.at, finding.reason)
        if worse is not record.event:
            self.announce()
            worse = replace(worse, detail={**worse.detail, **finding.detail})
            self.events[key] = replace(record, event=worse)
            self._note(key, worse, Transition.RAISED, finding.at)

    def mark(self, key: str, ended_at: datetime | None) -> None:
        """The cause of an event is over, or (None) is there again before its members came back."""
        if self.events[key].ended_at != ended_at:
            self.events[key] = replace(self.events[key], ended_at=ended_at)
            self.version += 1

    def mark_reason(self, key: str, reason: str) -> None:
        """Keep how the cause of an event ended, for when the event closes."""
        if key in self.events:
            self.events[key] = replace(self.events[key], end_reason=reason)

    def close(
        self,
        key: str,
        at: datetime,
        reason: str | None = None,
        absorbed_by: str | None = None,
        detail: Mapping[str, Detail] | None = None,
    ) -> None:
        """Close an event if it is open; what was not announced yet is announced first, so that nothing is lost.
        The reason is that which was marked where none is given."""
        if key not in self.events:
            return
        self.announce()
        record = self.events.pop(key)
        event, reason = record.event, reason or record.end_reason
        self.version += 1
        figures = {k: v for k, v in (detail or {}).items() if k not in event.detail}
        closed = replace(event, detail={**event.detail, **figures}).closed(
            max(at, event.opened_at), reason, absorbed_by
        )
        self._note(key, closed, Transition.CLOSED, max(at, event.opened_at))

    def absorb(self, key: str, into: str, at: datetime) -> None:
        """A wider event takes one over, with everything that had joined it."""
        narrow = self.events[key]
        if self.events[into].event.kind is not EventKind.BLIND:
            self.grow(into, narrow.devices, narrow.links)
        self.close(key, at, "absorbed", self.events[into].event.id)

    # --- what is told ------------------------------------------------------------------------------------------

    def announce(self) -> None:
        """Note the opening of every event that has not been told of, as it stands now."""
        for key, record in self.events.items():
            if key not in self._published:
                self._note(key, record.event, Transition.OPENED, record.event.opened_at)

    def updated(self) -> tuple[Event, ...]:
        """Open events that changed since they were last told of."""
        return tuple(r.event for k, r in self.events.items() if r.event != self._published.get(k))

    def state(self) -> State:
        return State(self.conditions, self.events, self.told)

    def _note(self, key: str, event: Event, transition: Transition, at: datetime) -> None:
        self.changes.append(EventChange(event, transition, at))
        if event.is_open:
            self._published[key] = event
        else:
            self._published.pop(key, None)

    # --- what belongs together ---------------------------------------------------------------------------------

    def scope_of(self, finding: Finding) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The devices and links that a finding names by itself. A blind collector sees none of its devices."""
        if finding.subject.kind is SubjectKind.LINK:
            return (), (finding.subject.id,)
        if finding.signal is Signal.BLIND:
            return tuple(self._topology.registry.devices), ()
        return (finding.subject.id,), ()

    def _affected(self, record: OpenEvent) -> Affected:
        """Saturation takes nothing down, but people behind it feel it. Blindness takes nothing down either: devices
        and links that are not seen are named, no sites, no agencies."""
        subject = record.event.subject
        if record.event.kind is EventKind.SATURATION:
            return self._topology.strained(record.links)
        regions = (subject.id,) if subject.kind is SubjectKind.REGION else ()
        affected = self._topology.affected(record.devices, record.links, regions)
        if record.event.kind is EventKind.BLIND:
            return Affected(devices=affected.devices, links=affected.links)
        return affected

    def _drop_unknown(self, at: datetime) -> None:
        for key, condition in list(self.conditions.items()):
            if not self._topology.knows(condition.finding.subject):
                self.drop(key)
        for key, record in list(self.events.items()):
            if not self._topology.knows(record.event.subject):
                self.close(key, at, "removed")


def key_of(kind: EventKind, subject: Subject, aspect: str = "") -> str:
    """The key of an event that may be open."""
    return f"{kind}/{subject}/{aspect}"
