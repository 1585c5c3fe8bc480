"""The odd rows: the law of ``netmon.model.counters`` asked row by row, and its answer written into the samples."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from netmon.intake.kept import COUNTERS, KEPT, OCTETS_SAID
from netmon.intake.rows import Rows
from netmon.model.columns import RATED, Table
from netmon.model.counters import NOTHING_BEFORE, AgentLife, InterfaceRates, Reading, bound_bps, rates
from netmon.model.instants import at_us

NO_RATES = InterfaceRates()
_STATED = sum(1 << RATED.index(name) for name in ("down_counter", "up_counter", "speed_bps"))


def rate(
    samples: Table,
    odd: Iterable[int],
    before: Table,
    rows: Rows,
    contract_bound_bps: NDArray[np.uint64],
    poll_interval_s: float,
) -> None:
    """Write the rates and flags of these rows into ``samples``, down being out."""
    for row in odd:
        previous, now, found = before[row], rows.now[row], NO_RATES
        if now["said"] & OCTETS_SAID and not already_rated(previous, rows.tick[row]):
            found = NOTHING_BEFORE
            if previous["said"]:
                bound = _bound_bps(rows, row, contract_bound_bps)
                found = rates(reading(previous), reading(now), bound, poll_interval_s)
        samples[row] = _with_rates(samples[row], found)


def already_rated(before: np.void, tick: float) -> bool:
    """Whether the link's rate of this tick is written: a second poll in the slot is judged, and that is all."""
    return bool(before["rated_tick"] == tick)


def _bound_bps(rows: Rows, row: int, contract_bound_bps: NDArray[np.uint64]) -> int | None:
    if rows.unbounded[row]:
        return None
    return bound_bps(None, int(rows.read["speed_bps"][row]), int(contract_bound_bps[row]))


def reading(kept: np.void) -> Reading:
    """A kept row as the law wants it. Rows are kept by link, so two of them are always of one interface."""
    figure = dict(zip(KEPT.names or (), kept.item(), strict=True))
    known = {name: figure[name] if figure["said"] >> bit & 1 else None for bit, name in enumerate(COUNTERS)}
    life = AgentLife(*(None if figure[age] < 0 else figure[age] for age in AgentLife._fields))
    run = "this" if figure["this_run"] else "an earlier one"
    bits = figure["counter_bits"] or None
    return Reading("", run, figure["arrived_s"], at_us(figure["at_us"]), life, bits, **known)


def _with_rates(sample: np.void, found: InterfaceRates) -> tuple[float, ...]:
    """The sample's row with these rates in the place of whatever stood there."""
    tick, at, *_, down_counter, up_counter, _, _, _, _, speed_bps, said, admin, oper, _ = sample.item()
    rated = (found.interval_s, found.out_bps, found.in_bps, found.out_octets, found.in_octets)
    events = (found.in_errors, found.out_errors, found.in_discards, found.out_discards)
    known = (*rated, None, None, *events)
    said = said & _STATED | sum(1 << bit for bit, figure in enumerate(known) if figure is not None)
    figures = (*(f or 0 for f in rated), down_counter, up_counter, *(f or 0 for f in events), speed_bps)
    return (tick, at, *figures, said, admin, oper, int(found.flags))
