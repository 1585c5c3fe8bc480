"""The intake: what a report becomes, and what is kept of it."""

import threading
from dataclasses import replace
from datetime import timedelta

import msgspec
import numpy as np
import pytest

from netmon.intake.intake import ENOUGH_ROWS
from netmon.intake.kept import Counters
from netmon.model.columns import READ, InterfaceRows
from netmon.model.finding import Severity, Signal, Subject, SubjectKind, Transition
from netmon.model.poll import InterfaceStatus, Outcome
from netmon.model.registry import Contract
from netmon.model.sample import Flag
from netmon.store.ports import Memory

from .world import INTERVAL_S, MBPS, START, TO_CORE, TO_POSO, World, registry

OPENED, RAISED, CLOSED = Transition.OPENED, Transition.RAISED, Transition.CLOSED


@pytest.fixture
def world() -> World:
    return World()


def told(world: World) -> list[tuple[Signal, str, Transition]]:
    return [(f.signal, f.aspect, f.transition) for f in world.spool.findings]


def test_a_report_becomes_samples_turned_towards_the_recipient(world: World) -> None:
    world.poll()
    world.poll(out_mbps=8)
    world.octets["ether4"] += 30_000_000
    world.poll()
    first, second, third = world.spool.samples("palu-poso")
    assert (first.flags, first.down_bps, first.down_counter) == (Flag.FIRST, None, 1 << 40)
    assert (second.down_bps, second.up_bps, second.down_octets) == (8 * MBPS, 0, 30_000_000)
    assert (second.interval_s, second.tick) == (30.0, int(START.timestamp()) + 60)
    assert second.at == START + timedelta(seconds=60.125), "when the counters arrived"
    assert third.down_bps == 0
    to_core = world.spool.samples("poso-palu")[2]
    assert (to_core.up_bps, to_core.down_bps) == (8 * MBPS, 0), "on an interface that faces the core, out is up"


def test_a_device_sample_says_how_it_answered(world: World) -> None:
    world.poll()
    sample = world.spool.device_samples[0]
    assert (sample.device_id, sample.outcome, sample.uptime_s) == ("core-palu", Outcome.COMPLETE, 86_430)
    assert sample.at == START + timedelta(seconds=30.25)


def test_a_device_that_is_not_declared_leaves_nothing(world: World) -> None:
    world.intake.accept(world.report(device_id="rtr-else"))
    world.intake.flush()
    assert world.spool.entries == []


def test_lesson_10_a_swap_of_if_index_keeps_history(world: World) -> None:
    world.poll()
    report = world.report(out_mbps=8)
    swapped = tuple(replace(row, if_index=9 - row.if_index) for row in reversed(report.interfaces))
    world.intake.accept(replace(report, interfaces=swapped))
    world.intake.flush()
    assert [s.down_bps for s in world.spool.samples("palu-poso")] == [None, 8 * MBPS]
    assert [s.up_bps for s in world.spool.samples("poso-palu")] == [None, 0]


def test_lesson_13_an_agents_restart_gives_a_rate_by_the_second_poll_and_no_alert(world: World) -> None:
    world.poll()
    world.octets["ether3"] = 500
    for uptime_ticks in (500, 3_500):
        report = world.report(out_mbps=8)
        world.intake.accept(replace(report, facts=replace(report.facts, uptime_ticks=uptime_ticks)))
    world.intake.flush()
    samples = world.spool.samples("palu-poso")
    assert [(s.flags, s.down_bps) for s in samples] == [
        (Flag.FIRST, None),
        (Flag.RESTART, None),
        (Flag.NONE, 8 * MBPS),
    ]
    assert world.spool.findings == []


def test_lesson_12_an_impossible_rate_is_refused_flagged_and_its_counter_kept(world: World) -> None:
    world.poll()
    world.octets["ether3"] += 1 << 60
    world.poll()
    sample = world.spool.samples("palu-poso")[1]
    assert (sample.flags, sample.down_bps, sample.down_counter) == (Flag.IMPOSSIBLE, None, world.octets["ether3"])
    assert sample.up_bps == 0


