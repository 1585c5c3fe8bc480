from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.poller.layout import Layout, LearnedInterface
from collectors.poller.plan import pdus, restarted, why_learn
from collectors.tables.interfaces import Named

LEARNED_AT = datetime(2026, 11, 21, tzinfo=UTC)
ETHER1 = LearnedInterface(Named(1, "ether1", "ifName", "ether1"), ("ifHCInOctets", "ifHCOutOctets"))
LAYOUT = Layout(
    LEARNED_AT, ("ether1",), (ETHER1,), None, if_number=5, table_last_change=70, uptime_ticks=100_000, engine_boots=3
)


def probed(later_s: float, **said: int) -> dict[str, object]:
    settled = {"ifNumber": 5, "ifTableLastChange": 70, "snmpEngineBoots": 3}
    return {**settled, "sysUpTime": 100_000 + round(later_s * 100), **said}


def why(later_s: float, layout: Layout | None = LAYOUT, **said: int) -> str:
    now = LEARNED_AT + timedelta(seconds=later_s)
    return why_learn(layout, ("ether1",), probed(later_s, **said), now)


def test_what_is_known_and_unchanged_is_not_walked() -> None:
    assert why(30) == ""
    assert why(86_000) == ""
    assert why_learn(LAYOUT, ("ether1",), {}, LEARNED_AT + timedelta(seconds=30)) == ""


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (why(0, layout=None), "first visit"),
        (why(86_401), "a day has passed"),
        (why(-5), "a day has passed"),
        (why(30, ifNumber=6), "the interface table has changed"),
        (why(30, ifTableLastChange=71), "the interface table has changed"),
        (why(30, snmpEngineBoots=4), "the agent has restarted"),
        (why(30_000, sysUpTime=100), "the agent has restarted"),
        (why_learn(LAYOUT, ("ether1", "ether2"), probed(30), LEARNED_AT), "other interfaces are watched"),
        (why_learn(LAYOUT, None, probed(30), LEARNED_AT), "other interfaces are watched"),
    ],
)
def test_reasons_to_walk_again(reason: str, expected: str) -> None:
    assert reason == expected


def test_a_missing_interface_is_looked_for_every_five_minutes() -> None:
    missing = replace(LAYOUT, interfaces=())
    assert why(299, missing) == ""
    assert why(300, missing) == "an interface is missing"
    assert why(30, missing, ifNumber=6) == "the interface table has changed"


def test_a_table_that_keeps_changing_elsewhere_is_walked_ever_more_rarely() -> None:
    """PPP servers: interfaces come and go all day, and the watched one is always there."""
    assert why(59, replace(LAYOUT, idle_walks=2), ifNumber=6) == ""
    assert why(60, replace(LAYOUT, idle_walks=2), ifNumber=6) != ""
    assert why(300, replace(LAYOUT, idle_walks=1000), ifNumber=6) != ""


def test_a_wrapped_uptime_is_no_worse_than_a_walk_too_many() -> None:
    old = replace(LAYOUT, uptime_ticks=2**32 - 1000)
    assert restarted(old, probed(0, sysUpTime=2000), LEARNED_AT + timedelta(seconds=30))
    assert not restarted(replace(LAYOUT, uptime_ticks=None), {"sysUpTime": 5}, LEARNED_AT)


@given(st.lists(st.lists(st.text(max_size=3), max_size=25), max_size=30), st.integers(1, 40))
def test_pdus_hold_everything_once_and_in_order(groups: list[list[str]], max_varbinds: int) -> None:
    packed = pdus(groups, max_varbinds)
    assert [oid for pdu in packed for oid in pdu] == [oid for group in groups for oid in group]
    assert all(0 < len(pdu) <= max_varbinds for pdu in packed)


@given(st.lists(st.integers(1, 13), max_size=30))
def test_a_group_that_fits_is_never_torn(sizes: list[int]) -> None:
    groups = [[f"{n}.{i}" for i in range(size)] for n, size in enumerate(sizes)]
    packed = pdus(groups, 40)
    assert all(any(set(group) <= set(pdu) for pdu in packed) for group in groups)
