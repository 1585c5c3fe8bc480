"""Round numbers for axes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from netmon.web.scale import rate_ticks, time_ticks

WITA = ZoneInfo("Asia/Makassar")


def test_rates_are_round() -> None:
    assert rate_ticks(208e6) == [0, 50_000_000, 100_000_000, 150_000_000, 200_000_000, 250_000_000]


@given(st.floats(0, 1e14))
def test_rates_reach_the_most_and_are_few(most_bps: float) -> None:
    ticks = rate_ticks(most_bps)
    assert ticks[0] == 0
    assert ticks[-1] >= most_bps * 0.9999
    assert 3 <= len(ticks) <= 7


def test_times_are_round_where_people_live() -> None:
    start = datetime(2026, 11, 20, 6, 35, tzinfo=UTC)
    ticks = time_ticks(start, start + timedelta(days=1), WITA, 10)
    local = [tick.astimezone(WITA) for tick in ticks]
    assert all((t.hour % 3, t.minute, t.second) == (0, 0, 0) for t in local)
    assert 0 in {t.hour for t in local}
    assert len(ticks) == 8


@given(st.integers(60, 400 * 86400), st.integers(3, 12))
def test_times_are_within_the_window_and_few(range_s: int, at_most: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    end = start + timedelta(seconds=range_s)
    ticks = time_ticks(start, end, WITA, at_most)
    assert all(start <= tick <= end for tick in ticks)
    assert len(ticks) <= at_most + 1
