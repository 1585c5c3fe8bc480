"""The checker believes what the responder says and nothing else: each figure spoilt in turn is found and named."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from netmon.bench import values
from netmon.bench.checking import KnownValues, UnknownValues, WrongValue
from netmon.bench.samples import check_samples
from netmon.model.columns import READ, SAMPLE, InterfaceRows, LinkSamples
from netmon.model.poll import DeviceFacts, InterfaceRow, InterfaceStatus, Outcome, PollReport
from netmon.model.sample import Flag, LinkSample

DEVICE, ADDRESS = "127.64.0.9", 127 << 24 | 64 << 16 | 9
INTERFACES, STEP = 3, 5_000


def row(index: int, step: int = STEP) -> InterfaceRow:
    h = values.seed(ADDRESS, index)
    out = values.mixed(h)
    return InterfaceRow(
        if_index=index,
        if_name=values.if_name(index),
        arrived_s=1.0,
        if_alias=values.if_alias(index),
        if_type=values.IF_TYPE,
        admin_status=InterfaceStatus.UP,
        oper_status=InterfaceStatus.UP,
        speed_bps=values.SPEED_BPS,
        in_octets=values.first_octets(h) + step * values.octets_a_step(h),
        out_octets=values.first_octets(out) + step * values.octets_a_step(out),
        in_errors=values.in_errors(h, step),
        out_errors=values.out_errors(h, step),
        in_discards=values.in_discards(h, step),
        out_discards=values.out_discards(h, step),
        counter_bits=64,
        discontinuity_ticks=values.discontinuity_ticks(h),
    )


def report(*rows: InterfaceRow, outcome: Outcome = Outcome.COMPLETE, **facts: object) -> PollReport:
    uptime = values.FIRST_UPTIME_TICKS + STEP
    said = {"uptime_ticks": uptime, "engine_boots": values.BOOTS, "engine_time_s": uptime // 100, **facts}
    return PollReport(
        DEVICE,
        0,
        datetime(2026, 11, 22, tzinfo=UTC),
        0.1,
        outcome,
        facts=DeviceFacts(**said),  # type: ignore[arg-type]
        interfaces=InterfaceRows.of(rows or [row(i) for i in range(1, INTERFACES + 1)]),
    )


def test_what_the_responder_says_is_believed_also_a_little_later() -> None:
    checker = KnownValues(INTERFACES)
    checker.check([report(), report(*(row(i, STEP + 10) for i in (1, 2, 3)))])
    assert checker.values_checked == 2 * (3 + INTERFACES * (2 + len(READ)))


@pytest.mark.parametrize(
    "column", [name for name in READ if name not in ("admin_status", "oper_status", "counter_bits")]
)
def test_a_figure_that_is_off_by_one_is_named_with_what_was_expected(column: str) -> None:
    right = row(2)
    got = getattr(right, column) + 1
    spoilt = replace(right, **{column: got})
    with pytest.raises(WrongValue, match=f"127.64.0.9, ether2: {column}: got {got}, expected "):
        KnownValues(INTERFACES).check([report(), report(row(1), spoilt, row(3))])


@pytest.mark.parametrize("column", READ)
def test_a_figure_that_is_missing_is_named(column: str) -> None:
    spoilt = replace(row(3), **{column: None})
    with pytest.raises(WrongValue, match=f"127.64.0.9, ether3: {column} not read"):
        KnownValues(INTERFACES).check([report(row(1), row(2), spoilt)])


def test_a_status_that_it_never_had_is_wrong() -> None:
    with pytest.raises(WrongValue, match="oper_status: got 2, expected 1"):
        KnownValues(INTERFACES).check([report(row(1), replace(row(2), oper_status=InterfaceStatus.DOWN), row(3))])


def test_the_values_of_an_earlier_step_are_stale_and_those_of_another_device_foreign() -> None:
    with pytest.raises(WrongValue, match="in_octets"):
        KnownValues(INTERFACES).check([report(*(row(i, STEP - 1) for i in (1, 2, 3)))])
    with pytest.raises(WrongValue, match="in_octets"):
        KnownValues(INTERFACES).check([replace(report(), device_id="127.64.0.10")])


def test_rows_that_are_missing_are_wrong_in_a_complete_report_alone() -> None:
    with pytest.raises(WrongValue, match="2 interfaces came, expected 3"):
        KnownValues(INTERFACES).check([report(row(1), row(2))])
    KnownValues(INTERFACES).check([report(row(1), row(2), outcome=Outcome.PARTIAL)])


def test_the_system_group_is_checked_as_far_as_it_was_asked() -> None:
    KnownValues(INTERFACES).check([report(sys_name="bench-127-64-0-9")])
    with pytest.raises(WrongValue, match="system group"):
        KnownValues(INTERFACES).check([report(sys_name="bench-127-64-0-8")])
    with pytest.raises(WrongValue, match="system group"):
        KnownValues(INTERFACES).check([report(uptime_ticks=None)])


def test_of_unknown_values_only_a_fall_is_wrong() -> None:
    checker = UnknownValues()
    checker.check([report()])
    checker.check([report(*(row(i, STEP + 7) for i in (1, 2, 3)))])
    with pytest.raises(WrongValue, match="ether2: in_octets fell"):
        checker.check([report(row(1, STEP + 7), row(2), row(3, STEP + 7))])


def sample(**changed: int) -> LinkSamples:
    h = values.seed(ADDRESS, 2)
    out, at = values.mixed(h), datetime(2026, 11, 22, tzinfo=UTC)
    up, down = (10 * values.octets_a_step(each) for each in (h, out))
    figures = {
        "down_counter": values.first_octets(out) + STEP * values.octets_a_step(out),
        "up_counter": values.first_octets(h) + STEP * values.octets_a_step(h),
        "down_octets": down,
        "up_octets": up,
        "down_bps": down * 80,
        "up_bps": up * 80,
    }
    return LinkSamples.of([LinkSample(f"{DEVICE}/ether2", 0, at, 0.1, **{**figures, **changed})])


def test_samples_follow_from_the_function_and_rates_from_their_octets() -> None:
    assert sample().figures.dtype == SAMPLE
    assert check_samples(sample(), STEP) == 6


@pytest.mark.parametrize("column", ["down_counter", "up_counter", "down_octets", "up_octets", "down_bps", "up_bps"])
def test_a_sample_that_does_not_follow_is_wrong(column: str) -> None:
    right = int(sample().figures[column][0])
    with pytest.raises(WrongValue, match=f"127.64.0.9/ether2: sample's {column}"):
        check_samples(sample(**{column: right + 1000}), STEP)
    with pytest.raises(WrongValue, match="counter"):
        check_samples(sample(), STEP - 1)


def test_a_rate_that_is_missing_is_wrong_on_all_but_the_first_sample() -> None:
    rateless = replace(sample()[0], down_octets=None, down_bps=None)
    with pytest.raises(WrongValue, match="down_octets"):
        check_samples(LinkSamples.of([rateless]), STEP)
    check_samples(LinkSamples.of([replace(rateless, flags=Flag.FIRST)]), STEP)
    with pytest.raises(WrongValue, match="interval_s"):
        check_samples(LinkSamples.of([replace(sample()[0], interval_s=None)]), STEP)
