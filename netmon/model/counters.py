"""Counters to rates, once and for everybody, in integers (RFC 2863 section 3.1.6, RFC 2578 section 7.1.6).

A counter alone says nothing; two readings say how much moved between them, unless something in between makes the
difference a lie: a restart, a reset, a discontinuity, a gap in which a 32-bit counter went round unseen. Whatever
is in doubt is no rate and carries the flag that says why. It is never zero and never a spike.
"""

from datetime import datetime
from typing import NamedTuple

from netmon.model.sample import Flag

TUNNEL, PPP, L2_VLAN, L3_VLAN = 131, 23, 135, 136
UNBOUNDED_IF_TYPES = frozenset({TUNNEL, PPP, L2_VLAN, L3_VLAN})
"""ifType (IANAifType-MIB) of interfaces whose speed is a fiction: no rate of theirs is impossible."""

SHORTEST_S = 0.5
"""Two readings closer than this are one: agents cache their counters (Net-SNMP for about 3 s)."""

GAP_INTERVALS = 2.5
"""A gap is more than two poll intervals; the half is for jitter, so that two slots apart is none and three is one."""

MOST_BPS = 8 * 10**18
"""Where nobody says what a medium can do, this much it cannot; with the tenth on top it still fits 64 signed bits."""

_ROUND_32 = 1 << 32


class AgentLife(NamedTuple):
    """How old the agent says it is; shared by all readings of one poll. None: it did not say."""

    uptime_ticks: int | None = None  # sysUpTime, hundredths of a second, wraps at 2^32 (497 days)
    engine_boots: int | None = None  # snmpEngineBoots
    engine_time_s: int | None = None  # snmpEngineTime


class Reading(NamedTuple):
    """What to remember of an interface between two polls: counters, and what it takes to believe their difference."""

    interface: str
    """"device/ifName": counters of two interfaces are never subtracted, whatever their ifIndex."""
    run: str
    """Which process read it. ``arrived_s`` is comparable within one run only; across runs the wall clock serves."""
    arrived_s: float
    at: datetime
    life: AgentLife
    bits: int | None
    discontinuity_ticks: int | None
    in_octets: int | None
    out_octets: int | None
    in_errors: int | None = None
    out_errors: int | None = None
    in_discards: int | None = None
    out_discards: int | None = None


class InterfaceRates(NamedTuple):
    """What moved between two readings, by the interface's own in and out. None is a gap, never zero."""

    flags: Flag = Flag.NONE
    interval_s: float | None = None
    """None where there is no rate in either direction."""
    in_bps: int | None = None
    out_bps: int | None = None
    in_octets: int | None = None
    out_octets: int | None = None
    in_errors: int | None = None
    out_errors: int | None = None
    in_discards: int | None = None
    out_discards: int | None = None


NOTHING_BEFORE = InterfaceRates(Flag.FIRST)


def bound_bps(if_type: int | None, *speeds_bps: int | None) -> int | None:
    """The most that the medium is said to carry: the largest of ifHighSpeed, ``physical_bps`` and contract that is
    known. None where nobody says, or where the type's speed means nothing: then no rate is impossible."""
    if if_type in UNBOUNDED_IF_TYPES:
        return None
    known = [speed for speed in speeds_bps if speed]
    return max(known) if known else None


def rates(previous: Reading | None, current: Reading, bound_bps: int | None, poll_interval_s: float) -> InterfaceRates:
    """The rates of the interval that ended with ``current``.

    A rate above 1.1 x ``bound_bps`` (None: ``MOST_BPS``) is refused in its direction (IMPOSSIBLE); a reset shown by
    one octet counter refuses both, since an interface's counters are reset together.
    """
    if previous is None or previous.interface != current.interface or previous.bits != current.bits:
        return NOTHING_BEFORE
    interval_s = elapsed_s(previous, current)
    if interval_s < SHORTEST_S:
        return NOTHING_BEFORE
    if restarted(previous.life, current.life, interval_s):
        return InterfaceRates(Flag.RESTART)
    if _discontinuous(previous, current):
        return InterfaceRates(Flag.DISCONTINUITY)
    gap = interval_s > GAP_INTERVALS * poll_interval_s
    if gap and current.bits == 32 and _may_go_round_twice(bound_bps, interval_s):
        return InterfaceRates(Flag.GAP)
    return _difference(previous, current, bound_bps, interval_s, gap)


