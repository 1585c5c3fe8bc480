"""The law of ``netmon.model.counters`` for the ordinary many, by columns.

This decides nothing by itself: it only proves, of rows where nothing happened, that ``rates()`` would say the plain
thing, and computes that. A row about which there is any doubt is *odd* and goes to ``rates()``, as all did once.
``tests/unit/intake/test_differential.py`` holds both together.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.intake.kept import EVENTS, OCTETS_SAID
from netmon.intake.rows import Rows
from netmon.model.columns import RATED, READ, SAMPLE, Table
from netmon.model.counters import GAP_INTERVALS, SHORTEST_S

Truth = NDArray[np.bool_]

MOST_OCTETS: Final = 1 << 40
"""A terabyte: up to here octets x 8,000,000 stay below 2^63, so 64-bit arithmetic is exact. Above it the law knows."""

INTERVAL_SAID: Final = 1 << RATED.index("interval_s")
_RATE_SAID = sum(1 << RATED.index(n) for n in ("interval_s", "down_bps", "up_bps", "down_octets", "up_octets"))
_EVENTS_READ = sum(1 << READ.index(name) for name in EVENTS)
_EVENTS_UP = RATED.index(EVENTS[0]) - READ.index(EVENTS[0])
_SPEED_UP = RATED.index("speed_bps") - READ.index("speed_bps")
_IN_READ, _OUT_READ, _SPEED_READ = (1 << READ.index(name) for name in ("in_octets", "out_octets", "speed_bps"))
_DOWN_COUNTER_UP = RATED.index("down_counter") - READ.index("out_octets")
_UP_COUNTER_UP = RATED.index("up_counter") - READ.index("in_octets")
_DOWNS_SAID = sum(1 << RATED.index(name) for name in ("down_bps", "down_octets", "down_counter"))
_UPS_SAID = _DOWNS_SAID << 1


def stated(rows: Rows) -> Table:
    """Samples (dtype ``SAMPLE``) with what the rows say themselves, without rates yet; down is out, as on interfaces
    that face the recipient."""
    samples, read, said = np.zeros(len(rows.numbers), SAMPLE), rows.read, rows.read["said"]
    samples["tick"] = rows.tick
    samples["at_us"] = rows.now["at_us"]
    samples["down_counter"] = read["out_octets"]
    samples["up_counter"] = read["in_octets"]
    samples["speed_bps"] = read["speed_bps"]
    samples["admin_status"] = read["admin_status"]
    samples["oper_status"] = read["oper_status"]
    counters_said = (said & _IN_READ) << _UP_COUNTER_UP | (said & _OUT_READ) << _DOWN_COUNTER_UP
    samples["said"] = counters_said | (said & _SPEED_READ) << _SPEED_UP
    return samples


def rate(samples: Table, before: Table, rows: Rows, contract_bound_bps: NDArray[np.uint64], poll_s: float) -> Truth:
    """Write the rates of the ordinary rows into ``samples``; which rows those are. What is written into the others
    is void."""
    now = rows.now
    interval_s = _elapsed_s(before, now)
    believable_s = np.minimum(np.maximum(interval_s, SHORTEST_S), GAP_INTERVALS * poll_s)
    micros = np.rint(believable_s * 1_000_000).astype(np.uint64)
    ordinary: Truth = (believable_s == interval_s) & _same_counters(before, now) & _lived_on(before, now, interval_s)
    ordinary &= before["rated_tick"] != rows.tick
    for octets_of, down_or_up in (("in_octets", "up"), ("out_octets", "down")):
        octets = now[octets_of] - before[octets_of]
        ordinary &= (now[octets_of] >= before[octets_of]) & (octets < MOST_OCTETS)
        samples[f"{down_or_up}_octets"] = octets
        samples[f"{down_or_up}_bps"] = (octets * 8_000_000 + micros // 2) // micros
    for events in EVENTS:
        ordinary &= now[events] >= before[events]
        samples[events] = now[events] - before[events]
    samples["interval_s"] = interval_s
    samples["said"] |= _RATE_SAID | (now["said"] & _EVENTS_READ).astype(np.uint16) << _EVENTS_UP
    ordinary &= _possible(samples, rows, contract_bound_bps)
    return ordinary


def _elapsed_s(before: Table, now: Table) -> NDArray[np.float64]:
    """``counters.elapsed_s``: by the monotonic clock within a run, by the wall across a restart of ours."""
    by_the_wall_s = (now["at_us"] - before["at_us"]) / 1_000_000
    elapsed_s: NDArray[np.float64] = np.where(before["this_run"], now["arrived_s"] - before["arrived_s"], by_the_wall_s)
    return elapsed_s


def _same_counters(before: Table, now: Table) -> Truth:
    """Both octet counters then and now, of the same width, no discontinuity, and events said both times or never."""
    said = now["said"]
    same: Truth = (before["said"] == said) & (said & OCTETS_SAID == OCTETS_SAID)
    same &= before["counter_bits"] == now["counter_bits"]
    same &= before["discontinuity_ticks"] == now["discontinuity_ticks"]
    return same


def _lived_on(before: Table, now: Table, interval_s: NDArray[np.float64]) -> Truth:
    """Surely not ``counters.restarted``: the engine's word and sysUpTime both went on, or both stand still. Where only
    one of them did (sysUpTime wraps), the law weighs them."""
    lived: Truth = before["engine_boots"] == now["engine_boots"]
    lived &= _older(before["engine_time_s"], now["engine_time_s"], interval_s)
    lived &= _older(before["uptime_ticks"], now["uptime_ticks"], interval_s * 100)
    return lived


def _older(before: NDArray[np.int64], now: NDArray[np.int64], elapsed: NDArray[np.float64]) -> Truth:
    older: Truth = (now == before) | ((now > before) & (now >= elapsed))
    return older


def _possible(samples: Table, rows: Rows, contract_bound_bps: NDArray[np.uint64]) -> Truth:
    """Not above ``counters.bound_bps``, without the tenth that the law allows on top."""
    bound_bps = np.maximum(rows.read["speed_bps"], contract_bound_bps)
    fastest_bps = np.maximum(samples["down_bps"], samples["up_bps"])
    possible: Truth = (fastest_bps <= bound_bps) | (bound_bps == 0) | rows.unbounded
    return possible


def turn(samples: Table, facing_core: NDArray[np.intp]) -> None:
    """Turn the rows of interfaces that face the core, where down is in; nearly all face the recipient."""
    if not len(facing_core):
        return
    for what in ("bps", "octets", "counter"):
        down, up = samples[f"down_{what}"], samples[f"up_{what}"]
        down[facing_core], up[facing_core] = up[facing_core], down[facing_core]
    said = samples["said"][facing_core]
    turned = (said & _DOWNS_SAID) << 1 | (said & _UPS_SAID) >> 1
    samples["said"][facing_core] = said & ~np.uint16(_DOWNS_SAID | _UPS_SAID) | turned
