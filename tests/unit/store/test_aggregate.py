"""Steps: no octet is made or lost, whatever the window and however the polls fall."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.model.sample import Flag, LinkSample
from netmon.store.aggregate import reading_of, series_of
from netmon.store.ports import LinkSeries
from tests.samples import NOON, link_sample


def steps(samples: list[LinkSample], start: datetime, end: datetime, step_s: int) -> LinkSeries:
    return series_of("palu-poso", map(reading_of, samples), start, end, step_s)


def chained(gaps_us: list[int], octets: list[int]) -> list[LinkSample]:
    """Samples whose intervals follow one another without a hole, from NOON on."""
    samples, at = [], NOON
    for gap_us, amount in zip(gaps_us, octets, strict=True):
        at += timedelta(microseconds=gap_us)
        samples.append(
            link_sample(at, interval_s=gap_us / 1e6, down_octets=amount, down_bps=amount * 8_000_000 // gap_us)
        )
    return samples


polls = st.integers(1, 30).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(1_000_000, 65_000_000), min_size=n, max_size=n),
        st.lists(st.integers(0, 10**12), min_size=n, max_size=n),
    )
)


@given(polls, st.integers(1, 400), st.integers(0, 3000))
def test_octets_are_conserved_over_any_steps_and_any_cut(
    drawn: tuple[list[int], list[int]], step_s: int, cut_s: int
) -> None:
    samples = chained(*drawn)
    end = max(samples[-1].at, NOON + timedelta(seconds=cut_s)) + timedelta(seconds=1)
    whole = steps(samples, NOON, end, step_s)
    assert sum(p.down_octets or 0 for p in whole.points) == sum(drawn[1])
    cut = NOON + timedelta(seconds=cut_s)
    halves = [*steps(samples, NOON, cut, step_s).points, *steps(samples, cut, end, step_s).points]
    assert sum(p.down_octets or 0 for p in halves) == sum(drawn[1])


@given(polls, st.integers(1, 400))
def test_observed_time_is_conserved_and_coverage_never_above_one(
    drawn: tuple[list[int], list[int]], step_s: int
) -> None:
    samples = chained(*drawn)
    end = samples[-1].at + timedelta(hours=1)
    found = steps(samples, NOON, end, step_s)
    assert all(0.0 <= p.coverage <= 1.0 for p in found.points)
    observed_s = sum(p.coverage * step_s for p in found.points[:-1])
    assert observed_s == pytest.approx(sum(drawn[0]) / 1e6, abs=0.01)


@given(polls, st.integers(1, 400))
def test_means_lie_within_what_was_measured(drawn: tuple[list[int], list[int]], step_s: int) -> None:
    samples = chained(*drawn)
    rates = [sample.down_bps or 0 for sample in samples]
    for point in steps(samples, NOON, samples[-1].at, step_s).points:
        assert point.down_bps is not None
        assert point.down_max_bps in rates
        # a share is floored to an octet at each end: 8 bits over the shortest stretch that there can be
        assert min(rates) - 17 * 1e6 <= point.down_bps <= max(rates) + 17 * 1e6


def test_a_straddling_sample_is_divided_by_time() -> None:
    sample = link_sample(NOON + timedelta(seconds=70), interval_s=30.0, down_octets=30_000_000)
    found = steps([sample], NOON, NOON + timedelta(seconds=120), 60)
    assert [p.down_octets for p in found.points] == [20_000_000, 10_000_000]
    assert [p.coverage for p in found.points] == [pytest.approx(20 / 60), pytest.approx(10 / 60)]
    assert [p.down_bps for p in found.points] == [8_000_000, 8_000_000]


def test_steps_finer_than_the_polls_repeat_the_rate() -> None:
    found = steps([link_sample(NOON + timedelta(seconds=30))], NOON, NOON + timedelta(seconds=30), 10)
    assert [(p.coverage, p.down_bps, p.down_octets) for p in found.points] == [(1.0, 8_000_000, 10_000_000)] * 3


def test_lesson_18_an_outage_stays_a_hole_though_the_counters_bridge_it() -> None:
    outage_s = 3600
    sample = link_sample(NOON + timedelta(seconds=outage_s + 30), interval_s=float(outage_s), flags=Flag.GAP)
    found = steps([sample], NOON, NOON + timedelta(seconds=outage_s + 60), 60)
    *hole, last = found.points
    assert all(p.coverage == 0.0 and p.down_bps is None and p.down_octets is None for p in hole)
    assert (last.down_octets, last.down_bps, last.coverage) == (sample.down_octets, 8_000_000, 0.5)


def test_one_refused_direction_leaves_the_other() -> None:
    sample = link_sample(NOON + timedelta(seconds=60), interval_s=60.0, down_octets=None, down_bps=None)
    (point,) = steps([sample], NOON, NOON + timedelta(seconds=60), 60).points
    assert (point.down_bps, point.down_octets, point.up_bps, point.coverage) == (None, None, 1_000_000, 1.0)


def test_a_window_that_no_step_divides_ends_with_a_shorter_one() -> None:
    samples = chained([30_000_000] * 5, [30_000_000] * 5)
    found = steps(samples, NOON, NOON + timedelta(seconds=150), 60)
    assert [p.coverage for p in found.points] == [1.0, 1.0, 1.0]
    assert [p.down_octets for p in found.points] == [60_000_000, 60_000_000, 30_000_000]
    assert found.points[0].start == NOON.astimezone(UTC)


def test_a_step_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="step_s is 0"):
        steps([], NOON, NOON + timedelta(hours=1), 0)