def test_lesson_14_a_raw_counter_above_2_to_the_53_survives_the_restart_to_the_octet(world: World) -> None:
    world.octets["ether3"] = (1 << 63) + 1
    world.poll()
    world.restart()
    world.octets["ether3"] += 3
    world.poll()
    sample = world.spool.samples("palu-poso")[1]
    assert (sample.down_octets, sample.down_counter) == (3, (1 << 63) + 4)


def test_lesson_18_a_silent_poll_is_a_gap_and_not_a_zero(world: World) -> None:
    world.poll()
    world.poll(outcome=Outcome.TIMEOUT)
    world.poll(out_mbps=16)
    assert [s.tick - int(START.timestamp()) for s in world.spool.samples("palu-poso")] == [30, 90]
    assert world.spool.samples("palu-poso")[1].down_bps == 8 * MBPS, "a mean over the two intervals"
    assert [s.outcome for s in world.spool.device_samples] == [Outcome.COMPLETE, Outcome.TIMEOUT, Outcome.COMPLETE]


def test_a_long_silence_is_a_mean_over_the_gap_and_says_so(world: World) -> None:
    world.poll()
    for _ in range(2):
        world.poll(outcome=Outcome.TIMEOUT)
    world.poll(out_mbps=24)
    sample = world.spool.samples("palu-poso")[1]
    assert (sample.flags, sample.down_bps, sample.interval_s) == (Flag.GAP, 8 * MBPS, 90.0)
    assert told(world) == [(Signal.SILENCE, "", OPENED), (Signal.SILENCE, "", CLOSED)]


def test_saturation_opens_is_raised_and_closes_once(world: World) -> None:
    for out_mbps in [10, *[85] * 31, 95, 95, 95, 95, 10, 10]:
        world.poll(out_mbps)
    saturation = Signal.SATURATION
    assert told(world) == [(saturation, "down", OPENED), (saturation, "down", RAISED), (saturation, "down", CLOSED)]
    opened, raised, _ = world.spool.findings
    assert (opened.severity, raised.severity) == (Severity.WARNING, Severity.CRITICAL)
    assert opened.detail["since"] == (START + timedelta(seconds=60.125)).isoformat()
    assert world.spool.recall(Memory.SIGNALS) == {}, "what is at rest is not remembered"


def test_lesson_23_a_shut_down_port_opens_nothing_and_a_port_that_is_down_does(world: World) -> None:
    for admin, oper in [("up", "down"), ("up", "down"), ("down", "down"), ("down", "down")]:
        report = world.report()
        row = replace(report.interfaces[0], admin_status=InterfaceStatus(admin), oper_status=InterfaceStatus(oper))
        world.intake.accept(replace(report, interfaces=(row,)))
    world.intake.flush()
    assert [(f.transition, f.reason) for f in world.spool.findings] == [(OPENED, "oper_down"), (CLOSED, "admin_down")]


def test_a_vanished_interface_is_an_event_by_name_and_an_absent_sample(world: World) -> None:
    world.poll()
    for _ in range(2):
        report = world.report()
        world.intake.accept(replace(report, interfaces=report.interfaces[1:], absent=("ether3", "ether99")))
    world.intake.flush()
    world.poll()
    assert told(world) == [(Signal.VANISHED, "", OPENED), (Signal.VANISHED, "", CLOSED)]
    assert world.spool.findings[0].detail["if_name"] == "ether3"
    flags = [s.flags for s in world.spool.samples("palu-poso")]
    assert flags == [Flag.FIRST, Flag.ABSENT, Flag.ABSENT, Flag.GAP]


def test_a_row_without_counters_is_a_sample_without_a_rate_and_the_next_one_spans_both(world: World) -> None:
    world.poll()
    report = world.report(out_mbps=8, outcome=Outcome.PARTIAL)
    mute = replace(report.interfaces[0], in_octets=None, out_octets=None)
    world.intake.accept(replace(report, interfaces=(mute,)))
    world.poll(out_mbps=8)
    samples = world.spool.samples("palu-poso")
    assert [(s.down_bps, s.interval_s) for s in samples] == [(None, None), (None, None), (8 * MBPS, 60.0)]


