"""Counters to rates: what is believed, what is refused, and what it is called."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.model.counters import AgentLife, InterfaceRates, Reading, bound_bps, rates, restarted
from netmon.model.sample import Flag

START = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
GIGABIT = 1_000_000_000
WRAP_TICKS = 1 << 32


def reading(after_s: float, in_octets: int | None, out_octets: int | None = 0, **changes: object) -> Reading:
    """A reading ``after_s`` into the test, of an agent that has been up for a day before."""
    life = AgentLife(uptime_ticks=8_640_000 + int(after_s * 100), engine_boots=7, engine_time_s=86_400 + int(after_s))
    usual = Reading(
        interface="rtr-poso/ether1",
        run="run-1",
        arrived_s=5000.0 + after_s,
        at=START + timedelta(seconds=after_s),
        life=life,
        bits=64,
        discontinuity_ticks=0,
        in_octets=in_octets,
        out_octets=out_octets,
        in_errors=3,
        out_errors=0,
        in_discards=0,
        out_discards=None,
    )
    return usual._replace(**changes)


def judged(previous: Reading | None, current: Reading, bound: int | None = GIGABIT) -> InterfaceRates:
    return rates(previous, current, bound, 30)


def test_a_rate_is_octets_over_the_time_between_arrivals() -> None:
    found = judged(reading(0, 1_000, 500), reading(30, 3_751_000, 500, in_errors=5))
    assert found == InterfaceRates(Flag.NONE, 30.0, 1_000_000, 0, 3_750_000, 0, 2, 0, 0, None)


def test_more_than_any_medium_carries_is_refused_even_where_nobody_says_what_this_one_can() -> None:
    """A nonsense counter of an interface without a speed; the rate would not fit 64 bits."""
    found = judged(reading(0, 0), reading(1, 1 << 61), bound=None)
    assert (found.flags, found.in_bps, found.out_bps) == (Flag.IMPOSSIBLE, None, 0)


def test_the_first_reading_has_no_rate() -> None:
    assert judged(None, reading(0, 1)) == InterfaceRates(Flag.FIRST)


def test_lesson_10_counters_of_two_interfaces_are_never_subtracted() -> None:
    other = reading(0, 1_000, interface="rtr-poso/ether2")
    assert judged(other, reading(30, 2_000)) == InterfaceRates(Flag.FIRST)


def test_lesson_11_a_64_bit_fall_is_a_reset() -> None:
    found = judged(reading(0, 1 << 60, 10), reading(30, 5_000, 4_000))
    assert found == InterfaceRates(Flag.RESET), "no sample in either direction: an interface is reset as a whole"


def test_a_small_64_bit_fall_is_a_reset_too() -> None:
    assert judged(reading(0, 1_000), reading(30, 999)).flags is Flag.RESET


def test_a_32_bit_counter_that_went_round_once_gives_a_good_rate() -> None:
    found = judged(reading(0, WRAP_TICKS - 1_000, bits=32), reading(30, 2_749_000, bits=32))
    assert (found.flags, found.in_octets, found.in_bps) == (Flag.WRAP, 2_750_000, 733_333)


def test_a_32_bit_fall_that_the_medium_could_not_carry_is_a_reset() -> None:
    """From 1,000 back to 10 would be 4.29 GB in 30 s; a 100 Mbps port moves 0.41 at most."""
    before, now = reading(0, 1_000, bits=32), reading(30, 10, bits=32)
    assert judged(before, now, 100_000_000) == InterfaceRates(Flag.RESET)


def test_a_32_bit_fall_after_a_restart_is_no_wrap() -> None:
    reborn = AgentLife(uptime_ticks=1_000, engine_boots=8, engine_time_s=10)
    found = judged(reading(0, WRAP_TICKS - 1_000, bits=32), reading(30, 1_000, bits=32, life=reborn))
    assert found == InterfaceRates(Flag.RESTART)


def test_a_counter_that_changed_its_width_begins_anew() -> None:
    assert judged(reading(0, 5_000, bits=64), reading(30, 6_000, bits=32)).flags is Flag.FIRST


def test_lesson_12_a_petabit_spike_is_refused_and_flagged() -> None:
    found = judged(reading(0, 1_000), reading(30, 1_000 + (1 << 55), 3_750_000))
    assert found.flags is Flag.IMPOSSIBLE
    assert (found.in_bps, found.in_octets) == (None, None)
    assert found.out_bps == 1_000_000, "the other direction is as good as ever"


@pytest.mark.parametrize(("octets", "flags"), [(4_125_000_000, Flag.NONE), (4_125_000_004, Flag.IMPOSSIBLE)])
def test_the_bound_is_one_tenth_above_the_speed_and_not_a_bit_less(octets: int, flags: Flag) -> None:
    assert judged(reading(0, 0), reading(30, octets)).flags is flags


@pytest.mark.parametrize("if_type", [131, 23, 135, 136])
def test_no_rate_is_impossible_on_a_tunnel_ppp_or_vlan(if_type: int) -> None:
    bound = bound_bps(if_type, 9_600, None, 10_000_000)
    assert bound is None
    assert judged(reading(0, 0), reading(30, 375_000_000), bound).in_bps == 100_000_000


def test_the_bound_is_the_largest_speed_that_is_known() -> None:
    assert bound_bps(6, 100, None, 300) == 300
    assert bound_bps(6, None, 200, 100) == 200
    assert bound_bps(None, None, None, None) is None


def test_lesson_16_a_rate_above_if_speed_is_not_clipped_where_the_registry_knows_better() -> None:
    found = judged(reading(0, 0), reading(30, 1_875_000_000), bound_bps(6, 10_000_000, 1_000_000_000))
    assert found.in_bps == 500_000_000


def test_lesson_13_a_valid_rate_by_the_second_poll_after_a_restart() -> None:
    reborn = [AgentLife(100 * s, 8, s) for s in (5, 35)]
    polls = [reading(0, 1 << 40), reading(30, 700, life=reborn[0]), reading(60, 3_750_700, life=reborn[1])]
    assert judged(polls[0], polls[1]) == InterfaceRates(Flag.RESTART)
    assert judged(polls[1], polls[2]).in_bps == 1_000_000


def test_lesson_14_integers_above_2_to_the_53_lose_nothing() -> None:
    base = (1 << 63) + 1
    found = judged(reading(0, base), reading(1, base + 3), None)
    assert (found.in_octets, found.in_bps) == (3, 24)
    wide = judged(reading(0, 1), reading(8, 1 + (1 << 62) + 1), None)
    assert (wide.in_octets, wide.in_bps) == ((1 << 62) + 1, (1 << 62) + 1)


def test_a_changed_discontinuity_time_is_no_rate() -> None:
    found = judged(reading(0, 1_000), reading(30, 2_000, discontinuity_ticks=77))
    assert found == InterfaceRates(Flag.DISCONTINUITY)


def test_a_discontinuity_column_that_comes_or_goes_says_nothing() -> None:
    assert judged(reading(0, 1_000, discontinuity_ticks=None), reading(30, 2_000)).flags is Flag.NONE


@pytest.mark.parametrize("apart_s", [0.0, 0.01, -3.0])
def test_readings_at_the_same_time_or_out_of_order_have_no_rate(apart_s: float) -> None:
    assert judged(reading(10, 1_000), reading(10 + apart_s, 9_000)) == InterfaceRates(Flag.FIRST)


def test_within_a_run_the_wall_clock_does_not_matter() -> None:
    jumped = reading(30, 3_750_000, at=START + timedelta(hours=5))
    assert judged(reading(0, 0), jumped).in_bps == 1_000_000


def test_across_our_own_restart_the_wall_clock_serves() -> None:
    ours = reading(60, 7_500_000, run="run-2", arrived_s=3.0)
    found = judged(reading(0, 0), ours)
    assert (found.interval_s, found.in_bps) == (60.0, 1_000_000)


def test_across_our_own_restart_a_wall_clock_set_back_gives_no_rate() -> None:
    ours = reading(60, 7_500_000, run="run-2", at=START - timedelta(hours=1))
    assert judged(reading(0, 0), ours) == InterfaceRates(Flag.FIRST)


def test_one_missed_poll_is_no_gap_and_two_are() -> None:
    assert judged(reading(0, 0), reading(60.4, 100)).flags is Flag.NONE
    found = judged(reading(0, 0), reading(89.8, 11_225_000))
    assert (found.flags, found.in_bps) == (Flag.GAP, 1_000_000)


def test_a_32_bit_counter_that_may_have_gone_round_twice_in_a_gap_has_no_rate() -> None:
    before, now = reading(0, 0, bits=32), reading(3600, 4_500_000, bits=32)
    assert judged(before, now, GIGABIT) == InterfaceRates(Flag.GAP)
    assert judged(before, now, 1_000_000).in_bps == 10_000, "1.1 Mbps goes round once in nine hours"


def test_what_the_device_does_not_say_is_none_and_not_zero() -> None:
    found = judged(reading(0, 0, None), reading(30, 0, 5_000))
    assert (found.in_bps, found.out_bps, found.out_discards) == (0, None, None)


def test_errors_go_round_at_2_to_the_32_and_a_reset_of_theirs_is_none() -> None:
    found = judged(reading(0, 0, in_errors=WRAP_TICKS - 2, in_discards=500), reading(30, 0, in_errors=3, in_discards=2))
    assert (found.in_errors, found.in_discards) == (5, None)


def test_sys_up_time_that_wraps_is_no_restart() -> None:
    assert not restarted(AgentLife(WRAP_TICKS - 1_000), AgentLife(2_000), 30)
    assert restarted(AgentLife(WRAP_TICKS - 1_000), AgentLife(2_000), 900), "900 s would have carried it to 890"
    assert restarted(AgentLife(8_640_000), AgentLife(2_000), 30)


def test_the_engines_word_goes_before_sys_up_time() -> None:
    assert not restarted(AgentLife(500_000, 7, 5_000), AgentLife(100, 7, 5_030), 30)
    assert restarted(AgentLife(500_000, 7, 5_000), AgentLife(503_000, 8, 5), 30)
    assert restarted(AgentLife(500_000, 7, 5_000), AgentLife(503_000, 7, 5), 30)


def test_an_agent_younger_than_our_last_look_at_it_has_restarted() -> None:
    """It restarted seconds after the previous poll, which was seconds after its previous start."""
    assert restarted(AgentLife(uptime_ticks=500), AgentLife(uptime_ticks=2_000), 60)


def test_an_age_that_stands_still_says_nothing() -> None:
    assert not restarted(AgentLife(uptime_ticks=500), AgentLife(uptime_ticks=500), 60)


@given(
    start=st.integers(0, (1 << 32) - 1),
    steps=st.lists(st.integers(0, 4_000_000_000), min_size=1, max_size=30),
)
def test_any_32_bit_history_is_reproduced_octet_by_octet(start: int, steps: list[int]) -> None:
    """What a true counter moved comes out again, however often it goes round, as long as it does so once a poll."""
    true, previous, seen = start, reading(0, start, bits=32), []
    for number, step in enumerate(steps, 1):
        true += step
        current = reading(30.0 * number, true % WRAP_TICKS, bits=32)
        seen.append(judged(previous, current, 10 * GIGABIT))
        previous = current
    assert [found.in_octets for found in seen] == steps
    assert all(Flag.RESET not in found.flags for found in seen)


@given(
    before=st.integers(0, (1 << 64) - 1),
    now=st.integers(0, (1 << 64) - 1),
    bits=st.sampled_from([32, 64, None]),
    after_s=st.floats(-1e6, 1e6),
    bound=st.none() | st.integers(1, 10**12),
)
def test_no_reading_whatever_gives_a_negative_or_an_impossible_rate(
    before: int, now: int, bits: int | None, after_s: float, bound: int | None
) -> None:
    width = WRAP_TICKS if bits == 32 else 1 << 64
    found = judged(reading(0, before % width, bits=bits), reading(after_s, now % width, bits=bits), bound)
    if found.in_bps is None:
        assert found.flags is not Flag.NONE
    else:
        assert found.in_bps >= 0
        assert bound is None or found.in_bps * 10 <= bound * 11
        assert found.in_octets is not None
        assert found.interval_s is not None
        assert found.interval_s > 0
