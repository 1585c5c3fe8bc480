"""Mean, maximum and the percentile that is billed."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from netmon.api.figures import figures, percentile_95
from netmon.model.registry import Direction
from netmon.store.ports import SeriesPoint

AT = datetime(2026, 11, 21, tzinfo=UTC)


def test_of_a_month_of_five_minute_means_432_are_dropped() -> None:
    assert percentile_95(range(1, 8641)) == 8640 - 432


def test_of_a_few_the_highest_stands() -> None:
    assert percentile_95([5, 3, 9]) == 9
    assert percentile_95([]) is None


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=200))
def test_the_percentile_is_one_of_the_rates_and_at_most_a_twentieth_is_above(rates: list[int]) -> None:
    result = percentile_95(rates)
    assert result in rates
    assert sum(rate > result for rate in rates) <= len(rates) / 20


def test_lesson_18_means_are_over_observed_time() -> None:
    points = [
        SeriesPoint(AT, 1.0, down_bps=100, down_max_bps=180),
        SeriesPoint(AT + timedelta(minutes=5), 0.0),
        SeriesPoint(AT + timedelta(minutes=10), 0.5, down_bps=400),
    ]
    assert figures(points, points, Direction.DOWN).mean_bps == 200
    assert figures(points, points, Direction.DOWN).max_bps == 400
    assert figures(points, points, Direction.UP).mean_bps is None