def test_a_second_poll_in_the_slot_judges_but_does_not_replace_a_rate(world: World) -> None:
    world.poll()
    first = world.report(out_mbps=8)
    row = replace(
        first.interfaces[0], arrived_s=first.interfaces[0].arrived_s + 5, out_octets=world.octets["ether3"] + 9
    )
    down = replace(row, oper_status=InterfaceStatus.DOWN)
    world.intake.accept(first)
    world.intake.accept(replace(first, finished_s=first.finished_s + 5, interfaces=(down,)))
    world.intake.flush()
    assert [s.down_bps for s in world.spool.samples("palu-poso")] == [None, 8 * MBPS]
    assert told(world) == [(Signal.LINK_DOWN, "", OPENED)]
    world.poll(out_mbps=8)
    assert world.spool.samples("palu-poso")[-1].down_octets == 30_000_000, "no octet falls between two stools"


def test_a_better_answer_in_the_slot_replaces_a_worse_one_and_never_the_other_way(world: World) -> None:
    miss = world.report(outcome=Outcome.TIMEOUT)
    world.intake.accept(miss)
    world.slot -= 1
    world.intake.accept(world.report())
    world.intake.accept(miss)
    world.intake.flush()
    assert [s.outcome for s in world.spool.device_samples] == [Outcome.TIMEOUT, Outcome.COMPLETE]
    assert len({s.tick for s in world.spool.device_samples}) == 1


def test_what_the_spool_refuses_is_kept_and_committed_in_order(world: World) -> None:
    world.poll()
    world.spool.failing = True
    for _ in range(3):
        world.poll(outcome=Outcome.TIMEOUT)
    assert world.intake.vitals()["spool_error"] == "the disk is full: make room beneath var/"
    assert world.intake.vitals()["pending_samples"] == 3
    world.spool.failing = False
    assert world.intake.flush()
    assert [s.tick - int(START.timestamp()) for s in world.spool.device_samples] == [30, 60, 90, 120]
    assert told(world) == [(Signal.SILENCE, "", OPENED)]
    assert world.intake.vitals()["spool_error"] is None
    assert len(world.spool.entries) == 2, "all that waited went in one commit"


def test_reports_that_come_during_a_failing_commit_stay_behind_what_it_carried(world: World) -> None:
    """Two misses are in the commit that fails; meanwhile the device is back and its counters have moved on."""
    world.poll()
    for _ in range(2):
        world.intake.accept(world.report(outcome=Outcome.TIMEOUT))
    world.spool.failing = True
    world.spool.meanwhile = lambda: world.intake.accept(world.report(out_mbps=8))
    assert not world.intake.flush()
    world.spool.failing, world.spool.meanwhile = False, lambda: None
    world.intake.flush()
    assert told(world) == [(Signal.SILENCE, "", OPENED), (Signal.SILENCE, "", CLOSED)]
    world.restart()
    world.poll(outcome=Outcome.TIMEOUT)
    world.poll(out_mbps=8)
    assert len(world.spool.findings) == 2, "the silence is remembered as over"
    assert world.spool.samples("palu-poso")[-1].interval_s == 60.0, "since the newest counters, not the oldest"


def test_at_the_bound_the_oldest_samples_go_counted_per_device_and_findings_stay() -> None:
    world = World(pending_limit=4)
    world.poll()
    world.spool.failing = True
    for _ in range(3):
        world.poll(outcome=Outcome.TIMEOUT)
    world.poll()
    assert world.intake.dropped == {"core-palu": 2}
    world.spool.failing = False
    world.intake.flush()
    assert told(world) == [(Signal.SILENCE, "", OPENED), (Signal.SILENCE, "", CLOSED)]
    assert [s.outcome for s in world.spool.device_samples[1:]] == [Outcome.TIMEOUT, Outcome.COMPLETE]
    assert len(world.spool.samples("palu-poso")) == 2


def test_what_another_room_wants_remembered_goes_with_the_next_commit(world: World) -> None:
    world.intake.remember(Memory.LAYOUT, "core-palu", b"\x01")
    assert world.spool.recall(Memory.LAYOUT) == {}
    world.intake.flush()
    assert world.spool.recall(Memory.LAYOUT) == {"core-palu": b"\x01"}


