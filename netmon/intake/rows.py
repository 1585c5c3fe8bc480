"""The rows of one hand-over side by side: all reports that ended together, one row a declared link."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from netmon.intake.kept import COUNTERS_SAID, EVENTS, KEPT
from netmon.model.columns import ALL_READ, READ, READING, Interface, InterfaceRows, Table
from netmon.model.counters import UNBOUNDED_IF_TYPES
from netmon.model.instants import unix_us
from netmon.model.poll import PollReport

_AS_READ: Final = ("in_octets", "out_octets", "arrived_s", "discontinuity_ticks", *EVENTS, "counter_bits")


class Places(NamedTuple):
    """Which rows of a device's table are declared links, and which. Made anew only when the table is another object:
    that saves a look-up by name for every row of every poll."""

    interfaces: tuple[Interface, ...]
    rows: NDArray[np.intp] | None
    """None where every row is a declared link's."""
    numbers: NDArray[np.intp]
    """Of the links, row by row."""
    unbounded: NDArray[np.bool_]
    """The interface's type has no speed that means anything."""

    @classmethod
    def of(cls, interfaces: tuple[Interface, ...], numbers: dict[str, int]) -> "Places":
        """By the names of the interfaces; of rows that share one, the first counts."""
        wanted = dict(numbers)
        found = [
            (row, wanted.pop(each.if_name), each.if_type in UNBOUNDED_IF_TYPES)
            for row, each in enumerate(interfaces)
            if each.if_name in wanted
        ]
        rows = None if len(found) == len(interfaces) else np.array([row for row, _, _ in found], np.intp)
        known, unbounded = [number for _, number, _ in found], [free for _, _, free in found]
        return cls(interfaces, rows, np.array(known, np.intp), np.array(unbounded, np.bool_))


class Polled(NamedTuple):
    """A report that brought rows, and where they belong."""

    report: PollReport
    rows: InterfaceRows
    places: Places

    @property
    def figures(self) -> Table:
        return self.rows.figures if self.places.rows is None else self.rows.figures[self.places.rows]


class Rows(NamedTuple):
    """A row a link; no link twice."""

    numbers: NDArray[np.intp]
    read: Table
    """As read, dtype ``READING``; what was not said is 0."""
    unbounded: NDArray[np.bool_]
    tick: NDArray[np.float64]
    now: Table
    """The same as it will be kept, dtype ``KEPT``."""


def side_by_side(polled: Sequence[Polled]) -> Rows:
    """Join the tables of several reports."""
    numbers = np.concatenate([each.places.numbers for each in polled])
    unbounded = np.concatenate([each.places.unbounded for each in polled])
    # Joining bytes takes 3 µs for 16 tables; np.concatenate compares their columns by name first, and takes 600.
    joined = bytearray().join([each.figures.tobytes() for each in polled])
    read = _unsaid_is_zero(np.frombuffer(joined, READING))
    # One float matrix for what the rows of a report share: all of it is whole and below 2^53, or a time.
    shared = np.array([_shared(each.report) for each in polled])
    visit = shared.repeat([len(each.places.numbers) for each in polled], axis=0).T
    return Rows(numbers, read, unbounded, visit[0], _now(read, visit))


def _shared(report: PollReport) -> tuple[float, ...]:
    facts = report.facts
    return (
        report.tick,
        unix_us(report.started_at),
        report.finished_s - report.elapsed_s,
        report.elapsed_s,
        -1 if facts.uptime_ticks is None else facts.uptime_ticks,
        -1 if facts.engine_boots is None else facts.engine_boots,
        -1 if facts.engine_time_s is None else facts.engine_time_s,
    )


def _now(read: Table, visit: NDArray[np.float64]) -> Table:
    """The readings as they will be kept; ``rated_tick`` is not known yet."""
    _, started_us, started_s, elapsed_s, uptime_ticks, engine_boots, engine_time_s = visit
    now = np.zeros(len(read), KEPT)
    for name in _AS_READ:
        now[name] = read[name]
    now["said"] = read["said"] & COUNTERS_SAID
    now["at_us"] = _wall_us(read["arrived_s"] - started_s, started_us, elapsed_s)
    now["uptime_ticks"] = uptime_ticks
    now["engine_boots"] = engine_boots
    now["engine_time_s"] = engine_time_s
    now["this_run"] = 1
    return now


def _wall_us(
    after_s: NDArray[np.float64], started_us: NDArray[np.float64], elapsed_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The wall clock's time of an arrival within the visit, rounded as ``timedelta(seconds=after_s)`` does."""
    fraction_s, whole_s = np.modf(np.minimum(np.maximum(after_s, 0.0), elapsed_s))
    at_us: NDArray[np.float64] = started_us + whole_s * 1e6 + np.rint(fraction_s * 1e6)
    return at_us


def _unsaid_is_zero(read: Table) -> Table:
    """Figures without their bit are void; as zeros they can be handled like the others. Only columns that some row
    lacks are touched: mostly none."""
    unsaid = ~read["said"]
    lacking = int(np.bitwise_or.reduce(unsaid)) & ALL_READ
    for bit, name in enumerate(READ):
        if lacking >> bit & 1:
            read[name][(unsaid >> np.uint64(bit) & np.uint64(1)).astype(np.bool_)] = 0
    return read
