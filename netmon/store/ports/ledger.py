"""The ledger: findings, events, deliveries, and what the processes and people of netmon did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from netmon.events.event import Event, EventChange, EventKind
from netmon.model.finding import Detail, Finding, Severity, Transition


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """A finding in the ledger with its handle; ``seq`` serves only to mark it handled."""

    seq: int
    finding: Finding


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a process says of itself every few seconds. Nobody else writes it."""

    process: str
    """"collect-1", "watch", "serve"."""
    at: datetime
    started_at: datetime
    registry_fingerprint: str
    metrics_url: str | None = None
    """Where its /metrics listens on loopback."""
    detail: Mapping[str, Detail] = field(default_factory=dict)
    """devices, polls, overruns, spool_depth, spool_bytes, store_error, clock_offset_s …"""


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"  # an attempt began and its end is not known: after a crash it is tried once more
    DELIVERED = "delivered"
    FAILED = "failed"  # given up; the reason says why


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one channel; (event_id, stage, channel) is the idempotency key."""

    event_id: str
    stage: Transition
    channel: str
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    due_at: datetime | None = None
    delivered_at: datetime | None = None
    receipt: str | None = None
    """The channel's own message id or status."""
    reason: str | None = None
    """Of the last failure; never with a secret in it."""
    uncertain: int = 0
    """Attempts whose end was never learned (a crash between sending and recording it). One is made up for, a second
    is not: so nobody is told more than twice."""

    @property
    def idempotency_key(self) -> str:
        return f"{self.event_id}/{self.stage}/{self.channel}"


@dataclass(frozen=True, slots=True)
class WatchCommit:
    """What one step of the watch changes, in one transaction: all of it or nothing."""

    handled: Sequence[int] = ()
    changes: Sequence[EventChange] = ()
    updated: Sequence[Event] = ()
    """Open events whose affected or detail changed without a transition."""
    deliveries: Sequence[Delivery] = ()
    memory: bytes | None = None
    """The correlator's state after the step."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A person has seen an event and says so."""

    event_id: str
    who: str
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Filters join with "and"; None does not filter. Newest first."""

    open_only: bool = False
    kind: EventKind | None = None
    severity: Severity | None = None
    region: str | None = None
    link: str | None = None
    opened_from: datetime | None = None
    opened_until: datetime | None = None
    limit: int = 100
    offset: int = 0


@dataclass(frozen=True, slots=True)
class EventRecord:
    """An event with what people and channels did about it."""

    event: Event
    acknowledgements: tuple[Acknowledgement, ...] = ()
    deliveries: tuple[Delivery, ...] = ()


class FindingLog(Protocol):
    """Findings: collectors record, the watch handles."""

    def record(self, findings: Sequence[Finding]) -> None:
        """Upsert by ``Finding.key``: a repeat is a no-op."""

    def unhandled(self, limit: int) -> Sequence[StoredFinding]:
        """Oldest first by ``at``."""


class EventBook(Protocol):
    """Events and what was done about them."""

    def commit(self, step: WatchCommit) -> None:
        """The watch's one write. Deliveries that already exist by their key stay as they are."""

    def recall(self) -> bytes | None:
        """The correlator's memory as last committed."""

    def find(self, query: EventQuery) -> tuple[Sequence[EventRecord], int]:
        """A page, and how many there are in all."""

    def get(self, event_id: str) -> EventRecord | None: ...

    def history(self, event_id: str) -> Sequence[EventChange]:
        """Its transitions in order."""

    def acknowledge(self, acknowledgement: Acknowledgement) -> bool:
        """False where there is no such event. A second one by the same person is a no-op."""


class Outbox(Protocol):
    """Deliveries on their way out."""

    def due(self, now: datetime, limit: int) -> Sequence[Delivery]:
        """Pending ones whose time has come, and SENDING ones left over from a crash, oldest first."""

    def save(self, delivery: Delivery) -> None:
        """Keep the delivery's new state; durable on return."""


class Heartbeats(Protocol):
    def beat(self, heartbeat: Heartbeat) -> None: ...

    def all(self) -> Sequence[Heartbeat]: ...

    def forget(self, process: str) -> None:
        """A process that was taken out of service for good."""


class Leases(Protocol):
    def acquire(self, name: str, holder: str, ttl: timedelta, now: datetime) -> bool:
        """Take or renew; False while another holder's lease has not run out."""

    def release(self, name: str, holder: str) -> None: ...


class Role(StrEnum):
    """What a token may do. A role includes what ``permits`` says, and viewing."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ALLOCATOR = "allocator"
    APPROVER = "approver"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token as kept: never its text. ``name`` is the person; all tokens of one name are one identity."""

    id: str
    name: str
    role: Role
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


class TokenBook(Protocol):
    """Bearer tokens and the page's sessions. Texts are hashed inside and never stored; lookups are by hash."""

    def create(self, name: str, role: Role, now: datetime) -> tuple[Token, str]:
        """The token and, this once, its text."""

    def verify(self, text: str, now: datetime) -> Token | None:
        """The live token of this text; None for unknown and revoked alike."""

    def all(self) -> Sequence[Token]: ...

    def revoke(self, token_id: str, now: datetime) -> bool:
        """Its sessions end with it. False where there is no live token of this id."""

    def open_session(self, token: Token, now: datetime, ttl: timedelta) -> str:
        """A new session's text for the cookie; only its hash is kept."""

    def session(self, text: str, now: datetime) -> Token | None: ...

    def close_session(self, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what to which thing, when and why; append-only."""

    at: datetime
    who: str
    action: str
    """``token.created``, ``token.revoked``, ``event.acknowledged``, ``configuration.swapped`` …"""
    subject: str
    detail: Mapping[str, Detail] = field(default_factory=dict)


class AuditTrail(Protocol):
    def append(self, row: AuditRow) -> None: ...

    def newest(self, limit: int) -> Sequence[AuditRow]: ...


class Ledger(Protocol):
    """All repositories of the ledger, opened together over one database."""

    @property
    def findings(self) -> FindingLog: ...
    @property
    def events(self) -> EventBook: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def heartbeats(self) -> Heartbeats: ...
    @property
    def leases(self) -> Leases: ...
    @property
    def tokens(self) -> TokenBook: ...
    @property
    def audit(self) -> AuditTrail: ...

    def retire(self, before: datetime) -> int:
        """Delete closed events (with all that hangs on them) and handled findings older than this; how many rows."""

    def migrate(self) -> None:
        """Bring the database to this version's schema; safe to run from several processes at once."""

    def ping(self) -> None:
        """StoreUnavailable unless the ledger answers."""

    def close(self) -> None: ...