def test_a_flush_with_nothing_to_say_commits_nothing(world: World) -> None:
    assert world.intake.flush()
    assert world.spool.entries == []


def test_what_is_no_longer_declared_is_closed_by_name_and_forgotten(world: World) -> None:
    for _ in range(4):
        world.poll(out_mbps=95)
    assert told(world) == [(Signal.SATURATION, "down", OPENED)]
    for _ in range(2):
        world.restart(registry(TO_CORE))
    world.intake.flush()
    closed = world.spool.findings[1]
    assert (closed.transition, closed.reason, closed.aspect) == (CLOSED, "no_longer_declared", "down")
    assert closed.subject == Subject(SubjectKind.LINK, "palu-poso")
    assert closed.severity is Severity.CRITICAL
    world.restart(registry(TO_CORE))
    world.intake.flush()
    assert len(world.spool.findings) == 2
    assert world.spool.recall(Memory.SIGNALS) == {}
    remembered = world.spool.recall(Memory.COUNTERS)
    assert [(device, Counters.decoded(value).if_names) for device, value in remembered.items()] == [
        ("core-palu", ["ether4"])
    ]


def test_a_device_no_longer_declared_closes_its_silence(world: World) -> None:
    for _ in range(2):
        world.poll(outcome=Outcome.TIMEOUT)
    world.restart(registry(devices=()))
    world.intake.flush()
    assert [(f.signal, f.transition, f.reason) for f in world.spool.findings][1:] == [
        (Signal.SILENCE, CLOSED, "no_longer_declared")
    ]


@pytest.mark.parametrize(("if_name", "flag", "down_bps"), [("ether5", Flag.FIRST, None), ("ether4", Flag.NONE, 0)])
def test_a_link_that_was_given_another_interface_goes_on_with_that_ones_counters(
    world: World, if_name: str, flag: Flag, down_bps: int | None
) -> None:
    """Same link id, other if_name in the configuration: counters of two interfaces are never subtracted."""
    world.poll()
    world.octets["ether5"] = 1 << 50
    world.restart(registry(replace(TO_POSO, if_name=if_name)))
    world.poll(out_mbps=8)
    sample = world.spool.samples("palu-poso")[1]
    assert (sample.flags, sample.down_bps, sample.down_counter) == (flag, down_bps, world.octets[if_name])


def test_a_device_that_left_the_registry_is_forgotten(world: World) -> None:
    world.poll()
    world.restart(registry(devices=()))
    world.intake.flush()
    assert world.spool.recall(Memory.COUNTERS) == {}


@pytest.mark.parametrize("key", ["palu-poso", "core-palu"])
def test_counters_of_an_older_version_are_forgotten_and_polling_begins_anew(world: World, key: str) -> None:
    """It remembered a reading by link id, and a link may be called like a device."""
    world.intake.remember(Memory.COUNTERS, key, msgspec.msgpack.encode((("core-palu/ether3", "run"), None)))
    world.intake.flush()
    world.restart()
    world.intake.flush()
    assert world.spool.recall(Memory.COUNTERS) == {}
    world.poll()
    assert world.spool.samples("palu-poso")[0].flags is Flag.FIRST


def test_counters_with_other_columns_are_not_taken_for_ours(world: World) -> None:
    world.poll()
    stored = Counters.decoded(world.spool.recall(Memory.COUNTERS)["core-palu"])
    for other in (stored._replace(layout=stored.layout ^ 1), stored._replace(rows=stored.rows[1:])):
        with pytest.raises(msgspec.ValidationError, match="another version"):
            Counters.decoded(msgspec.msgpack.encode(other))


def test_reports_handed_over_together_are_taken_in_order_even_twice_of_one_device(world: World) -> None:
    world.intake.accept_all([world.report(out_mbps=8) for _ in range(3)])
    world.intake.flush()
    assert [s.down_bps for s in world.spool.samples("palu-poso")] == [None, 8 * MBPS, 8 * MBPS]
    assert [s.tick - int(START.timestamp()) for s in world.spool.device_samples] == [30, 60, 90]


