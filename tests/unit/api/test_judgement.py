"""The one word for how a device is: events decide, an answer in full overrules an event that waits for others."""

import pytest

from netmon.api.judgement import State, device_state
from netmon.events.event import Event, EventKind
from netmon.model.finding import Severity, Subject, SubjectKind
from netmon.model.poll import Outcome
from netmon.model.sample import DeviceSample
from tests.unit.events.provinces import T0

REGION = Subject(SubjectKind.REGION, "72.02")


def sample(outcome: Outcome) -> DeviceSample:
    return DeviceSample("poso", 0, T0, outcome, 0.1)


@pytest.mark.parametrize("kind", [EventKind.BLANKSPOT, EventKind.LINK_DOWN])
def test_a_device_that_an_event_takes_down_is_dark_until_it_answers_in_full(kind: EventKind) -> None:
    event = Event(kind, REGION, Severity.CRITICAL, T0, "all_sites_silent")
    assert device_state(sample(Outcome.TIMEOUT), [event]) is State.DARK
    assert device_state(None, [event]) is State.DARK
    assert device_state(sample(Outcome.COMPLETE), [event]) is State.OK


def test_one_missed_poll_is_unknown_and_so_is_everything_while_blind() -> None:
    blind = Event(EventKind.BLIND, Subject(SubjectKind.COLLECTOR, "collect-1"), Severity.CRITICAL, T0, "x")
    assert device_state(sample(Outcome.TIMEOUT), []) is State.UNKNOWN
    assert device_state(sample(Outcome.COMPLETE), [blind]) is State.UNKNOWN
