import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.poller.schedule import Turn, confirm_after_s, next_turn_s
from netmon.model.poll import Outcome


def test_two_misses_running_are_silence_and_any_answer_ends_it() -> None:
    once = Turn().after(Outcome.TIMEOUT)
    assert not once.silent
    twice = once.after(Outcome.UNREACHABLE)
    assert twice.silent
    assert twice.after(Outcome.PARTIAL) == Turn()


@pytest.mark.parametrize(
    ("misses", "interval_s", "deadline_s", "wait_s"),
    [(0, 30, 5, None), (1, 30, 5, 7.5), (1, 30, 10, 10), (1, 5, 5, None), (1, 2, 0.4, 0.5), (2, 30, 5, None)],
)
def test_the_first_miss_is_confirmed_early(
    misses: int, interval_s: float, deadline_s: float, wait_s: float | None
) -> None:
    assert confirm_after_s(Turn(misses), interval_s, deadline_s) == wait_s


@given(st.floats(0, 2e9), st.floats(0.05, 0.95), st.sampled_from([1, 5, 30, 60, 300]))
def test_the_next_turn_is_at_the_phase_and_in_another_slot(wall_s: float, share: float, interval_s: int) -> None:
    phase_s = share * interval_s
    next_s = wall_s + next_turn_s(Turn(), wall_s, phase_s, interval_s)
    away_s = (next_s - phase_s + interval_s / 2) % interval_s - interval_s / 2
    assert abs(away_s) < 1e-4
    assert interval_s / 2 - 1e-4 <= next_s - wall_s <= 1.5 * interval_s + 1e-4


@given(st.integers(0, 1000), st.sampled_from([1, 30, 300]), st.floats(0.05, 0.95))
def test_backoff_never_exceeds_two_intervals(misses: int, interval_s: int, share: float) -> None:
    wait_s = next_turn_s(Turn(misses), 1000 * interval_s + share * interval_s, share * interval_s, interval_s)
    assert wait_s == pytest.approx(interval_s if misses < 4 else 2 * interval_s, abs=1e-6)
    assert wait_s <= 2 * interval_s
