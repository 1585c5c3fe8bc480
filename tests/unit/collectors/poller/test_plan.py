from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.poller.layout import Layout, LearnedInterface
from collectors.poller.plan import Plans, answer_octets, pdus, plan_of, restarted, why_learn
from collectors.snmp import wire
from collectors.tables.interfaces import Named

LEARNED_AT = datetime(2026, 11, 21, tzinfo=UTC)
ETHER1 = LearnedInterface(Named(1, "ether1", "ifName", b"ether1"), ("ifHCInOctets", "ifHCOutOctets"))
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


@given(st.lists(st.integers(1, 13), max_size=30), st.integers(20, 2000), st.none() | st.integers(1, 40))
def test_pdus_hold_every_group_once_whole_and_in_order(
    sizes: list[int], pdu_octets: int, max_varbinds: int | None
) -> None:
    groups = [tuple(f"{n}.{i}" for i in range(size)) for n, size in enumerate(sizes)]
    octets = [25 * size for size in sizes]
    packed = pdus(groups, octets, replace(LAYOUT, max_varbinds=max_varbinds), pdu_octets)
    assert [group for pdu in packed for group in pdu.groups] == groups
    several = [pdu for pdu in packed if len(pdu.groups) > 1]
    assert all(25 * len(pdu.oids) <= pdu_octets for pdu in several)
    assert all(len(pdu.oids) <= (max_varbinds or 10_000) for pdu in several)


def many(count: int) -> Layout:
    """A router of one model, freshly learned: nothing of it is the same object as another's."""
    columns = ("ifHCInOctets", "ifHCOutOctets", "ifInErrors", "ifOutErrors", "ifAdminStatus", "ifOperStatus")
    who = (Named(n, f"ether{n}", "ifName", b"ether%d" % n) for n in range(1, count + 1))
    return replace(LAYOUT, interfaces=tuple(LearnedInterface(each, columns) for each in who))


def test_a_pdu_and_its_answer_never_exceed_the_octets_that_are_allowed() -> None:
    for pdu_octets in (500, 1400, 8000):
        plan = plan_of(many(100), pdu_octets)
        for pdu in plan.pdus:
            asked = wire.request(wire.V2C, b"c" * 32, wire.asked(pdu.oids))
            assert len(asked.datagram(2**30)) <= pdu_octets
        octets = [answer_octets(each.who, each.columns) for each in plan.interfaces]
        assert sum(octets) / len(plan.pdus) > 0.5 * pdu_octets
        assert all(50 < each < pdu_octets for each in octets)


def test_devices_with_equal_tables_share_their_plan() -> None:
    plans = Plans()
    one, other = plans.of(many(48)), plans.of(many(48))
    assert one is other
    assert plans.of(many(47)) is not one
    assert plans.of(None) is plans.of(None)
    assert [pdu.groups[0][0] for pdu in one.pdus][:1] == ["1.3.6.1.2.1.31.1.1.1.1.1"]


def test_who_a_device_is_is_asked_until_its_table_is_known() -> None:
    assert "sysDescr" in plan_of(None).scalars
    known = replace(LAYOUT, scalars=("sysUpTime", "sysDescr", "ifNumber"))
    assert plan_of(known).scalars == ("sysUpTime", "ifNumber")


def test_there_is_always_something_to_probe() -> None:
    plan = plan_of(replace(LAYOUT, scalars=("sysDescr",)))
    assert plan.probe.oids == plan.knock.oids == ("1.3.6.1.2.1.1.3.0",)
