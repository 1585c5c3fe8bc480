"""What a window of a series comes down to, per direction: mean, maximum and the 95th percentile that is billed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from netmon.model.registry import Direction
from netmon.store.ports import SeriesPoint

BILLING_STEP_S = 300
"""The 95th percentile is of 5-minute means, those of the clock, so that it does not move with the window."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the observed time only; None where nothing was observed."""

    mean_bps: int | None = None
    max_bps: int | None = None
    p95_bps: int | None = None


def figures(points: Sequence[SeriesPoint], billing: Sequence[SeriesPoint], direction: Direction) -> Figures:
    """``points`` at any step give mean and maximum; ``billing`` are the 5-minute means that the window touches."""
    rates = [(point.coverage, rate) for point in points if (rate := _mean(point, direction)) is not None]
    observed = sum(coverage for coverage, _ in rates)
    peaks = (peak for point in points if (peak := _max(point, direction)) is not None)
    return Figures(
        mean_bps=round(sum(coverage * rate for coverage, rate in rates) / observed) if observed else None,
        max_bps=max(peaks, default=None),
        p95_bps=percentile_95(rate for point in billing if (rate := _mean(point, direction)) is not None),
    )


def percentile_95(rates_bps: Iterable[int]) -> int | None:
    """The rate at rank n - floor(n/20): the highest that is left when the top twentieth is dropped."""
    ranked = sorted(rates_bps)
    return ranked[len(ranked) - len(ranked) // 20 - 1] if ranked else None


def _mean(point: SeriesPoint, direction: Direction) -> int | None:
    return point.down_bps if direction is Direction.DOWN else point.up_bps


def _max(point: SeriesPoint, direction: Direction) -> int | None:
    peak = point.down_max_bps if direction is Direction.DOWN else point.up_max_bps
    return peak if peak is not None else _mean(point, direction)
