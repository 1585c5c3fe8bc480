"""What the correlator remembers between two steps; bytes in the ledger, so that a restart changes nothing."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import msgspec

from netmon.events.event import Event
from netmon.model.finding import Finding, Signal, SubjectKind, Transition


class Standing(StrEnum):
    """How an open condition stands towards the events."""

    WAITING = "waiting"  # for its cause to show; no event has told of it yet
    JOINED = "joined"  # an event tells of it, or will as soon as its root has waited; or it is held while blind
    RELEASED = "released"  # what explained it is over and it is not: waits once more, then speaks for itself


@dataclass(frozen=True, slots=True)
class Condition:
    """A finding that is in force."""

    finding: Finding
    waiting_from: datetime
    """When it opened, or was released: its event will have opened at this instant."""
    standing: Standing = Standing.WAITING


@dataclass(frozen=True, slots=True)
class OpenEvent:
    """An event with what joined it. ``ended_at`` is set while its cause is over and some of its members still have
    to come back."""

    event: Event
    devices: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    ended_at: datetime | None = None
    end_reason: str = "recovered"
    """How its cause ended: a port that somebody shut has not come back."""


@dataclass(frozen=True, slots=True)
class Told:
    """The newest transition that was heard of a condition; what is not newer is a repeat."""

    at: datetime
    transition: Transition

    @property
    def order(self) -> tuple[datetime, int]:
        return (self.at, (Transition.OPENED, Transition.RAISED, Transition.CLOSED).index(self.transition))


@dataclass(frozen=True, slots=True)
class State:
    """All of the correlator's memory. Never changed in place: a step makes a new one."""

    conditions: dict[str, Condition] = field(default_factory=dict)
    """By ``condition_key``."""
    events: dict[str, OpenEvent] = field(default_factory=dict)
    """By ``event_key``, so that no more than one is open of an identity."""
    told: dict[str, Told] = field(default_factory=dict)

    def silent(self) -> dict[str, Condition]:
        """Silent devices by id."""
        return of_signal(self.conditions, Signal.SILENCE, SubjectKind.DEVICE)


def of_signal(conditions: dict[str, Condition], signal: Signal, kind: SubjectKind) -> dict[str, Condition]:
    """The conditions of one signal by their subject's id."""
    return {
        c.finding.subject.id: c
        for c in conditions.values()
        if c.finding.signal is signal and c.finding.subject.kind is kind
    }


def condition_key(finding: Finding) -> str:
    return f"{finding.subject}/{finding.signal}/{finding.aspect}"


def event_key(event: Event) -> str:
    return f"{event.kind}/{event.subject}/{event.aspect}"


def encode(state: State) -> bytes:
    return msgspec.msgpack.encode(state)


def decode(memory: bytes | None) -> State:
    """What ``EventBook.recall`` gave; nothing remembered is an empty state."""
    return msgspec.msgpack.decode(memory, type=State) if memory else State()
