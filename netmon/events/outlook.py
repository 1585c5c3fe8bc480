"""How things stand on a desk: what is silent or down, what explains it, and which open event tells of it."""

from collections.abc import Mapping
from datetime import datetime

from netmon.events.desk import Desk, key_of
from netmon.events.event import Event, EventKind
from netmon.events.explain import root_causes
from netmon.events.memory import Condition, OpenEvent, of_signal
from netmon.events.topology import Topology
from netmon.model.finding import Signal, Subject, SubjectKind

HOLDING_ASPECTS = frozenset({"", "heartbeat", "clock"})
"""Kinds of blindness in which silence means nothing. A series store that cannot be written is not one of them: findings
come by another way, and suppressing them would eat the only alert."""


class Outlook:
    """Follows its desk: ``refresh`` looks again where something has changed."""

    def __init__(self, desk: Desk, topology: Topology, collector: Subject) -> None:
        """``collector`` is the one that polls all of the topology's devices."""
        self._desk = desk
        self._topology = topology
        self._collector = collector
        self._version = -1
        self._told_of: set[str] = set()
        self._known_at = -1
        self._told_by: dict[str, str | None] = {}
        self._dark: dict[str, bool] = {}
        self._own_keys: dict[str, str] = {}
        self.silent: dict[str, Condition] = {}
        self.down: dict[str, Condition] = {}
        self.causes: Mapping[str, frozenset[Subject]] = {}
        """By silent device."""
        self.roots: set[str] = set()
        """Silent devices that nothing explains but themselves."""

    def refresh(self) -> None:
        """Find what is in force and what explains each silence, unless nothing has changed since."""
        if self._version == self._desk.version:
            return
        self.silent = of_signal(self._desk.conditions, Signal.SILENCE, SubjectKind.DEVICE)
        self.down = of_signal(self._desk.conditions, Signal.LINK_DOWN, SubjectKind.LINK)
        blankspots = self.blankspots()
        self._told_of = {d for _, record in blankspots for d in record.devices}
        own = {r.event.subject.id for _, r in blankspots if r.event.subject.kind is SubjectKind.DEVICE}
        down = [link for link in self.down if not self.is_covered(link)]
        self.causes = root_causes(self._topology, self.silent, down, own & self.silent.keys())
        self.roots = {d for d, causes in self.causes.items() if Subject(SubjectKind.DEVICE, d) in causes}
        self._version = self._desk.version

    def keep(self, device: str, condition: Condition) -> None:
        """Change how a silence stands. That explains nothing by itself, so the outlook stays good."""
        self._desk.keep(condition)
        self.silent[device] = condition
        self._version = self._desk.version

    @property
    def is_held(self) -> bool:
        """Whether silence means nothing at present, because monitoring itself is blind."""
        return any(key_of(EventKind.BLIND, self._collector, a) in self._desk.events for a in HOLDING_ASPECTS)

    # --- events ------------------------------------------------------------------------------------------------

    def blankspots(self) -> list[tuple[str, OpenEvent]]:
        """Open events about silence whose cause is still there, oldest first."""
        found = [
            (key, record)
            for key, record in self._desk.events.items()
            if record.event.kind is EventKind.BLANKSPOT and record.ended_at is None
        ]
        return sorted(found, key=lambda kr: (kr[1].event.opened_at, kr[0]))

    def is_active(self, event: Event) -> bool:
        """Whether the cause of an event about silence or a down link is there."""
        subject = event.subject
        if subject.kind is SubjectKind.REGION:
            return self._topology.is_dark(subject.id, self.silent)
        return subject.id in (self.down if event.kind is EventKind.LINK_DOWN else self.silent)

    def own_event(self, device: str) -> str | None:
        """The open event whose subject a device is."""
        key = self._own_keys.get(device)
        if key is None:
            key = self._own_keys[device] = key_of(EventKind.BLANKSPOT, Subject(SubjectKind.DEVICE, device))
        return key if key in self._desk.events else None

    def event_of_root(self, device: str) -> str | None:
        """The open event that a silent device at the root is told by: its own, or that of its dark region."""
        self._forget_if_changed()
        if device not in self._told_by:
            self._told_by[device] = self._find_event_of_root(device)
        return self._told_by[device]

    def _find_event_of_root(self, device: str) -> str | None:
        if own := self.own_event(device):
            return own
        for code in self._topology.regions_of[device]:
            key = key_of(EventKind.BLANKSPOT, Subject(SubjectKind.REGION, code))
            if key in self._desk.events and self._desk.events[key].ended_at is None:
                return key
        return None

    def event_of_cause(self, cause: Subject) -> str | None:
        if cause.kind is SubjectKind.DEVICE:
            return self.event_of_root(cause.id)
        key = key_of(EventKind.LINK_DOWN, cause)
        return key if key in self._desk.events else None

    def events_of(self, device: str) -> set[str]:
        """The open events that tell of a silent device: its own alone, or those of what explains it."""
        if own := self.own_event(device):
            return {own}
        return {key for cause in self.causes[device] if (key := self.event_of_cause(cause))}

    def is_covered(self, link: str) -> bool:
        """Whether an event tells of a down link without its own: its device is itself silent, or all that hangs on it
        belongs to an event that was there before."""
        if key_of(EventKind.LINK_DOWN, Subject(SubjectKind.LINK, link)) in self._desk.events:
            return False
        if self._topology.registry.links[link].device in self.silent:
            return True
        fed = self._topology.fed_by.get(link, ())
        return bool(fed) and all(d in self.silent and d in self._told_of for d in fed)

    # --- regions -----------------------------------------------------------------------------------------------

    def region_darkened_by(self, device: str) -> str | None:
        """The widest wholly dark region in which a root's silence has a part: of what serves the region, something
        is silent because of it."""
        root = Subject(SubjectKind.DEVICE, device)
        for code in self._topology.regions_of[device]:
            if self._is_dark(code) and any(root in self.causes.get(d, ()) for d in self._topology.serving(code)):
                return code
        return None

    def _is_dark(self, code: str) -> bool:
        self._forget_if_changed()
        if code not in self._dark:
            self._dark[code] = self._topology.is_dark(code, self.silent)
        return self._dark[code]

    def _forget_if_changed(self) -> None:
        """Answers are kept while the desk and what was found on it stay as they are: all roots ask the same."""
        known_at = self._desk.version + self._version
        if self._known_at != known_at:
            self._known_at = known_at
            self._told_by.clear()
            self._dark.clear()

    def dark_since(self, code: str, root: str) -> datetime:
        """When the last of what serves a region, or the root, began to wait for its event."""
        return max(self.silent[d].waiting_from for d in (root, *self._topology.serving(code)))
