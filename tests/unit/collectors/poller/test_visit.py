"""A visit against an agent in memory: what is asked, what is believed, and what comes back when it goes wrong."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from collectors.poller.layout import Layout, decoded
from collectors.poller.plan import OUTGROW_EVERY
from collectors.poller.visit import visit
from collectors.snmp.session import Malformed, NoAnswer, Refused, SnmpError, Unreachable, Value
from netmon.model.access import SnmpVersion
from netmon.model.columns import InterfaceRows
from netmon.model.poll import Outcome, PollReport
from netmon.model.registry import Device
from tests.unit.collectors.agent_in_memory import IF, IFX, Agent, device, router
from tests.unit.collectors.virtual_time import EPOCH, LoopClock, in_virtual_time

TICK = 1_763_700_000
WATCHED = ("ether2", "ether3")


def poll(
    agent: Agent, watched: tuple[str, ...] | None = WATCHED, layout: Layout | None = None, of: Device | None = None
) -> tuple[PollReport, Layout | None]:
    """One visit with a new session, half a minute after what is known was learned; earlier requests are forgotten."""
    agent.requests.clear()
    agent.walks.clear()

    async def main() -> tuple[PollReport, Layout | None]:
        asked = of or device()
        later = layout.learned_at - EPOCH + timedelta(seconds=30) if layout else timedelta()
        return await visit(asked, watched, layout, agent.session(asked), LoopClock(later), TICK)

    return in_virtual_time(main())


def known(agent: Agent, watched: tuple[str, ...] | None = WATCHED) -> Layout:
    layout = poll(agent, watched)[1]
    assert layout is not None
    return layout


def test_a_first_visit_learns_the_table_and_reads_it() -> None:
    agent = router("ether1", "ether2", "ether3")
    report, layout = poll(agent)
    assert (report.outcome, report.reason, report.tick, report.engine) == (Outcome.COMPLETE, "", TICK, "gufo")
    assert [(row.if_name, row.in_octets, row.counter_bits) for row in report.interfaces] == [
        ("ether2", 1000, 64),
        ("ether3", 1000, 64),
    ]
    assert report.facts.sys_name == "router"
    assert report.facts.engine_boots == 7
    assert layout is not None
    assert [interface.who.if_index for interface in layout.interfaces] == [2, 3]


def test_a_known_device_is_asked_by_get_alone_in_two_pdus() -> None:
    agent = router("ether1", "ether2", "ether3")
    layout = known(agent)
    report, after = poll(agent, layout=layout)
    assert report.outcome is Outcome.COMPLETE
    assert agent.walks == []
    assert len(agent.requests) == 2
    assert [row.if_name for row in report.interfaces] == ["ether2", "ether3"]
    assert after == layout


def test_a_remembered_row_says_as_much_as_a_learned_one_but_for_its_alias() -> None:
    agent = router("ether2", "ether3")
    agent.objects[f"{IFX}.18.1"] = b"to Poso"
    first, layout = poll(agent)
    second, _ = poll(agent, layout=layout)
    assert first.interfaces[0].if_alias == "to Poso"
    assert [replace(row, arrived_s=0.0) for row in second.interfaces] == [
        replace(row, arrived_s=0.0, if_alias=None) for row in first.interfaces
    ]


def test_a_layout_survives_as_bytes() -> None:
    layout = known(router("ether2", "ether3"))
    assert decoded(layout.encode()) == layout
    assert decoded(None) is None
    assert decoded(b"\x93nonsense") is None
    assert decoded(b"") is None


def test_all_interfaces_where_none_are_named() -> None:
    report, _ = poll(router("ether1", "ether2", "ether3"), watched=None)
    assert [row.if_name for row in report.interfaces] == ["ether1", "ether2", "ether3"]


def test_a_device_without_links_is_probed_and_not_walked() -> None:
    agent = router("ether1")
    report, layout = poll(agent, watched=())
    assert (report.outcome, report.interfaces, agent.walks, len(agent.requests)) == (Outcome.COMPLETE, (), [], 1)
    assert poll(agent, watched=(), layout=layout)[1] == layout


def test_a_watched_interface_that_the_device_does_not_have_is_named() -> None:
    report, layout = poll(router("ether1", "ether2"))
    assert (report.outcome, report.absent) == (Outcome.COMPLETE, ("ether3",))
    again, _ = poll(router("ether1", "ether2"), layout=layout)
    assert again.absent == ("ether3",)


def test_lesson_10_a_swap_of_if_index_keeps_each_name_its_counters() -> None:
    agent = router("ether1", "ether2", "ether3")
    layout = known(agent)
    agent.interface(2, "ether3", octets=3333)
    agent.interface(3, "ether2", octets=2222)
    report, after = poll(agent, layout=layout)
    assert {row.if_name: (row.if_index, row.in_octets) for row in report.interfaces} == {
        "ether2": (3, 2222),
        "ether3": (2, 3333),
    }
    assert report.outcome is Outcome.COMPLETE
    assert after is not None
    assert {i.who.if_name: i.who.if_index for i in after.interfaces} == {"ether2": 3, "ether3": 2}


def test_lesson_10_an_if_index_that_somebody_else_has_now_is_no_sample_of_ours() -> None:
    agent = router("ether1", "ether2", "ether3")
    layout = known(agent)
    agent.interface(2, "vlan7", octets=9)
    report, _ = poll(agent, layout=layout)
    assert [row.if_name for row in report.interfaces] == ["ether3"]
    assert report.absent == ("ether2",)


def test_lesson_10_a_table_that_changes_while_it_is_read_mixes_no_counters_and_is_no_absence() -> None:
    agent = router("ether1", "ether2", "ether3")

    def swap() -> None:
        agent.interface(2, "ether3", octets=3333)
        agent.interface(3, "ether2", octets=2222)

    agent.when_walked = lambda: swap() if len(agent.walks) == 2 else None  # both columns of names have been walked
    report, layout = poll(agent)
    assert (report.outcome, report.interfaces, report.absent) == (Outcome.PARTIAL, (), ())
    assert "changed while it was read" in report.reason
    agent.when_walked = lambda: None
    after, _ = poll(agent, layout=layout)
    assert {row.if_name: row.in_octets for row in after.interfaces} == {"ether2": 2222, "ether3": 3333}


@pytest.mark.parametrize(
    ("oid", "value"),
    [
        ("1.3.6.1.2.1.31.1.5.0", 501),  # ifTableLastChange
        ("1.3.6.1.2.1.2.1.0", 99),  # ifNumber
        ("1.3.6.1.6.3.10.2.1.2.0", 8),  # snmpEngineBoots
    ],
)
def test_the_table_is_walked_again_when_the_device_says_that_it_changed(oid: str, value: int) -> None:
    agent = router("ether1", "ether2", "ether3")
    layout = known(agent)
    agent.objects[oid] = value
    report, after = poll(agent, layout=layout)
    assert len(agent.walks) == 2
    assert report.outcome is Outcome.COMPLETE
    poll(agent, layout=after)
    assert agent.walks == []


def test_other_watched_interfaces_are_learned() -> None:
    agent = router("ether1", "ether2", "ether3")
    report, _ = poll(agent, ("ether1",), known(agent))
    assert [row.if_name for row in report.interfaces] == ["ether1"]
    assert len(agent.walks) == 2


def test_absence_takes_two_witnesses() -> None:
    """A walk that ends early (an error status in GETBULK looks like an end) must not make a link vanish."""
    agent = router("ether1", "ether2", "ether3")
    layout = known(agent)
    agent.objects["1.3.6.1.2.1.31.1.5.0"] = 501
    agent.forgets_in_walks = {f"{IF}.2.3", f"{IFX}.1.3"}
    report, after = poll(agent, layout=layout)
    assert report.outcome is Outcome.PARTIAL
    assert "ether3" in report.reason
    assert report.absent == ()
    assert {row.if_name for row in report.interfaces} == {"ether2", "ether3"}
    assert after is not None
    assert after.absent == ()


def test_an_empty_table_is_no_proof_of_absence() -> None:
    report, layout = poll(Agent({"1.3.6.1.2.1.1.3.0": 5}))
    assert report.outcome is Outcome.PARTIAL
    assert "view" in report.reason
    assert report.absent == ()
    assert layout is None


def test_lesson_04_a_dead_device_costs_one_probe() -> None:
    agent = router("ether2")
    layout = known(agent, ("ether2",))
    agent.silent = True
    report, after = poll(agent, ("ether2",), layout)
    assert report.outcome is Outcome.TIMEOUT
    assert agent.requests == [agent.requests[0]] * 2
    assert report.interfaces == ()
    assert report.absent == ()
    assert after == layout


@pytest.mark.parametrize("deadline_s", [0.5, 3.0, 5.0])
def test_lesson_01_one_deadline_a_device_however_slow_it_is(deadline_s: float) -> None:
    agent = router(*(f"ether{i}" for i in range(200)))
    agent.takes_s = 0.2
    report, _ = poll(agent, None, of=device(deadline_s=deadline_s))
    assert report.elapsed_s <= deadline_s + 0.01
    assert report.outcome is Outcome.PARTIAL
    assert "deadline_s" in report.reason


def test_one_lost_packet_costs_nothing_but_time() -> None:
    agent = router("ether2", "ether3")
    layout = known(agent)
    agent.ignore_next = 1
    report, after = poll(agent, layout=layout)
    assert report.outcome is Outcome.COMPLETE
    assert after == layout


def test_what_is_too_big_is_halved_and_remembered() -> None:
    agent = router(*(f"ether{i}" for i in range(1, 9)))
    agent.bears_varbinds = 11
    report, layout = poll(agent, None)
    assert report.outcome is Outcome.COMPLETE
    assert len(report.interfaces) == 8
    assert all(row.in_octets == 1000 for row in report.interfaces)
    assert layout is not None
    assert layout.max_varbinds <= 11
    poll(agent, None, layout)
    assert all(len(request) <= 11 for request in agent.requests)


def test_counters_of_one_interface_share_a_pdu() -> None:
    agent = router(*(f"ether{i}" for i in range(1, 30)))
    poll(agent, None, known(agent, None))
    for if_index in range(1, 30):
        holders = [r for r in agent.requests if {f"{IFX}.6.{if_index}", f"{IFX}.10.{if_index}"} & set(r)]
        assert len(holders) == 1


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (NoAnswer("no"), Outcome.TIMEOUT),
        (Unreachable("no"), Outcome.UNREACHABLE),
        (Refused("no"), Outcome.REFUSED),
        (Malformed("no"), Outcome.MALFORMED),
    ],
)
def test_an_error_before_the_first_answer_is_the_outcome(error: SnmpError, outcome: Outcome) -> None:
    agent = router("ether2")
    agent.fails_with = error
    report, layout = poll(agent)
    assert (report.outcome, layout) == (outcome, None)
    assert report.reason.startswith("no")


def test_what_had_come_before_the_device_fell_silent_is_kept() -> None:
    agent = router(*(f"ether{i}" for i in range(1, 30)))
    layout = known(agent, None)
    agent.silent_after = 3
    report, after = poll(agent, None, layout)
    assert report.outcome is Outcome.PARTIAL
    assert "had answered" in report.reason or "deadline" in report.reason
    assert 4 <= len(report.interfaces) <= 20
    assert all(row.in_octets == 1000 for row in report.interfaces)
    assert after is not None
    assert after.interfaces == layout.interfaces


def test_a_table_that_takes_too_long_to_learn_still_gives_the_rows_that_came() -> None:
    agent = router(*(f"ether{i}" for i in range(1, 60)))
    agent.takes_s = 0.04
    report, layout = poll(agent, None)
    assert report.outcome is Outcome.PARTIAL
    assert 0 < len(report.interfaces) < 59
    assert layout is None


def test_who_writes_the_description_for_the_name_is_told_the_name() -> None:
    agent = router("Gi0/1")
    agent.objects[f"{IF}.2.1"] = b"GigabitEthernet0/1"
    with capture_logs() as logs:
        report, _ = poll(agent, ("GigabitEthernet0/1",))
    assert report.absent == ("GigabitEthernet0/1",)
    assert logs[0]["did_you_mean"] == ["Gi0/1"]


def test_a_v1_device_is_not_asked_for_64_bit_counters() -> None:
    agent = router("ether2")
    access = replace(device().snmp, version=SnmpVersion.V1)
    report, _ = poll(agent, ("ether2",), of=replace(device(), snmp=access))
    assert report.interfaces[0].counter_bits == 32
    assert not any(oid.startswith(f"{IFX}.6.") for request in agent.requests for oid in request)


def test_a_missing_64_bit_counter_is_a_gap_and_no_change_of_width() -> None:
    agent = router("ether2")
    layout = known(agent, ("ether2",))
    del agent.objects[f"{IFX}.6.1"], agent.objects[f"{IFX}.10.1"]
    report, _ = poll(agent, ("ether2",), layout)
    assert report.interfaces[0].in_octets is None
    assert report.interfaces[0].counter_bits is None


ASKED = [
    *(f"{IF}.{c}.{i}" for c in (2, 3, 5, 7, 8, 10, 16) for i in (1, 2)),
    *(f"{IFX}.{c}.{i}" for c in (1, 6, 10, 15) for i in (1, 2)),
]
SCALARS = ["1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0", "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.2.1.0", "1.3.6.1.2.1.31.1.5.0"]
raw = st.one_of(st.none(), st.integers(), st.integers(2**31, 2**65), st.binary(), st.text(), st.just(b"ether2"))


@given(st.dictionaries(st.sampled_from(ASKED + SCALARS), raw), st.dictionaries(st.sampled_from(ASKED + SCALARS), raw))
def test_whatever_a_device_says_a_report_comes_back(first: dict[str, Value], then: dict[str, Value]) -> None:
    agent = Agent(dict(first))
    report, layout = poll(agent, ("ether2",))
    assert report.outcome in (Outcome.COMPLETE, Outcome.PARTIAL)
    agent.objects |= then
    again, _ = poll(agent, ("ether2",), layout)
    for row in (*report.interfaces, *again.interfaces):
        assert row.if_name == "ether2"
        assert row.in_octets is None or 0 <= row.in_octets < 2**64
    assert {*again.absent} <= {"ether2"}
    assert not ({row.if_name for row in again.interfaces} & {*again.absent})


def test_a_device_that_waits_for_us_does_not_lose_its_deadline() -> None:
    """The machine is busy for longer than the device's deadline; the device answers at once."""
    agent = router("ether2")
    layout = known(agent)

    async def main() -> tuple[PollReport, bool]:
        room = asyncio.Semaphore(1)
        await room.acquire()
        asyncio.get_running_loop().call_later(20, room.release)
        session = agent.session(device(deadline_s=5.0))
        report, _ = await visit(device(deadline_s=5.0), ("ether2",), layout, session, LoopClock(), 0, room=room)
        return report, room.locked()

    report, still_taken = in_virtual_time(main())
    assert report.outcome is Outcome.COMPLETE
    assert report.elapsed_s > 20
    assert not still_taken


