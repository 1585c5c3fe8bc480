"""Link down: at once, unless somebody has shut it."""

from collections.abc import Callable

import pytest

from netmon.model.finding import Severity, Transition
from netmon.model.poll import InterfaceStatus
from netmon.model.registry import Link
from netmon.model.sample import Flag, LinkSample
from netmon.signals import link_down
from netmon.signals.config import SignalsConfig
from netmon.signals.link_down import DOWN, REST, LinkDownRule

S = InterfaceStatus
Make = Callable[..., LinkSample]


@pytest.fixture
def rule(link: Link) -> LinkDownRule:
    return link_down.rules(link, SignalsConfig(), 30)[""]


@pytest.mark.parametrize(
    ("oper", "reason"),
    [
        (S.DOWN, "oper_down"),
        (S.LOWER_LAYER_DOWN, "oper_lower_layer_down"),
        (S.NOT_PRESENT, "oper_not_present"),
        (S.TESTING, "oper_testing"),
    ],
)
def test_oper_down_while_admin_up_opens_at_once(sample: Make, rule: LinkDownRule, oper: S, reason: str) -> None:
    state, finding = link_down.judge(REST, sample(0, admin_status=S.UP, oper_status=oper), rule)
    assert state is DOWN
    assert finding is not None
    assert (finding.transition, finding.severity, finding.reason) == (Transition.OPENED, Severity.CRITICAL, reason)
    assert (finding.detail["device"], finding.detail["if_name"]) == ("core-palu", "ether3")
    assert link_down.judge(state, sample(30, admin_status=S.UP, oper_status=oper), rule) == (DOWN, None)


@pytest.mark.parametrize("oper", [S.UP, S.DORMANT, S.UNKNOWN])
def test_what_works_closes_it(sample: Make, rule: LinkDownRule, oper: S) -> None:
    state, finding = link_down.judge(DOWN, sample(0, admin_status=S.UP, oper_status=oper), rule)
    assert state.at_rest
    assert finding is not None
    assert (finding.transition, finding.reason) == (Transition.CLOSED, "recovered")
    assert link_down.judge(REST, sample(0, admin_status=S.UP, oper_status=oper), rule) == (REST, None)


def test_lesson_23_a_shut_down_port_is_silent_and_closes_what_is_open(sample: Make, rule: LinkDownRule) -> None:
    shut = sample(0, admin_status=S.DOWN, oper_status=S.DOWN)
    assert link_down.judge(REST, shut, rule) == (REST, None)
    state, finding = link_down.judge(DOWN, shut, rule)
    assert state.at_rest
    assert finding is not None
    assert (finding.transition, finding.reason) == (Transition.CLOSED, "admin_down")


@pytest.mark.parametrize("state", [REST, DOWN])
def test_what_the_device_does_not_say_is_not_judged(sample: Make, rule: LinkDownRule, state: object) -> None:
    for silent in (sample(0), sample(0, oper_status=S.DOWN), sample(0, flags=Flag.ABSENT)):
        assert link_down.judge(state, silent, rule) == (state, None)  # type: ignore[arg-type]
