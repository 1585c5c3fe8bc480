"""A link's chart as geometry: two panels over one time axis, gaps left open (field lesson 18). Jinja writes the SVG."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from netmon.model.registry import Direction, Link
from netmon.signals.config import SaturationConfig
from netmon.store.ports import EventRecord, LinkSeries, SeriesPoint
from netmon.web.scale import rate_ticks, time_ticks
from netmon.web.words import Format


@dataclass(frozen=True, slots=True)
class Frame:
    """The drawing's size in SVG units; phones get a narrow frame, so that text stays readable."""

    name: str
    width: int
    panel: int
    """Height of one panel."""
    left: int
    right: int = 12
    top: int = 22
    between: int = 34
    bottom: int = 26
    tick_px: int = 90

    @property
    def height(self) -> int:
        return self.top + 2 * self.panel + self.between + self.bottom

    @property
    def plot_width(self) -> int:
        return self.width - self.left - self.right


WIDE = Frame("wide", width=1080, panel=170, left=74)
NARROW = Frame("narrow", width=350, panel=130, left=56, right=6, tick_px=70)


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Span:
    """Something that lasts: a gap or an event."""

    x: float
    width: float
    title: str
    severity: str = ""
    aspect: str = ""
    """The one direction that it is about, if it is about one."""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One direction."""

    direction: Direction
    top: float
    bottom: float
    ticks: tuple[Tick, ...]
    line: str
    """SVG path data; one subpath for every unbroken run."""
    area: str
    peaks: str
    """The maximum of each step, where steps are longer than one interval."""
    contract: str
    contract_label: Tick | None
    warning: str
    critical: str


@dataclass(frozen=True, slots=True)
class LinkChart:
    frame: Frame
    panels: tuple[Panel, ...]
    ticks: tuple[Tick, ...]
    gaps: tuple[Span, ...]
    bands: tuple[Span, ...]
    start: datetime
    end: datetime
    readout: str
    """JSON of [unix seconds, down, up] for the script's read-out."""


