"""Silence of a device: no answer within the deadline on ``after_polls`` consecutive polls; one complete poll ends it.

A partial poll did answer, so it breaks the count; it is not "back" either, so it closes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from netmon.model.finding import Detail, Finding, Severity, Signal, Subject, SubjectKind, Transition
from netmon.model.poll import Outcome
from netmon.model.registry import Device
from netmon.model.sample import DeviceSample
from netmon.signals.condition import RECOVERED
from netmon.signals.config import SignalsConfig


@dataclass(frozen=True, slots=True)
class SilenceRule:
    after_polls: int


@dataclass(frozen=True, slots=True)
class SilenceState:
    severity: Severity | None = None
    misses: int = 0
    """Consecutive polls without an answer."""
    since: datetime | None = None
    """The first of them."""

    @property
    def at_rest(self) -> bool:
        return self.severity is None and self.misses == 0


REST = SilenceState()


def rules(device: Device, config: SignalsConfig, poll_interval_s: int) -> Mapping[str, SilenceRule]:
    """One rule, for the device as a whole."""
    return {"": SilenceRule(config.silent_after_polls)}


def judge(state: SilenceState, sample: DeviceSample, rule: SilenceRule) -> tuple[SilenceState, Finding | None]:
    """The past, one poll's outcome and the rule in; the future and perhaps a finding out."""
    if sample.outcome is Outcome.COMPLETE:
        if state.severity is None:
            return REST, None
        return REST, _finding(state, sample, Transition.CLOSED, RECOVERED)
    if sample.outcome.answered:
        return (REST if state.severity is None else state), None
    state = replace(state, misses=state.misses + 1, since=state.since or sample.at)
    if state.severity is not None or state.misses < rule.after_polls:
        return state, None
    reason = "no_answer" if sample.outcome is Outcome.TIMEOUT else sample.outcome.value
    state = replace(state, severity=Severity.CRITICAL)
    return state, _finding(state, sample, Transition.OPENED, reason)


def _finding(state: SilenceState, sample: DeviceSample, transition: Transition, reason: str) -> Finding:
    subject = Subject(SubjectKind.DEVICE, sample.device_id)
    detail: dict[str, Detail] = {"outcome": sample.outcome.value, "misses": state.misses}
    if state.since is not None:
        detail["since"] = state.since.isoformat()
    return Finding(subject, Signal.SILENCE, transition, sample.at, Severity.CRITICAL, reason, detail=detail)
