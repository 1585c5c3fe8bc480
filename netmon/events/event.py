"""An event: what on-call is told about. One incident is one event, however many findings it has."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from netmon.model.finding import Detail, Severity, Subject, Transition


class EventKind(StrEnum):
    """What kind of incident; the words for people are in the templates and messages."""

    SATURATION = "saturation"
    BLANKSPOT = "blankspot"  # a device, site or region that has lost connectivity (gangguan), as measured
    LINK_DOWN = "link_down"
    VANISHED = "vanished"  # a contracted interface that is no longer on its device
    BLIND = "blind"  # monitoring itself does not see


@dataclass(frozen=True, slots=True)
class Affected:
    """Ids of what an event takes down or puts under strain, by the registry at the time."""

    regions: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """One incident from its opening to its close. ``id`` follows from what it is and when it opened, so that
    replays are no-ops."""

    kind: EventKind
    subject: Subject
    severity: Severity
    opened_at: datetime
    reason: str
    """Code in snake_case, as in the finding that opened or raised it."""
    aspect: str = ""
    """A direction ("down", "up") for saturation, else empty."""
    raised_at: datetime | None = None
    closed_at: datetime | None = None
    close_reason: str | None = None
    """``recovered``, or ``absorbed`` when a wider event took it over (then nobody is told of a recovery)."""
    absorbed_by: str | None = None
    detail: Mapping[str, Detail] = field(default_factory=dict)
    affected: Affected = field(default_factory=Affected)

    @property
    def id(self) -> str:
        identity = f"{self.kind}/{self.subject}/{self.aspect}/{int(self.opened_at.timestamp() * 1000)}"
        return hashlib.sha256(identity.encode()).hexdigest()[:12]

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    def raised(self, severity: Severity, at: datetime, reason: str) -> "Event":
        """The same event, worse. Severity never falls."""
        if severity.rank <= self.severity.rank:
            return self
        return replace(self, severity=severity, raised_at=at, reason=reason)

    def closed(self, at: datetime, reason: str = "recovered", absorbed_by: str | None = None) -> "Event":
        return replace(self, closed_at=at, close_reason=reason, absorbed_by=absorbed_by)


@dataclass(frozen=True, slots=True)
class EventChange:
    """An event as it is after one transition of its life: what a notification is about."""

    event: Event
    transition: Transition
    at: datetime
