"""The conditions that are watched on a link or a device: each a signal's state machine with its rule and its past."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from netmon.intake.pending import Pending
from netmon.model.finding import Finding, Severity, Signal, Subject, SubjectKind, Transition
from netmon.signals.condition import Declared, Entry, Sample
from netmon.signals.config import SignalsConfig
from netmon.signals.index import DEVICE_SIGNALS, LINK_SIGNALS
from netmon.store.ports import Memory

NO_LONGER_DECLARED = "no_longer_declared"
"""Why a condition closed whose link or device has left the registry."""


class Condition:
    """One signal on one subject and aspect: at most one thing that can be open."""

    __slots__ = ("_entry", "_judge", "_place", "_rule", "_state", "key")

    def __init__(self, entry: Entry[Any, Any], subject: Subject, aspect: str, rule: Any) -> None:
        self.key = f"{entry.signal}/{subject}/{aspect}"
        self._place = (Memory.SIGNALS, self.key)
        self._entry = entry
        self._judge = entry.judge
        self._rule = rule
        self._state = entry.state()

    @property
    def at_rest(self) -> bool:
        """The same as one that has seen nothing."""
        return bool(self._state.at_rest)

    def see(self, sample: Any, pending: Pending) -> None:
        """Judge a sample; what changes goes into ``pending`` together with it."""
        before = self._state
        state, finding = self._judge(before, sample, self._rule)
        if state is before:
            return
        self._state = state
        if not (state.at_rest and before.at_rest):
            pending.remember[self._place] = None if state.at_rest else state
        if finding is not None:
            pending.findings.append(finding)

    def restore(self, remembered: bytes) -> None:
        """Go on from what was remembered; ``msgspec.MsgspecError`` where that cannot be read."""
        self._state = msgspec.msgpack.decode(remembered, type=self._entry.state)


def conditions_of(
    entries: Iterable[Entry[Declared, Sample]],
    declared: Declared,
    subject: Subject,
    config: SignalsConfig,
    poll_interval_s: int,
) -> tuple[Condition, ...]:
    """All conditions of one link or device, at rest."""
    return tuple(
        Condition(entry, subject, aspect, rule)
        for entry in entries
        for aspect, rule in entry.rules(declared, config, poll_interval_s).items()
    )


def place_of(key: str) -> tuple[Signal, Subject, str]:
    """The signal, subject and aspect of a condition's key; ``ValueError`` where it names nothing that we know."""
    named, _, rest = key.partition("/")
    place, _, aspect = rest.rpartition("/")
    kind, _, subject_id = place.partition(":")
    return Signal(named), Subject(SubjectKind(kind), subject_id), aspect


def closed_as_undeclared(key: str, remembered: bytes, at: datetime) -> Finding | None:
    """The close of what was open on something that the registry no longer has; None where nothing was open.
    ``ValueError`` where the key names nothing that we know, ``msgspec.MsgspecError`` where the state cannot be read."""
    signal, subject, aspect = place_of(key)
    state_types = {entry.signal: entry.state for entry in LINK_SIGNALS} | {e.signal: e.state for e in DEVICE_SIGNALS}
    if signal not in state_types:
        raise ValueError(f"no such signal is judged by the intake: {signal}")
    severity: Severity | None = msgspec.msgpack.decode(remembered, type=state_types[signal]).severity
    if severity is None:
        return None
    return Finding(subject, signal, Transition.CLOSED, at, severity, NO_LONGER_DECLARED, aspect)
