"""Saturation of a link, per direction, against the contract in force when the sample was taken.

It opens as a warning at the first sample stamped at least ``warning_after_s`` after the first of an unbroken run at
or above ``warning_percent``, or as critical at the ``critical_samples``-th consecutive sample at or above
``critical_percent``, whichever comes first. It is one condition whose severity only rises, and it closes at the first
sample below ``close_percent``. More than two intervals between two rates break both runs; they close nothing.

A sample without a rate neither extends nor breaks a run. Each sample of a run is held against its own contract, so a
contract that changes does not break one. Without a contract there is no percentage: runs are forgotten, and what is
open closes with ``no_contract``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from netmon.model.columns import Table
from netmon.model.finding import Detail, Finding, Severity, Signal, Subject, SubjectKind, Transition
from netmon.model.registry import Direction, Link
from netmon.model.sample import LinkSample
from netmon.signals.condition import NEVER, RECOVERED, Limits
from netmon.signals.config import SignalsConfig

GAP_INTERVALS = 2


@dataclass(frozen=True, slots=True)
class SaturationRule:
    """The thresholds of one direction of one link."""

    link: Link
    direction: Direction
    poll_interval_s: int
    warning_percent: int
    warning_after_s: int
    critical_percent: int
    critical_samples: int
    close_percent: int

    def contract_bps(self, at: datetime) -> int | None:
        """What was bought for this direction at an instant; None (also for 0): nothing to be a percentage of."""
        contract = self.link.contract_at(at)
        return (contract.rate_bps(self.direction) or None) if contract else None

    @property
    def warning_reason(self) -> str:
        minutes, seconds = divmod(self.warning_after_s, 60)
        span = f"{self.warning_after_s}_s" if seconds else f"{minutes}_min"
        return f"above_{self.warning_percent}_percent_for_{span}"

    @property
    def critical_reason(self) -> str:
        return f"above_{self.critical_percent}_percent_for_{self.critical_samples}_samples"


@dataclass(frozen=True, slots=True)
class SaturationState:
    """Two runs and what is open."""

    severity: Severity | None = None
    high_since: datetime | None = None
    """Stamp of the first sample of the run at or above ``warning_percent``."""
    critical_run: int = 0
    """Consecutive samples at or above ``critical_percent``."""
    rated_tick: int | None = None
    """The last sample with a rate, for the gap; not kept at rest."""

    @property
    def at_rest(self) -> bool:
        return self.severity is None and self.high_since is None


REST = SaturationState()


def rules(link: Link, config: SignalsConfig, poll_interval_s: int) -> Mapping[str, SaturationRule]:
    """Both directions of a link under the thresholds of its class."""
    thresholds = config.saturation_for(link.link_class).model_dump()
    return {direction: SaturationRule(link, direction, poll_interval_s, **thresholds) for direction in Direction}


def judge(state: SaturationState, sample: LinkSample, rule: SaturationRule) -> tuple[SaturationState, Finding | None]:
    """The past, one sample and the rule in; the future and perhaps a finding out."""
    rate_bps = sample.rate_bps(rule.direction)
    contract_bps = rule.contract_bps(sample.at)
    if contract_bps is None:
        return REST, _closed(state, sample, rule, "no_contract", rate_bps, None)
    if rate_bps is None:
        return state, None
    if state.at_rest and rate_bps * 100 < rule.warning_percent * contract_bps:
        return REST, None
    if rate_bps * 100 < rule.close_percent * contract_bps:
        return REST, _closed(state, sample, rule, RECOVERED, rate_bps, contract_bps)
    state = _advanced(state, sample, rule, rate_bps * 100, contract_bps)
    severity, reason = _verdict(state, sample, rule)
    if severity is None or (state.severity is not None and severity.rank <= state.severity.rank):
        return state, None
    transition = Transition.OPENED if state.severity is None else Transition.RAISED
    detail = _figures(state, rate_bps, contract_bps)
    return replace(state, severity=severity), _finding(sample, rule, transition, severity, reason, detail)


def limit(rule: SaturationRule, at: datetime) -> int:
    """The lowest rate, in bps, that begins a run under the contract of this instant."""
    contract_bps = rule.contract_bps(at)
    return NEVER if contract_bps is None else -(-rule.warning_percent * contract_bps // 100)


def quiet(figures: Table, limits: Limits) -> NDArray[np.bool_]:
    """Below the limit both ways; a sample without a rate has 0 in its place, and is."""
    below: NDArray[np.bool_] = figures["down_bps"] < limits[Direction.DOWN]
    below &= figures["up_bps"] < limits[Direction.UP]
    return below


def _advanced(
    state: SaturationState, sample: LinkSample, rule: SaturationRule, rate_percent_bps: int, contract_bps: int
) -> SaturationState:
    """The runs with this sample in them. A sample that is not later than the last one (the clock was set back) breaks
    them like a gap."""
    high_since, critical_run = state.high_since, state.critical_run
    if state.rated_tick is not None:
        apart_s = sample.tick - state.rated_tick
        if not 0 < apart_s <= GAP_INTERVALS * rule.poll_interval_s:
            high_since, critical_run = None, 0
    critical_run = critical_run + 1 if rate_percent_bps >= rule.critical_percent * contract_bps else 0
    high = rate_percent_bps >= rule.warning_percent * contract_bps
    if not high and state.severity is None:
        return REST
    return SaturationState(state.severity, (high_since or sample.at) if high else None, critical_run, sample.tick)


def _verdict(state: SaturationState, sample: LinkSample, rule: SaturationRule) -> tuple[Severity | None, str]:
    """The severity that the runs justify now, and by which of them."""
    if state.critical_run >= rule.critical_samples:
        return Severity.CRITICAL, rule.critical_reason
    if state.high_since is not None and (sample.at - state.high_since).total_seconds() >= rule.warning_after_s:
        return Severity.WARNING, rule.warning_reason
    return None, ""


def _closed(
    state: SaturationState,
    sample: LinkSample,
    rule: SaturationRule,
    reason: str,
    rate_bps: int | None,
    contract_bps: int | None,
) -> Finding | None:
    if state.severity is None:
        return None
    detail = _figures(REST, rate_bps, contract_bps)
    return _finding(sample, rule, Transition.CLOSED, state.severity, reason, detail)


def _figures(state: SaturationState, rate_bps: int | None, contract_bps: int | None) -> Mapping[str, Detail]:
    figures: dict[str, Detail] = {"rate_bps": rate_bps, "contract_bps": contract_bps}
    if rate_bps is not None and contract_bps:
        figures["utilisation_permille"] = rate_bps * 1000 // contract_bps
    if state.high_since is not None:
        figures["since"] = state.high_since.isoformat()
    return figures


def _finding(
    sample: LinkSample,
    rule: SaturationRule,
    transition: Transition,
    severity: Severity,
    reason: str,
    detail: Mapping[str, Detail],
) -> Finding:
    subject = Subject(SubjectKind.LINK, sample.link_id)
    return Finding(subject, Signal.SATURATION, transition, sample.at, severity, reason, rule.direction.value, detail)
