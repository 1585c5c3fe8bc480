"""Findings in, events out: one incident is one event. Pure and restartable; time is an argument.

What the state machine promises:

- An explained silence joins the event that explains it; an unexplained one waits ``settle_s`` for its cause to show.
- Timers run in the order of their deadlines before anything newer is heard, and every stamp is the instant of a
  finding or of a deadline. So the same findings give the same events, told one by one as they come, or all at once
  after an outage of the watch.
- A repeat of a finding is a no-op, and so is one that is older than the newest of its condition.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from netmon.events.desk import Desk, event_of
from netmon.events.event import Event, EventChange
from netmon.events.judgement import Judgement
from netmon.events.memory import Condition, Standing, State, Told, condition_key, event_key
from netmon.events.topology import Topology
from netmon.model.finding import Finding, Signal, Transition
from netmon.model.registry import Registry

REMEMBER_REPEATS = timedelta(hours=1)
"""How long the end of a condition is remembered, to tell a late repeat from news."""

_AT_ONCE = frozenset({Signal.SATURATION, Signal.VANISHED, Signal.BLIND})
"""Signals that are an event by themselves: nothing in the topology could explain them away."""


@dataclass(frozen=True, slots=True)
class Step:
    """What came of one step: the memory after it, transitions to tell of, and open events that only grew."""

    state: State
    changes: tuple[EventChange, ...] = ()
    updated: tuple[Event, ...] = ()


class Correlator:
    """Holds what is fixed: the topology and the rule. All that moves is in ``State``."""

    def __init__(self, registry: Registry, settle_s: float, collector: str = "collect-1") -> None:
        """``collector`` is the name under which "everything is silent" is told, as monitoring being blind."""
        self._topology = Topology(registry)
        self._settle = timedelta(seconds=settle_s)
        self._collector = collector

    def apply(self, state: State, finding: Finding) -> Step:
        """Hear one finding. What was due before it happened comes first."""
        return self.run(state, (finding,))

    def advance(self, state: State, now: datetime) -> Step:
        """Let time pass: whatever is due until now, the latest included."""
        return self.run(state, (), now)

    def run(self, state: State, findings: Iterable[Finding], now: datetime | None = None) -> Step:
        """Hear findings in the order of their time, then let time pass until ``now``. Linear in the number of findings
        times that of the conditions in force."""
        news = sorted(findings, key=lambda f: (f.at, condition_key(f)))
        desk = Desk(state, self._topology, now or (news[0].at if news else None))
        judgement = Judgement(desk, self._topology, self._settle, self._collector)
        for finding in news:
            if self._is_news(desk, finding):
                judgement.run_until(finding.at)
                judgement.hears_of(finding)
                self._hear(desk, judgement, finding)
                judgement.heard(finding)
        judgement.catch_up()
        if news:
            self._forget_repeats(desk, news[-1].at - REMEMBER_REPEATS)
        if now is not None:
            judgement.run_until(now)
            judgement.judge(now)  # nothing is due; but the registry may be another one than before
        return Step(desk.state(), tuple(desk.changes), desk.updated())

    def _is_news(self, desk: Desk, finding: Finding) -> bool:
        """Remember that this was heard; False for repeats, and for what the registry does not know (any more)."""
        key = condition_key(finding)
        heard = Told(finding.at, finding.transition)
        told = desk.told.get(key)
        if told is not None and heard.order <= told.order:
            return False
        if not self._topology.knows(finding.subject):
            return False
        desk.told[key] = heard
        return True

    def _forget_repeats(self, desk: Desk, before: datetime) -> None:
        for old in [k for k, told in desk.told.items() if told.at < before and k not in desk.conditions]:
            del desk.told[old]

    def _hear(self, desk: Desk, judgement: Judgement, finding: Finding) -> None:
        key = condition_key(finding)
        condition = desk.conditions.get(key)
        if finding.transition is Transition.CLOSED:
            if condition is not None:
                self._end(desk, judgement, key, condition, finding)
        elif condition is None:
            desk.keep(Condition(finding, finding.at))
            if finding.signal in _AT_ONCE:
                desk.open(event_of(finding), *desk.scope_of(finding))
        elif finding.severity.rank > condition.finding.severity.rank:
            desk.keep(replace(condition, finding=replace(finding, at=condition.finding.at)))
            desk.raise_severity(event_key(event_of(finding)), finding)

    def _end(self, desk: Desk, judgement: Judgement, key: str, condition: Condition, finding: Finding) -> None:
        """A condition is over. One of which nobody has told yet is told all the same: opened, then closed."""
        if finding.signal is Signal.SILENCE and condition.standing is Standing.WAITING:
            judgement.judge(finding.at, forced=finding.subject.id)
        desk.drop(key)
        if finding.signal in _AT_ONCE:
            desk.close(event_key(event_of(finding)), finding.at, finding.reason, detail=finding.detail)
        elif finding.signal is Signal.LINK_DOWN:
            desk.mark_reason(event_key(event_of(finding)), finding.reason)