def test_one_odd_interface_keeps_nobody_from_the_table() -> None:
    """ether2 has no ifHighSpeed to speak of, so that ifSpeed is asked beside it; the others are plain."""
    agent = router("ether1", "ether2", "ether3")
    agent.objects |= {f"{IFX}.15.2": 0, f"{IF}.5.2": 64_000}
    first, layout = poll(agent, None)
    second, _ = poll(agent, None, layout)
    assert isinstance(second.interfaces, InterfaceRows)
    assert [replace(r, arrived_s=0.0) for r in second.interfaces] == [
        replace(r, arrived_s=0.0) for r in first.interfaces
    ]
    assert [r.speed_bps for r in second.interfaces] == [1_000_000_000, 64_000, 1_000_000_000]


def test_a_device_that_says_more_than_when_it_was_met_is_asked_for_more() -> None:
    """Its subagent was still starting: without sysUpTime and snmpEngineBoots no restart would ever be seen."""
    agent = router("ether2")
    later = {oid: agent.objects.pop(oid) for oid in ("1.3.6.1.2.1.1.3.0", "1.3.6.1.6.3.10.2.1.2.0")}
    layout = known(agent)
    assert layout.scalars is not None
    assert "sysUpTime" not in layout.scalars
    agent.objects |= later
    agent.interface(9, "ether9")
    _, after = poll(agent, layout=layout)
    assert after is not None
    assert after.scalars is not None
    assert {"sysUpTime", "snmpEngineBoots"} <= set(after.scalars)
    assert after.engine_boots == 7


def test_lesson_05_a_bound_that_is_not_confirmed_is_outgrown_and_ends() -> None:
    """A lossy hour is not remembered for ever, and what doubles hourly never grows beyond what can be written down."""
    agent = router("ether2")
    layout = replace(known(agent), max_varbinds=1)
    bounds = []
    for _ in range(80):
        overdue = (layout.bounded_at or layout.learned_at) - 2 * OUTGROW_EVERY
        report, after = poll(agent, layout=replace(layout, bounded_at=overdue))
        assert report.outcome is Outcome.COMPLETE
        assert after is not None
        assert decoded(after.encode()) == after
        layout = after
        bounds.append(layout.max_varbinds)
    assert bounds[:3] == [2, 4, 8]
    assert bounds[-1] is None
