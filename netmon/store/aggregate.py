"""Samples into steps: means over observed time, octets conserved, gaps left as gaps (lesson 18).

A sample's octets belong to the interval that ended at its ``at``. Where that straddles the border of a step they are
divided by time, in integers whose sum is the whole, so that no choice of window or step makes or loses an octet.
A sample flagged GAP is not spread over the steps that nobody watched: it counts, whole, where it ended.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from netmon.model.instants import at_us, unix_us
from netmon.model.sample import Flag, LinkSample
from netmon.store.ports import LinkSeries, SeriesPoint


class Reading(NamedTuple):
    """What aggregating needs of a sample."""

    at_us: int
    interval_s: float | None
    down_bps: int | None
    up_bps: int | None
    down_octets: int | None
    up_octets: int | None
    in_errors: int | None
    out_errors: int | None
    in_discards: int | None
    out_discards: int | None
    flags: int


def reading_of(sample: LinkSample) -> Reading:
    s = sample
    rates = (s.interval_s, s.down_bps, s.up_bps, s.down_octets, s.up_octets)
    return Reading(unix_us(s.at), *rates, s.in_errors, s.out_errors, s.in_discards, s.out_discards, s.flags)


def series_of(link_id: str, readings: Iterable[Reading], start: datetime, end: datetime, step_s: int) -> LinkSeries:
    """One point for every step of [start, end); the last may be shorter than the others.

    ``readings`` may reach beyond the window on both sides; what lies outside is cut off.
    """
    if step_s < 1:
        raise ValueError(f"step_s is {step_s}: a step lasts at least a second")
    window = _Window(unix_us(start), unix_us(end), step_s * 1_000_000)
    for reading in readings:
        window.add(reading)
    return LinkSeries(link_id, start, end, step_s, tuple(window.points()))


@dataclass(slots=True)
class _Flow:
    """One direction within one step. ``counted_us`` is the time that the octets took, ``observed_us`` what of it
    lies in the step; they differ for a GAP alone."""

    octets: int = 0
    counted_us: int = 0
    observed_us: int = 0
    max_bps: int | None = None

    def add(self, octets: int, counted_us: int, observed_us: int, bps: int | None) -> None:
        self.octets += octets
        self.counted_us += counted_us
        self.observed_us += observed_us
        if bps is not None and (self.max_bps is None or bps > self.max_bps):
            self.max_bps = bps

    @property
    def mean_bps(self) -> int | None:
        if not self.counted_us:
            return None
        return (self.octets * 16_000_000 + self.counted_us) // (2 * self.counted_us)

    @property
    def total(self) -> int | None:
        return self.octets if self.counted_us else None


@dataclass(slots=True)
class _Step:
    down: _Flow = field(default_factory=_Flow)
    up: _Flow = field(default_factory=_Flow)
    counts: list[int | None] = field(default_factory=lambda: [None] * 4)

    def point(self, start_us: int, length_us: int) -> SeriesPoint:
        observed_us = max(self.down.observed_us, self.up.observed_us)
        return SeriesPoint(
            at_us(start_us),
            min(1.0, observed_us / length_us),
            self.down.mean_bps,
            self.up.mean_bps,
            self.down.max_bps,
            self.up.max_bps,
            self.down.total,
            self.up.total,
            *self.counts,
        )


class _Window:
    """The steps of [start, end), filled reading by reading."""

    def __init__(self, start_us: int, end_us: int, step_us: int) -> None:
        self._start_us, self._end_us, self._step_us = start_us, end_us, step_us
        self._steps: dict[int, _Step] = {}

    def add(self, reading: Reading) -> None:
        if not reading.interval_s or reading.interval_s < 0:
            return
        begin_us = reading.at_us - round(reading.interval_s * 1_000_000)
        if reading.flags & Flag.GAP:
            if self._start_us <= reading.at_us < self._end_us:
                self._count_whole(reading, begin_us)
            return
        cut_us = max(begin_us, self._start_us)
        until_us = min(reading.at_us, self._end_us)
        while cut_us < until_us:
            index = (cut_us - self._start_us) // self._step_us
            next_us = min(until_us, self._start_us + (index + 1) * self._step_us)
            self._count(index, reading, begin_us, cut_us, next_us)
            cut_us = next_us

    def points(self) -> Iterable[SeriesPoint]:
        for start_us in range(self._start_us, self._end_us, self._step_us):
            length_us = min(self._step_us, self._end_us - start_us)
            step = self._steps.get((start_us - self._start_us) // self._step_us)
            yield step.point(start_us, length_us) if step else SeriesPoint(at_us(start_us), 0.0)

    def _count(self, index: int, reading: Reading, begin_us: int, from_us: int, to_us: int) -> None:
        """Add to a step what of a reading lies in [from, to)."""
        whole_us = reading.at_us - begin_us
        step = self._step(index)

        def share(amount: int) -> int:
            return amount * (to_us - begin_us) // whole_us - amount * (from_us - begin_us) // whole_us

        took_us = to_us - from_us
        if reading.down_octets is not None:
            step.down.add(share(reading.down_octets), took_us, took_us, reading.down_bps)
        if reading.up_octets is not None:
            step.up.add(share(reading.up_octets), took_us, took_us, reading.up_bps)
        for place, count in enumerate(reading[6:10]):
            if count is not None:
                step.counts[place] = (step.counts[place] or 0) + share(count)

    def _count_whole(self, reading: Reading, begin_us: int) -> None:
        """Add a GAP to the step that it ended in: all of its octets and time, but only what the step saw as seen."""
        index = (reading.at_us - self._start_us) // self._step_us
        step = self._step(index)
        took_us = reading.at_us - begin_us
        seen_us = min(took_us, reading.at_us - (self._start_us + index * self._step_us))
        if reading.down_octets is not None:
            step.down.add(reading.down_octets, took_us, seen_us, reading.down_bps)
        if reading.up_octets is not None:
            step.up.add(reading.up_octets, took_us, seen_us, reading.up_bps)
        for place, count in enumerate(reading[6:10]):
            if count is not None:
                step.counts[place] = (step.counts[place] or 0) + count

    def _step(self, index: int) -> _Step:
        return self._steps.setdefault(index, _Step())
