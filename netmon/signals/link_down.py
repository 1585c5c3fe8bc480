"""A link whose near end is operationally down although it is administratively up (RFC 2863): at once, by one sample.

A port that somebody has shut is nobody's alarm: admin-down opens nothing, and closes what is open with ``admin_down``.
What the device does not say is not judged.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netmon.model.columns import STATUS_NUMBER, STATUSES, Table
from netmon.model.finding import Detail, Finding, Severity, Signal, Subject, SubjectKind, Transition
from netmon.model.poll import InterfaceStatus
from netmon.model.registry import Link
from netmon.model.sample import LinkSample
from netmon.signals.condition import RECOVERED, Limits
from netmon.signals.config import SignalsConfig

WORKING = frozenset({InterfaceStatus.UP, InterfaceStatus.DORMANT, InterfaceStatus.UNKNOWN})
"""ifOperStatus that is no outage: dormant waits for traffic, unknown is what many tunnels say for ever."""

_UP = STATUS_NUMBER[InterfaceStatus.UP]
_NO_OUTAGE = np.array([status is None or status in WORKING for status in STATUSES])
"""By ifOperStatus's number."""


@dataclass(frozen=True, slots=True)
class LinkDownRule:
    device: str
    if_name: str
    """Only named in the finding."""


@dataclass(frozen=True, slots=True)
class LinkDownState:
    severity: Severity | None = None

    @property
    def at_rest(self) -> bool:
        return self.severity is None


REST = LinkDownState()
DOWN = LinkDownState(Severity.CRITICAL)


def rules(link: Link, config: SignalsConfig, poll_interval_s: int) -> Mapping[str, LinkDownRule]:
    """One rule, for the link's interface."""
    return {"": LinkDownRule(link.device, link.if_name)}


def judge(state: LinkDownState, sample: LinkSample, rule: LinkDownRule) -> tuple[LinkDownState, Finding | None]:
    """The past, one sample and the rule in; the future and perhaps a finding out."""
    admin, oper = sample.admin_status, sample.oper_status
    if admin is None or oper is None:
        return state, None
    if admin is not InterfaceStatus.UP:
        return REST, _closed(state, sample, rule, f"admin_{admin.name.lower()}")
    if oper in WORKING:
        return REST, _closed(state, sample, rule, RECOVERED)
    if state.severity is not None:
        return state, None
    return DOWN, _finding(sample, rule, Transition.OPENED, f"oper_{oper.name.lower()}")


def quiet(figures: Table, limits: Limits) -> NDArray[np.bool_]:
    """Shut by somebody, working, or silent about it."""
    no_outage: NDArray[np.bool_] = (figures["admin_status"] != _UP) | _NO_OUTAGE[figures["oper_status"]]
    return no_outage


def _closed(state: LinkDownState, sample: LinkSample, rule: LinkDownRule, reason: str) -> Finding | None:
    return _finding(sample, rule, Transition.CLOSED, reason) if state.severity is not None else None


def _finding(sample: LinkSample, rule: LinkDownRule, transition: Transition, reason: str) -> Finding:
    subject = Subject(SubjectKind.LINK, sample.link_id)
    detail: dict[str, Detail] = {
        "device": rule.device,
        "if_name": rule.if_name,
        "admin_status": sample.admin_status,
        "oper_status": sample.oper_status,
    }
    return Finding(subject, Signal.LINK_DOWN, transition, sample.at, Severity.CRITICAL, reason, detail=detail)
