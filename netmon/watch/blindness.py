"""Whether monitoring itself sees: a collector's heartbeat missing, its store unreachable, its clock jumped.

Absence cannot be reported by the party that is absent, so it is judged here, from the outside. Findings of this signal
are made by the watch and heard in the same step; they need no ledger of their own.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from netmon.model.finding import Detail, Finding, Severity, Signal, Subject, SubjectKind, Transition
from netmon.model.registry import Registry
from netmon.store.ports import Heartbeat
from netmon.watch.config import WatchConfig


@dataclass(frozen=True, slots=True)
class BlindRule:
    """When a collector counts as blind."""

    missing_after: timedelta
    """Without a heartbeat, or with a store that cannot be reached."""
    clock_jump_s: float

    @classmethod
    def of(cls, config: WatchConfig, registry: Registry) -> "BlindRule":
        """Two poll intervals where the configuration says nothing."""
        missing_after_s = config.heartbeat_missing_after_s or max(2.0 * registry.poll_interval_s, 6.0)
        return cls(timedelta(seconds=missing_after_s), config.clock_jump_s)


@dataclass(frozen=True, slots=True)
class _Blind:
    since: datetime
    reason: str
    detail: Mapping[str, Detail]


class Blindness:
    """Remembers, for this process alone, since when it can see and since when stores were said to be unreachable."""

    def __init__(self, rule: BlindRule, collectors: Collection[str]) -> None:
        """``collectors`` are those that ought to be beating; heartbeats of others (a former name) mean nothing."""
        self._rule = rule
        self._collectors = frozenset(collectors)
        self._watching_since: datetime | None = None
        self._store_error_since: dict[str, datetime] = {}

    def look_away(self) -> None:
        """The watch itself could not see (ledger gone, clock jumped): a heartbeat that seems old proves nothing until
        the time for a new one has passed."""
        self._watching_since = None

    def judge(self, heartbeats: Iterable[Heartbeat], in_force: Collection[Finding], now: datetime) -> list[Finding]:
        """What has begun or ended since, given the blindness findings that are in force."""
        self._watching_since = self._watching_since or now
        known = {(f.subject.id, f.aspect): f for f in in_force}
        beats = {beat.process: beat for beat in heartbeats}
        findings: list[Finding] = []
        for process in sorted(self._collectors | {process for process, _ in known}):
            beat = beats.get(process)
            blind = self._aspects(process, beat, known, now) if process in self._collectors else {}
            for aspect in ("heartbeat", "store", "clock"):
                before, state = known.get((process, aspect)), blind.get(aspect)
                if before is None and state is not None:
                    findings.append(_finding(process, aspect, Transition.OPENED, state.since, state))
                elif before is not None and state is None:
                    ended = beat.at if beat and process in self._collectors else now
                    over = _Blind(ended, "recovered" if process in self._collectors else "retired", {})
                    findings.append(_finding(process, aspect, Transition.CLOSED, max(ended, before.at), over))
        return findings

    def _aspects(
        self, process: str, beat: Heartbeat | None, known: Collection[tuple[str, str]], now: datetime
    ) -> Mapping[str, _Blind]:
        judged = {"heartbeat": self._heartbeat(beat, (process, "heartbeat") in known, now)}
        if beat is not None:
            judged["store"] = self._store(beat, (process, "store") in known)
            judged["clock"] = self._clock(beat, now)
        return {aspect: blind for aspect, blind in judged.items() if blind is not None}

    def _heartbeat(self, beat: Heartbeat | None, is_blind: bool, now: datetime) -> _Blind | None:
        looked_from = self._watching_since or now
        if beat is None:
            heard, since = None, looked_from
        else:
            heard, since = beat.at.isoformat(), beat.at if is_blind else max(beat.at, looked_from)
        since += self._rule.missing_after
        blind = _Blind(since, "heartbeat_missing", {"last_heard": heard})
        return blind if since <= now or (is_blind and beat is None) else None

    def _store(self, beat: Heartbeat, is_blind: bool) -> _Blind | None:
        """What cannot be handed on, or not even be kept in the collector's own spool."""
        error = beat.detail.get("store_error") or beat.detail.get("spool_error")
        if not error:
            self._store_error_since.pop(beat.process, None)
            return None
        since = self._store_error_since.setdefault(beat.process, beat.at) + self._rule.missing_after
        return _Blind(since, "store_unreachable", {"error": str(error)}) if is_blind or since <= beat.at else None

    def _clock(self, beat: Heartbeat, now: datetime) -> _Blind | None:
        """By its own word (wall against monotonic clock), or by a heartbeat from the future."""
        said = beat.detail.get("clock_offset_s")
        ahead_s = (beat.at - now).total_seconds()
        offset_s = float(said) if isinstance(said, int | float) and said else max(0.0, ahead_s)
        if abs(offset_s) <= self._rule.clock_jump_s:
            return None
        by_the_clock_before = beat.at - timedelta(seconds=max(0.0, offset_s))  # or timers would run by the jump first
        return _Blind(min(by_the_clock_before, now), "clock_jumped", {"clock_offset_s": round(offset_s, 3)})


def _finding(process: str, aspect: str, transition: Transition, at: datetime, blind: _Blind) -> Finding:
    subject = Subject(SubjectKind.COLLECTOR, process)
    return Finding(
        subject, Signal.BLIND, transition, at, Severity.CRITICAL, blind.reason, aspect=aspect, detail=blind.detail
    )
