"""A contracted interface that is no longer on its device."""

from collections.abc import Callable

from netmon.model.finding import Severity, Transition
from netmon.model.registry import Link
from netmon.model.sample import Flag, LinkSample
from netmon.signals import vanished
from netmon.signals.config import SignalsConfig
from netmon.signals.vanished import GONE, REST


def test_it_opens_by_name_and_closes_when_the_interface_is_back(link: Link, sample: Callable[..., LinkSample]) -> None:
    rule = vanished.rules(link, SignalsConfig(), 30)[""]
    stories = [(0, Flag.NONE), (30, Flag.ABSENT), (60, Flag.ABSENT), (90, Flag.FIRST), (120, Flag.NONE)]
    state, told = REST, []
    for after_s, flags in stories:
        state, finding = vanished.judge(state, sample(after_s, flags=flags), rule)
        told.append(finding)
    assert [f.transition if f else None for f in told] == [None, Transition.OPENED, None, Transition.CLOSED, None]
    opened = told[1]
    assert opened is not None
    assert (opened.severity, opened.reason) == (Severity.CRITICAL, "interface_absent")
    assert opened.detail == {"device": "core-palu", "if_name": "ether3"}
    assert state.at_rest
    assert not GONE.at_rest
