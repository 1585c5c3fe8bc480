"""A finding: one transition of one signal on one subject, with its reason. Judged once, told for ever the same."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class SubjectKind(StrEnum):
    LINK = "link"
    DEVICE = "device"
    SITE = "site"
    REGION = "region"
    COLLECTOR = "collector"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """What a finding or an event is about."""

    kind: SubjectKind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


class Signal(StrEnum):
    """Which judgement speaks. Each is a file in ``netmon/signals``; BLIND is judged by the watch."""

    SATURATION = "saturation"
    SILENCE = "silence"
    LINK_DOWN = "link_down"
    VANISHED = "vanished"
    BLIND = "blind"


class Transition(StrEnum):
    OPENED = "opened"
    RAISED = "raised"  # the same condition, at a higher severity; severity only rises
    CLOSED = "closed"


class Severity(StrEnum):
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return (Severity.WARNING, Severity.CRITICAL).index(self)


Detail = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Finding:
    """Idempotent by ``key``: telling it twice changes nothing."""

    subject: Subject
    signal: Signal
    transition: Transition
    at: datetime
    """When the condition changed, by the sample or poll that showed it; aware UTC."""
    severity: Severity
    reason: str
    """A code in snake_case for machines and translations: ``above_80_percent_for_15_min``, ``no_answer`` …"""
    aspect: str = ""
    """What tells two conditions of one subject apart: a direction ("down") for saturation, else empty."""
    detail: Mapping[str, Detail] = field(default_factory=dict)
    """Figures that explain it, units in their names: rate_bps, contract_bps, utilisation_permille, since …"""

    @property
    def identity(self) -> tuple[Subject, Signal, str]:
        """The condition that this is a transition of; at most one is open at a time."""
        return (self.subject, self.signal, self.aspect)

    @property
    def key(self) -> str:
        """What the ledger upserts by: the condition, the transition, and the instant in milliseconds."""
        ms = int(self.at.timestamp() * 1000)
        return f"{self.subject}/{self.signal}/{self.aspect}/{self.transition}/{ms}"
