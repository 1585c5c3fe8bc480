"""What every SeriesStore promises."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from netmon.model.poll import Outcome
from netmon.model.sample import Batch, Flag
from netmon.store.ports import SeriesStore
from tests.samples import NOON, device_sample, gap_sample, link_sample, run_of_samples

MINUTE = timedelta(minutes=1)
MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)


def test_samples_come_back_as_they_were_written(series: SeriesStore) -> None:
    samples = (link_sample(in_errors=3, speed_bps=10**9), gap_sample(NOON + MINUTE))
    series.write(Batch(links=samples))
    assert series.link_samples("palu-poso", NOON, NOON + timedelta(hours=1)) == list(samples)


def test_lesson_14_a_counter_of_2_to_the_64_minus_1_survives(series: SeriesStore) -> None:
    counters = [2**64 - 1, 2**63, 2**63 - 1, 2**53 + 1, 0]
    for minute, counter in enumerate(counters):
        series.write(Batch((link_sample(NOON + minute * MINUTE, down_counter=counter, up_counter=counter),)))
    found = series.link_samples("palu-poso", NOON, NOON + timedelta(hours=1))
    assert [sample.down_counter for sample in found] == counters
    assert [sample.up_counter for sample in found] == counters


def test_a_resend_is_a_no_op_and_a_correction_replaces(series: SeriesStore) -> None:
    batch = Batch((link_sample(),), (device_sample(),))
    series.write(batch)
    series.write(batch)
    assert series.link_samples("palu-poso", NOON, NOON + MINUTE) == [link_sample()]
    corrected = replace(link_sample(), down_bps=7, flags=Flag.WRAP)
    series.write(Batch((corrected,)))
    assert series.link_samples("palu-poso", NOON, NOON + MINUTE) == [corrected]


def test_windows_are_half_open_and_by_the_true_time(series: SeriesStore) -> None:
    series.write(Batch(tuple(run_of_samples(NOON, 4))))
    found = series.link_samples("palu-poso", NOON + timedelta(seconds=60), NOON + timedelta(seconds=120))
    assert [sample.at - NOON for sample in found] == [timedelta(seconds=60), timedelta(seconds=90)]


def test_steps_hold_means_maxima_octets_and_coverage(series: SeriesStore) -> None:
    calm, busy = run_of_samples(NOON, 2)
    busy = replace(busy, down_bps=16_000_000, down_octets=60_000_000, in_errors=2)
    series.write(Batch((calm, busy)))
    point = series.link_series("palu-poso", NOON, NOON + MINUTE, 60).points[0]
    assert (point.start, point.coverage) == (NOON, 1.0)
    assert (point.down_bps, point.down_max_bps, point.down_octets) == (12_000_000, 16_000_000, 90_000_000)
    assert (point.up_bps, point.up_max_bps, point.up_octets) == (1_000_000, 1_000_000, 7_500_000)
    assert (point.in_errors, point.out_errors) == (2, None)


def test_lesson_18_a_gap_is_not_zero_and_coverage_says_what_was_seen(series: SeriesStore) -> None:
    seen = run_of_samples(NOON, 1)
    failed = [gap_sample(NOON + timedelta(seconds=60)), gap_sample(NOON + timedelta(seconds=90))]
    series.write(Batch((*seen, *failed)))
    found = series.link_series("palu-poso", NOON, NOON + 3 * MINUTE, 60)
    assert [p.coverage for p in found.points] == [0.5, 0.0, 0.0]
    assert [p.down_bps for p in found.points] == [8_000_000, None, None]
    assert [p.down_octets for p in found.points] == [30_000_000, None, None]
    assert found.coverage == pytest.approx(1 / 6)


def test_a_link_that_was_never_seen_is_all_gaps(series: SeriesStore) -> None:
    found = series.link_series("no-such-link", NOON, NOON + 5 * MINUTE, 60)
    assert [(p.start, p.coverage, p.down_bps) for p in found.points] == [
        (NOON + i * MINUTE, 0.0, None) for i in range(5)
    ]
    assert series.link_samples("no-such-link", NOON, NOON + MINUTE) == []


def test_windows_span_days(series: SeriesStore) -> None:
    samples = run_of_samples(MIDNIGHT - 5 * MINUTE, 20)
    series.write(Batch(tuple(samples)))
    window = (MIDNIGHT - 5 * MINUTE, MIDNIGHT + 5 * MINUTE)
    found = series.link_series("palu-poso", *window, 60)
    assert [p.coverage for p in found.points] == [1.0] * 10
    assert sum(p.down_octets or 0 for p in found.points) == sum(s.down_octets or 0 for s in samples)
    assert series.link_samples("palu-poso", window[0], window[1] + MINUTE) == samples


def test_the_latest_of_every_link_and_device(series: SeriesStore) -> None:
    late, early = NOON + timedelta(seconds=3), NOON - MINUTE
    series.write(
        Batch((link_sample(early), link_sample(late), link_sample(early, "b"), link_sample(early - MINUTE, "c")))
    )
    series.write(Batch(devices=(device_sample(early), device_sample(late, outcome=Outcome.TIMEOUT))))
    assert series.latest_links(early) == {"palu-poso": link_sample(late), "b": link_sample(early, "b")}
    assert series.latest_links(NOON + MINUTE) == {}
    assert series.latest_devices(early) == {"rtr-poso": device_sample(late, outcome=Outcome.TIMEOUT)}


def test_the_latest_may_lie_before_midnight(series: SeriesStore) -> None:
    before, after = MIDNIGHT - timedelta(seconds=20), MIDNIGHT + timedelta(seconds=10)
    series.write(Batch((link_sample(before, "a"), link_sample(before, "b"), link_sample(after, "a"))))
    assert series.latest_links(MIDNIGHT - MINUTE) == {"a": link_sample(after, "a"), "b": link_sample(before, "b")}


def test_a_tick_of_silent_devices_alone_hides_no_link(series: SeriesStore) -> None:
    series.write(Batch((link_sample(NOON),)))
    series.write(Batch(devices=(device_sample(NOON + MINUTE, outcome=Outcome.TIMEOUT),)))
    assert series.latest_links(NOON) == {"palu-poso": link_sample(NOON)}


def test_retiring_takes_whole_days_and_no_younger_one(series: SeriesStore) -> None:
    days = [NOON - timedelta(days=age) for age in (3, 2, 1, 0)]
    for at in days:
        series.write(Batch((link_sample(at),), (device_sample(at),)))
    assert series.retire(NOON - timedelta(days=1)) == 2
    assert [s.at for s in series.link_samples("palu-poso", days[0], NOON + MINUTE)] == days[2:]
    assert series.retire(NOON - timedelta(days=1)) == 0
    series.write(Batch((link_sample(days[0]),)))
    assert [s.at for s in series.link_samples("palu-poso", days[0], NOON + MINUTE)] == [days[0], *days[2:]]


def test_lesson_39_instants_come_back_in_utc_whatever_zone_they_were_told_in(series: SeriesStore) -> None:
    wita = timezone(timedelta(hours=8))
    series.write(Batch((link_sample(NOON.astimezone(wita)),)))
    (found,) = series.link_samples("palu-poso", NOON, NOON + MINUTE)
    assert found.at == NOON
    assert series.link_series("palu-poso", NOON.astimezone(wita), NOON + MINUTE, 60).points[0].start.tzinfo is UTC


def test_an_empty_batch_is_no_trouble(series: SeriesStore) -> None:
    series.write(Batch())
    assert series.latest_links(NOON) == {}
    assert series.latest_devices(NOON) == {}
