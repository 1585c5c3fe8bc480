"""Silence: two consecutive polls without an answer, and one complete poll to be back."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.model.finding import Finding, Severity, Transition
from netmon.model.poll import Outcome
from netmon.model.sample import DeviceSample
from netmon.signals import silence
from netmon.signals.silence import SilenceRule, SilenceState

from .conftest import START

RULE = SilenceRule(after_polls=2)
SILENT = [outcome for outcome in Outcome if not outcome.answered]
Poll = Callable[[float, Outcome], DeviceSample]


def told(poll: Poll, *outcomes: Outcome) -> list[Finding | None]:
    """One entry a poll: what judging it found."""
    state, findings = SilenceState(), []
    for number, outcome in enumerate(outcomes):
        state, finding = silence.judge(state, poll(30 * number, outcome), RULE)
        findings.append(finding)
    return findings


@pytest.mark.parametrize("outcome", SILENT)
def test_the_second_poll_without_an_answer_opens(poll: Poll, outcome: Outcome) -> None:
    first, second = told(poll, outcome, outcome)
    assert first is None
    assert second is not None
    assert (second.transition, second.severity) == (Transition.OPENED, Severity.CRITICAL)
    assert second.at == START + timedelta(seconds=30)
    assert second.detail["since"] == START.isoformat()
    assert second.reason == ("no_answer" if outcome is Outcome.TIMEOUT else outcome.value)


def test_one_complete_poll_closes(poll: Poll) -> None:
    found = told(poll, Outcome.TIMEOUT, Outcome.TIMEOUT, Outcome.TIMEOUT, Outcome.COMPLETE, Outcome.COMPLETE)
    assert [f.transition if f else None for f in found] == [
        None, Transition.OPENED, None, Transition.CLOSED, None,
    ]  # fmt: skip


def test_one_miss_is_nothing(poll: Poll) -> None:
    assert told(poll, Outcome.TIMEOUT, Outcome.COMPLETE, Outcome.TIMEOUT, Outcome.COMPLETE) == [None] * 4


def test_a_partial_poll_breaks_the_count_and_is_not_back(poll: Poll) -> None:
    assert told(poll, Outcome.TIMEOUT, Outcome.PARTIAL, Outcome.TIMEOUT) == [None] * 3
    assert told(poll, Outcome.TIMEOUT, Outcome.TIMEOUT, Outcome.PARTIAL)[2] is None


@given(outcomes=st.lists(st.sampled_from(list(Outcome)), max_size=40))
def test_any_history_is_told_as_the_definition_says(outcomes: list[Outcome]) -> None:
    """Against the definition read off whole histories: no state carried from poll to poll but "is it open"."""
    state, is_open = SilenceState(), False
    for number, outcome in enumerate(outcomes):
        sample = DeviceSample("d", 30 * number, START + timedelta(seconds=30 * number), outcome, 0.1)
        state, finding = silence.judge(state, sample, RULE)
        two_silent = number >= 1 and not any(o.answered for o in outcomes[number - 1 : number + 1])
        expected = None
        if not is_open and two_silent:
            expected, is_open = Transition.OPENED, True
        elif is_open and outcome is Outcome.COMPLETE:
            expected, is_open = Transition.CLOSED, False
        assert (finding.transition if finding else None) is expected
        assert (state.severity is not None) is is_open
        assert state.at_rest is (not is_open and outcome.answered)
