"""Which stretch of time an answer is about, kept within bounds (field lesson 33)."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator

from netmon.api.config import ApiConfig
from netmon.api.problems import Problem


def _written_as_a_date(value: object) -> object:
    """Pydantic would take "0.5" for half a second after 1970; nobody means that."""
    if isinstance(value, str) and not re.match(r"\d{4}-\d{2}-\d{2}[Tt ]", value):
        raise ValueError("write a time as 2026-11-21T06:30:00Z, with its offset from UTC")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_written_as_a_date)]
"""A time in a request: RFC 3339, never without its offset."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Older than any sample can be; a bound that keeps arithmetic with times safe."""
DEFAULT_RANGE = timedelta(hours=24)
DEFAULT_POINTS = 300


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end) in steps of ``step_s`` that begin at ``start``; whole seconds, aware UTC."""

    start: datetime
    end: datetime
    step_s: int


def window(
    start: datetime | None, end: datetime | None, step_s: int | None, now: datetime, interval_s: int, bounds: ApiConfig
) -> Window:
    """The window that was asked for, or a 400 that tells the bound that it passes."""
    end = _whole_second(end or now)
    start = _whole_second(start) if start else end - DEFAULT_RANGE
    if start < EARLIEST or end > now + timedelta(days=1):
        raise _out_of_time()
    if start >= end:
        raise Problem(400, "'from' must be before 'to'")
    if end - start > timedelta(days=bounds.max_range_days):
        raise Problem(
            400, f"the range is longer than {bounds.max_range_days} days", max_range_days=bounds.max_range_days
        )
    range_s = int((end - start).total_seconds())
    step_s = step_s or fitting_step_s(range_s, interval_s)
    if math.ceil(range_s / step_s) > bounds.max_points:
        least_s = math.ceil(range_s / bounds.max_points)
        raise Problem(
            400,
            f"a step of {step_s} s makes more than {bounds.max_points} points; take at least {least_s} s",
            max_points=bounds.max_points,
            least_step_s=least_s,
        )
    return Window(start, end, step_s)


def on_the_clock(asked: Window, step_s: int) -> Window:
    """Widened to whole steps that begin at multiples of ``step_s`` in Unix time, wherever the window begins."""
    start_s, end_s = int(asked.start.timestamp()), math.ceil(asked.end.timestamp())
    start, end = start_s - start_s % step_s, end_s + -end_s % step_s
    return Window(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC), step_s)


def fitting_step_s(range_s: int, interval_s: int, points: int = DEFAULT_POINTS) -> int:
    """The step that gives about ``points`` points: a multiple of the poll interval, and no finer than it."""
    return interval_s * max(1, math.ceil(range_s / points / interval_s))


def _whole_second(at: datetime) -> datetime:
    """In UTC; years that arithmetic with times could overflow on are refused here."""
    if not EARLIEST.year - 1 <= at.year < 9999:
        raise _out_of_time()
    return at.astimezone(UTC).replace(microsecond=0)


def _out_of_time() -> Problem:
    return Problem(400, f"times must lie between {EARLIEST:%Y-%m-%d} and tomorrow")