def elapsed_s(previous: Reading, current: Reading) -> float:
    """Seconds between two arrivals: by the monotonic clock within a run, by the wall across a restart of ours."""
    if previous.run == current.run:
        return current.arrived_s - previous.arrived_s
    return (current.at - previous.at).total_seconds()


def restarted(previous: AgentLife, current: AgentLife, elapsed_s: float) -> bool:
    """Whether the agent began anew in between. The engine's word goes before sysUpTime, which wraps at 497 days."""
    if previous.engine_boots is not None and current.engine_boots is not None:
        if previous.engine_boots != current.engine_boots:
            return True
        if previous.engine_time_s is not None and current.engine_time_s is not None:
            return _began_anew(previous.engine_time_s, current.engine_time_s, elapsed_s)
    before, now = previous.uptime_ticks, current.uptime_ticks
    if before is None or now is None or _uptime_wrapped(before, now, elapsed_s):
        return False
    return _began_anew(before / 100, now / 100, elapsed_s)


def _began_anew(before_s: float, now_s: float, elapsed_s: float) -> bool:
    """An age that fell, or that is less than the time since we last saw it; one that stands still says nothing."""
    return now_s < before_s or (now_s != before_s and now_s + _drift_s(elapsed_s) < elapsed_s)


def _uptime_wrapped(before: int, now: int, elapsed_s: float) -> bool:
    """A fall that lands where 2^32 hundredths would have carried it is the wrap, not a restart."""
    if now >= before:
        return False
    return abs(now + _ROUND_32 - before - elapsed_s * 100) <= _drift_s(elapsed_s) * 100


def _drift_s(elapsed_s: float) -> float:
    """How far an agent's clock may stray from ours over a time."""
    return 2 + elapsed_s / 20


def _discontinuous(previous: Reading, current: Reading) -> bool:
    before, now = previous.discontinuity_ticks, current.discontinuity_ticks
    return before != now and before is not None and now is not None


def _may_go_round_twice(bound_bps: int | None, interval_s: float) -> bool:
    return bound_bps is None or bound_bps * 1.1 * interval_s / 8 >= _ROUND_32


def _difference(
    previous: Reading, current: Reading, bound_bps: int | None, interval_s: float, gap: bool
) -> InterfaceRates:
    bits, micros = current.bits, round(interval_s * 1_000_000)
    in_octets, in_bps, in_flag = _octets(previous.in_octets, current.in_octets, bits, micros, bound_bps)
    out_octets, out_bps, out_flag = _octets(previous.out_octets, current.out_octets, bits, micros, bound_bps)
    if in_flag is Flag.RESET or out_flag is Flag.RESET:
        return InterfaceRates(Flag.RESET)
    flags = Flag.GAP if gap else Flag.NONE
    for flag in (in_flag, out_flag):
        if flag is not Flag.NONE:  # joining flags costs a microsecond, and nearly all samples have none
            flags |= flag
    return InterfaceRates(
        flags,
        None if in_bps is None and out_bps is None else interval_s,
        in_bps,
        out_bps,
        in_octets,
        out_octets,
        _events(previous.in_errors, current.in_errors),
        _events(previous.out_errors, current.out_errors),
        _events(previous.in_discards, current.in_discards),
        _events(previous.out_discards, current.out_discards),
    )


def _octets(
    before: int | None, now: int | None, bits: int | None, micros: int, bound_bps: int | None
) -> tuple[int | None, int | None, Flag]:
    """Octets, bits per second (nearest integer) and what is to be said of them. A 64-bit counter that fell was reset:
    it takes centuries to go round. A 32-bit one went round once, where the medium could have carried that."""
    if before is None or now is None:
        return None, None, Flag.NONE
    octets, flag = now - before, Flag.NONE
    if octets < 0:
        if bits != 32:
            return None, None, Flag.RESET
        octets, flag = octets + _ROUND_32, Flag.WRAP
    bps = (octets * 8_000_000 + micros // 2) // micros
    if bps * 10 > (MOST_BPS if bound_bps is None else bound_bps) * 11:
        return None, None, Flag.RESET if flag is Flag.WRAP else Flag.IMPOSSIBLE
    return octets, bps, flag


def _events(before: int | None, now: int | None) -> int | None:
    """Errors or discards in between: Counter32, whose fall is a wrap if less than half a round, else a reset."""
    if before is None or now is None:
        return None
    events = (now - before) % _ROUND_32 if now < before else now - before
    return events if now >= before or events < _ROUND_32 // 2 else None