@dataclass(frozen=True)
class ChartMaker:
    """What all charts of one answer share."""

    link: Link
    series: LinkSeries
    events: Sequence[EventRecord]
    thresholds: SaturationConfig
    format: Format
    title_of: Mapping[str, str]
    """Titles of the events, by id."""
    gap_title: str
    unsettled: timedelta
    """How much of the window's end may still be on its way: no gap there yet."""
    now: datetime

    def draw(self, frame: Frame) -> LinkChart:
        tops = (frame.top, frame.top + frame.panel + frame.between)
        panels = (self._panel(direction, top, frame) for direction, top in zip(Direction, tops, strict=True))
        times = time_ticks(self.series.start, self.series.end, self.format.zone, frame.plot_width // frame.tick_px)
        return LinkChart(
            frame=frame,
            panels=tuple(panels),
            ticks=tuple(Tick(self._x(at, frame), self._time_label(at)) for at in times),
            gaps=tuple(self._gaps(frame)),
            bands=tuple(self._bands(frame)),
            start=self.series.start,
            end=self.series.end,
            readout=json.dumps([[int(p.start.timestamp()), p.down_bps, p.up_bps] for p in self.series.points]),
        )

    def _panel(self, direction: Direction, top: float, frame: Frame) -> Panel:
        means = [_rate(p, direction) for p in self.series.points]
        peaks = [_peak(p, direction) for p in self.series.points]
        steps = self._contract_steps(direction)
        scale = rate_ticks(
            max([1000, *(v for v in (*means, *peaks) if v is not None), *(r for _, _, r in steps if r)]) * 1.04
        )
        bottom = top + frame.panel

        def y(bps: float) -> float:
            return round(bottom - bps / scale[-1] * frame.panel, 1)

        def steps_at(percent: int) -> str:
            parts = (
                f"M{self._x(a, frame)} {y(rate * percent / 100)}H{self._x(b, frame)}" for a, b, rate in steps if rate
            )
            return "".join(parts)

        runs = list(self._runs(means, frame, y))
        last = next((rate for _, _, rate in reversed(steps) if rate), None)
        return Panel(
            direction=direction,
            top=top,
            bottom=bottom,
            ticks=tuple(Tick(y(bps), self.format.rate(bps) if bps else "0") for bps in scale),
            line="".join(_path(run) for run in runs),
            area="".join(f"{_path(run)}V{bottom}H{run[0][0]}Z" for run in runs),
            peaks="".join(_path(run) for run in self._runs(peaks, frame, y)) if peaks != means else "",
            contract=steps_at(100),
            contract_label=Tick(y(last), self.format.rate(last)) if last else None,
            warning=steps_at(self.thresholds.warning_percent),
            critical=steps_at(self.thresholds.critical_percent),
        )

    def _contract_steps(self, direction: Direction) -> list[tuple[datetime, datetime, int | None]]:
        """The contract in force over the window: (from, to, bps)."""
        start, end = self.series.start, self.series.end
        changes = [c.effective_from for c in self.link.contracts if c.effective_from and start < c.effective_from < end]
        edges = [start, *changes, end]
        in_force = ((a, b, self.link.contract_at(a)) for a, b in pairwise(edges))
        return [(a, b, contract.rate_bps(direction) if contract else None) for a, b, contract in in_force]

    def _runs(
        self, values: Sequence[int | None], frame: Frame, y: Callable[[float], float]
    ) -> Iterable[list[tuple[float, float]]]:
        """Unbroken runs as points at the middle of their steps; a run of one is drawn a step wide."""
        half = timedelta(seconds=self.series.step_s / 2)
        run: list[tuple[float, float]] = []
        for point, value in zip((*self.series.points, None), (*values, None), strict=True):
            if point is not None and value is not None:
                run.append((self._x(point.start + half, frame), y(value)))
            elif run:
                if len(run) == 1:
                    width = frame.plot_width * self.series.step_s / self._range_s / 2
                    run = [(round(run[0][0] - width, 1), run[0][1]), (round(run[0][0] + width, 1), run[0][1])]
                yield run
                run = []

    def _gaps(self, frame: Frame) -> Iterable[Span]:
        """Stretches without any data, except what may still be on its way."""
        step = timedelta(seconds=self.series.step_s)
        began: datetime | None = None
        for point in self.series.points:
            empty = point.down_bps is None and point.up_bps is None
            if empty and began is None:
                began = point.start
            elif not empty and began is not None:
                yield self._span(began, point.start, self.gap_title, frame)
                began = None
        if began is not None and self.series.end - began > self.unsettled + step:
            yield self._span(began, self.series.end, self.gap_title, frame)

    def _bands(self, frame: Frame) -> Iterable[Span]:
        for record in self.events:
            event = record.event
            until = event.closed_at or self.now
            if until > self.series.start and event.opened_at < self.series.end:
                span = self._span(event.opened_at, until, self.title_of[event.id], frame)
                yield replace(span, severity=event.severity, aspect=event.aspect, href=f"/events/{event.id}")

    def _span(self, start: datetime, end: datetime, title: str, frame: Frame) -> Span:
        x1 = self._x(max(start, self.series.start), frame)
        x2 = self._x(min(end, self.series.end), frame)
        return Span(x1, round(max(x2 - x1, 1.5), 1), title)

    def _x(self, at: datetime, frame: Frame) -> float:
        share = (at - self.series.start).total_seconds() / self._range_s
        return round(frame.left + share * frame.plot_width, 1)

    @property
    def _range_s(self) -> float:
        return (self.series.end - self.series.start).total_seconds()

    def _time_label(self, at: datetime) -> str:
        local = at.astimezone(self.format.zone)
        if local.hour == local.minute == local.second == 0:
            return self.format.day(at)
        return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


def _path(run: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in run)


def _rate(point: SeriesPoint, direction: Direction) -> int | None:
    return point.down_bps if direction is Direction.DOWN else point.up_bps


def _peak(point: SeriesPoint, direction: Direction) -> int | None:
    return point.down_max_bps if direction is Direction.DOWN else point.up_max_bps
