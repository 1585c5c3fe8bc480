"""When a delivery is tried again, and when it is not any more."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.alerts.channel import DeliveryFailed
from netmon.alerts.retry import LONGEST_ASKED_S, UNKNOWN_END, Attempt, begin, settle, wait_s
from netmon.model.finding import Transition
from netmon.store.ports import Delivery, DeliveryState

PENDING = Delivery("0123456789ab", Transition.OPENED, "noc")


def test_the_waits_grow_threefold_up_to_a_quarter_of_an_hour():
    assert [wait_s(attempts, None, 0.5) for attempts in range(1, 8)] == [5, 15, 45, 135, 405, 900, 900]


@settings(deadline=None)
@given(attempts=st.integers(1, 10_000), chance=st.floats(0, 1, exclude_max=True))
def test_waits_are_spread_and_bounded(attempts, chance):
    middle = wait_s(attempts, None, 0.5)
    assert 0.8 * middle - 1e-9 <= wait_s(attempts, None, chance) <= 1.2 * middle + 1e-9
    assert 4 <= wait_s(attempts, None, chance) <= 1080


def test_a_carrier_that_asks_for_longer_is_given_it_up_to_an_hour():
    assert wait_s(1, 60, 0.5) == 60
    assert wait_s(1, 1, 0.5) == 5
    assert wait_s(1, 86_400, 0.5) == LONGEST_ASKED_S


def test_success_keeps_the_receipt_and_forgets_the_last_failure(at):
    started = begin(replace(PENDING, reason="451 later"))
    done = settle(started, Attempt(at, receipt="<id>"), 8, 0.5)
    assert (done.state, done.receipt, done.delivered_at, done.attempts) == (DeliveryState.DELIVERED, "<id>", at, 1)
    assert done.reason is None
    assert done.due_at is None


def test_a_failure_that_may_pass_waits_and_says_why(at):
    done = settle(begin(PENDING), Attempt(at, failure=DeliveryFailed("451 later", retry=True)), 8, 0.5)
    assert (done.state, done.reason, done.due_at) == (DeliveryState.PENDING, "451 later", at + timedelta(seconds=5))


@pytest.mark.parametrize(("retry", "attempts"), [(False, 0), (True, 7)])
def test_a_failure_that_cannot_pass_or_the_last_attempt_is_the_end(at, retry, attempts):
    started = begin(replace(PENDING, attempts=attempts))
    done = settle(started, Attempt(at, failure=DeliveryFailed("no", retry=retry)), 8, 0.5)
    assert (done.state, done.reason, done.due_at) == (DeliveryState.FAILED, "no", None)


def test_an_attempt_left_over_from_a_crash_is_made_up_for_once():
    first = begin(PENDING)
    again = begin(first)
    assert (again.state, again.attempts, again.uncertain) == (DeliveryState.SENDING, 2, 1)
    given_up = begin(again)
    assert (given_up.state, given_up.reason, given_up.attempts) == (DeliveryState.FAILED, UNKNOWN_END, 2)


def test_a_known_failure_after_a_crash_is_tried_again_but_a_second_crash_is_the_end(at):
    again = begin(begin(PENDING))
    later = settle(again, Attempt(at, failure=DeliveryFailed("451", retry=True)), 8, 0.5)
    assert later.state is DeliveryState.PENDING
    assert begin(begin(later)).state is DeliveryState.FAILED
