"""A contracted interface that its device says it no longer has: an event by name, not silence. Back when it is back."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netmon.model.columns import Table
from netmon.model.finding import Finding, Severity, Signal, Subject, SubjectKind, Transition
from netmon.model.registry import Link
from netmon.model.sample import Flag, LinkSample
from netmon.signals.condition import RECOVERED, Limits
from netmon.signals.config import SignalsConfig


@dataclass(frozen=True, slots=True)
class VanishedRule:
    device: str
    if_name: str


@dataclass(frozen=True, slots=True)
class VanishedState:
    severity: Severity | None = None

    @property
    def at_rest(self) -> bool:
        return self.severity is None


REST = VanishedState()
GONE = VanishedState(Severity.CRITICAL)


def rules(link: Link, config: SignalsConfig, poll_interval_s: int) -> Mapping[str, VanishedRule]:
    """One rule, naming the interface that was declared."""
    return {"": VanishedRule(link.device, link.if_name)}


def judge(state: VanishedState, sample: LinkSample, rule: VanishedRule) -> tuple[VanishedState, Finding | None]:
    """The past, one sample and the rule in; the future and perhaps a finding out."""
    absent = sample.flags is not Flag.NONE and Flag.ABSENT in sample.flags
    if absent is (state.severity is not None):
        return state, None
    if absent:
        return GONE, _finding(sample, rule, Transition.OPENED, "interface_absent")
    return REST, _finding(sample, rule, Transition.CLOSED, RECOVERED)


def quiet(figures: Table, limits: Limits) -> NDArray[np.bool_]:
    """Not absent."""
    there: NDArray[np.bool_] = figures["flags"] & int(Flag.ABSENT) == 0
    return there


def _finding(sample: LinkSample, rule: VanishedRule, transition: Transition, reason: str) -> Finding:
    subject = Subject(SubjectKind.LINK, sample.link_id)
    detail = {"device": rule.device, "if_name": rule.if_name}
    return Finding(subject, Signal.VANISHED, transition, sample.at, Severity.CRITICAL, reason, detail=detail)