def test_many_rows_are_judged_at_once_and_few_wait_for_the_flush(world: World) -> None:
    world.intake.accept(world.report())
    assert world.intake.vitals()["pending_samples"] == 0
    others = tuple(replace(world.row("ether3", 9), if_name=f"vlan{number}") for number in range(ENOUGH_ROWS))
    report = world.report(out_mbps=8)
    world.intake.accept(replace(report, interfaces=(*report.interfaces, *others)))
    assert world.intake.vitals()["pending_samples"] == 6
    world.intake.flush()
    assert [s.down_bps for s in world.spool.samples("palu-poso")] == [None, 8 * MBPS]


def test_void_figures_are_not_counters(world: World) -> None:
    """A figure without its bit in ``said`` may be anything."""
    for slot in range(3):
        report = world.report(out_mbps=8)
        rows = InterfaceRows.of(report.interfaces)
        rows.figures["discontinuity_ticks"] = slot
        rows.figures["in_discards"] = 7 - slot
        rows.figures["said"] &= ~np.uint64(1 << READ.index("in_octets"))
        rows.figures["in_octets"] = 9 - slot
        world.intake.accept(replace(report, interfaces=rows))
    world.intake.flush()
    last = world.spool.samples("palu-poso")[2]
    assert (last.flags, last.down_bps, last.up_bps, last.up_counter) == (Flag.NONE, 8 * MBPS, None, None)
    assert (last.in_discards, last.interval_s) == (None, 30.0)


def test_a_contract_that_changed_over_a_restart_judges_from_then_on(world: World) -> None:
    for _ in range(4):
        world.poll(out_mbps=95)
    world.restart(registry(replace(TO_POSO, contracts=(Contract(200 * MBPS, 200 * MBPS),)), TO_CORE))
    world.poll(out_mbps=95)
    assert [(f.transition, f.reason) for f in world.spool.findings][1:] == [(CLOSED, "recovered")]


def test_memory_that_cannot_be_read_is_forgotten_and_polling_goes_on(world: World) -> None:
    world.intake.remember(Memory.COUNTERS, "core-palu", b"\xc1")
    world.intake.remember(Memory.SIGNALS, "saturation/link:palu-poso/down", b"\xc1")
    world.intake.remember(Memory.SIGNALS, "from-the-future/link:x/", b"\x80")
    world.intake.flush()
    world.restart()
    world.intake.flush()
    assert world.spool.recall(Memory.SIGNALS) == {}
    world.poll()
    world.poll(out_mbps=8)
    assert world.spool.samples("palu-poso")[1].down_bps == 8 * MBPS


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0, 5.5])
def test_a_clock_that_jumps_is_noticed_once_and_bends_no_rate(world: World, jump_s: float) -> None:
    world.poll()
    world.clock.wall_offset_s = jump_s
    report = world.report(out_mbps=8)
    moved = timedelta(seconds=jump_s)
    tick = report.tick + int(jump_s) // INTERVAL_S * INTERVAL_S
    world.intake.accept(replace(report, started_at=report.started_at + moved, tick=tick))
    world.intake.flush()
    sample = world.spool.samples("palu-poso")[1]
    assert (sample.down_bps, sample.interval_s) == (8 * MBPS, 30.0)
    assert (world.intake.clock_jumps, world.intake.clock_offset_s) == (1, jump_s)
    for _ in range(11):
        world.poll()
    assert (world.intake.clock_jumps, world.intake.clock_offset_s) == (1, 0.0), "after five minutes it is old news"


def test_a_drifting_clock_is_no_jump(world: World) -> None:
    for _ in range(20):
        world.clock.wall_offset_s += 1.0
        world.intake.flush()
    assert world.intake.clock_jumps == 0


def test_reports_and_flushes_from_two_threads_lose_nothing(world: World) -> None:
    done = threading.Event()

    def flush_all_the_time() -> None:
        while not done.is_set():
            world.intake.flush()

    flusher = threading.Thread(target=flush_all_the_time)
    flusher.start()
    while world.slot < 400 or len(world.spool.entries) < 3:
        world.intake.accept(world.report(out_mbps=8))
    done.set()
    flusher.join()
    world.intake.flush()
    ticks = [sample.tick for sample in world.spool.samples("palu-poso")]
    assert ticks == [int(START.timestamp()) + 30 * slot for slot in range(1, world.slot + 1)]
