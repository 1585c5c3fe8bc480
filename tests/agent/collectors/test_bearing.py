"""What a device bears: how much at once, how many at once, how fast; and tables that change or never end.

As in ``test_faults.py``, every report is held against the truth, and every poll against the device's deadline.
"""

import asyncio

import pytest

from netmon.model.access import Engine
from netmon.model.poll import Outcome
from tests.agent.collectors.polling import counted, names, polling
from tests.real import ber, faults
from tests.real.ber import GEN_ERR, NO_SUCH_NAME, TOO_BIG
from tests.real.faults import asks_for_counters, when
from tests.real.faulty import SYS_UPTIME, Fault

EVERYONE = ["ge-1", "ge-2", "ge-3", "ge-4"]
BOTH = [Engine.BATCH, Engine.GUFO]

# Too big


REFUSALS = [
    faults.fails(TOO_BIG),
    faults.fails(TOO_BIG, rows=True),
    faults.fails(TOO_BIG, index=3, rows=True),
    faults.fails(GEN_ERR, index=1, rows=True),
    faults.fails(GEN_ERR),
    faults.fails(NO_SUCH_NAME),
    faults.fails(99),
]


def counter_gets(seen: list[ber.Asked]) -> list[int]:
    """How many varbinds each GET asks for, but for the probe."""
    return [len(each.oids) for each in seen if each.kind == ber.GET and SYS_UPTIME not in each.oids]


@pytest.mark.parametrize("most", [1, 5])
@pytest.mark.parametrize("refusal", REFUSALS)
async def test_lesson_05_what_is_too_big_is_halved_and_that_is_remembered(refusal: Fault, most: int) -> None:
    async with polling(known=False) as device:
        device.agent.faults = [faults.bears_varbinds(most, refusal)]
        report = await device.poll()
        assert (report.outcome, counted(report)) == (Outcome.COMPLETE, EVERYONE)
        assert device.layout is not None
        assert (device.layout.max_varbinds or 99) <= most
        before = len(device.agent.seen)
        report = await device.poll()
        assert (report.outcome, counted(report)) == (Outcome.COMPLETE, EVERYONE)
        assert max(counter_gets(device.agent.seen[before:])) <= most


async def test_lesson_05_the_probe_too_is_no_larger_than_the_device_was_seen_to_bear() -> None:
    async with polling(known=False) as device:
        device.agent.faults = [faults.bears_varbinds(1, faults.fails(TOO_BIG))]
        assert (await device.poll()).outcome is Outcome.COMPLETE
        before = len(device.agent.seen)
        assert (await device.poll()).outcome is Outcome.COMPLETE
        assert max(device.agent.gets(before)) == 1


async def test_lesson_05_a_device_that_answers_single_varbind_gets_alone_is_read_and_that_is_remembered() -> None:
    """It says nothing at all to larger ones, the probe included: it seems silent, until the probe of the silent."""
    async with polling(known=False, timeout_s=0.05, deadline_s=5) as device:
        device.agent.faults = [faults.bears_varbinds(1, faults.silent)]
        for attempts in (2, 2, 1):
            report = await device.poll(attempts)
        assert (report.outcome, counted(report)) == (Outcome.COMPLETE, EVERYONE)
        assert device.layout is not None
        assert device.layout.max_varbinds == 1
        assert (await device.poll()).outcome is Outcome.COMPLETE


async def test_lesson_05_what_times_out_for_its_size_is_halved_and_that_is_remembered() -> None:
    async with polling(timeout_s=0.05, deadline_s=3) as device:
        device.agent.faults = [when(asks_for_counters, faults.bears_varbinds(5, faults.silent))]
        reports = [await device.poll() for _ in range(3)]
        assert (reports[-1].outcome, counted(reports[-1])) == (Outcome.COMPLETE, EVERYONE)
        assert device.layout is not None
        assert (device.layout.max_varbinds or 99) <= 5
        before = len(device.agent.seen)
        report = await device.poll()
        assert (report.outcome, counted(report)) == (Outcome.COMPLETE, EVERYONE)
        assert report.elapsed_s < 0.05
        assert max(device.agent.gets(before + 1)) <= 5


async def test_lesson_05_an_agent_that_answers_getnext_alone_is_walked_and_that_is_remembered() -> None:
    async with polling(known=False, timeout_s=0.05, deadline_s=3) as device:
        device.agent.faults = [faults.answers_getnext_alone()]
        report = await device.poll()
        assert (report.outcome, counted(report)) == (Outcome.COMPLETE, EVERYONE)
        assert device.layout is not None
        assert device.layout.max_repetitions == 0


@pytest.mark.parametrize("refusal", [*REFUSALS[:3], REFUSALS[4]])
async def test_a_device_that_lies_about_too_big_always_ends_in_a_report_without_rows(refusal: Fault) -> None:
    async with polling() as device:
        device.agent.faults = [when(asks_for_counters, refusal)]
        report = await device.poll()
        assert report.outcome.answered
        assert counted(report) == []
        assert len(device.agent.seen) < 400


async def test_a_device_that_lies_about_too_big_for_a_while_is_read_in_the_end() -> None:
    async with polling() as device:
        device.agent.faults = [when(asks_for_counters, faults.first(3, faults.fails(TOO_BIG, index=2, rows=True)))]
        report = await device.poll()
        assert (report.outcome, counted(report)) == (Outcome.COMPLETE, EVERYONE)


# Walks


@pytest.mark.parametrize("answers_from", [[], ["127.0.0.2"]], ids=["by gufo", "by batch"])
async def test_lesson_06_a_walk_that_goes_round_is_stopped_and_said(answers_from: list[str]) -> None:
    async with polling(interfaces=30, known=False, answers_from=answers_from) as device:
        device.agent.faults = [when(faults.walks, faults.goes_round())]
        report = await device.poll()
        assert (report.outcome, names(report)) == (Outcome.PARTIAL, [])
        assert "never ends" in report.reason
        assert len(device.agent.seen) < 30


@pytest.mark.parametrize("answers_from", [[], ["127.0.0.2"]], ids=["by gufo", "by batch"])
async def test_an_end_of_the_mib_that_is_repeated_for_ever_ends_the_walk(answers_from: list[str]) -> None:
    async with polling(known=False, answers_from=answers_from) as device:
        device.agent.faults = [when(faults.walks, faults.repeats_end())]
        report = await device.poll()
        assert (report.outcome, report.absent) == (Outcome.PARTIAL, ())
        assert "no interfaces" in report.reason
        assert len(device.agent.seen) < 10


# A table that changes, and a restart


@pytest.mark.parametrize(
    "after",
    [
        {1: "ge-2", 2: "ge-1", 3: "ge-3", 4: "ge-4"},
        {1: "ge-1", 2: "ge-3", 3: "ge-4"},
        {1: "ge-9", 2: "ge-1", 3: "ge-2", 4: "ge-3", 5: "ge-4"},
    ],
    ids=["swapped", "one gone", "one come"],
)
async def test_a_table_that_changes_between_walk_and_get_mixes_no_counters(after: dict[int, str]) -> None:
    async with polling(known=False) as device:
        device.agent.faults = [faults.renames_after_walk(lambda _: after)]
        first = await device.poll()
        assert first.outcome is Outcome.PARTIAL
        assert first.absent == ()
        second = await device.poll()
        assert (second.outcome, names(second)) == (Outcome.COMPLETE, list(after.values()))


async def test_a_table_that_changed_since_the_last_visit_mixes_no_counters() -> None:
    async with polling() as device:
        device.agent.names = {1: "ge-2", 2: "ge-1", 3: "ge-4", 4: "ge-3"}
        device.agent.rebuild()
        report = await device.poll()
        assert (report.outcome, sorted(counted(report))) == (Outcome.COMPLETE, EVERYONE)


async def test_a_restart_is_told_and_the_next_report_is_whole() -> None:
    async with polling() as device:
        before = await device.poll()
        device.agent.restart()
        report = await device.poll()
        assert (report.outcome, counted(report)) == (Outcome.COMPLETE, EVERYONE)
        assert (before.facts.engine_boots, report.facts.engine_boots) == (1, 2)
        assert (report.facts.uptime_ticks or 0) < 100


# Time and pace


@pytest.mark.parametrize("by", BOTH)
async def test_a_device_that_takes_nearly_the_time_out_for_each_answer_is_read_whole(by: Engine) -> None:
    async with polling(by=by, timeout_s=0.2, deadline_s=1) as device:
        before = len(device.agent.seen)
        device.agent.faults = [faults.answers_after(0.17)]
        report = await device.poll()
        assert (report.outcome, counted(report)) == (Outcome.COMPLETE, EVERYONE)
        assert len(device.agent.seen) - before == 2  # nothing was asked twice


async def test_a_device_that_answers_each_request_after_1_9_s_is_read_whole_within_its_deadline() -> None:
    """The default time-out and deadline, in real time: the probe, and then all the rest at once."""
    async with polling(interfaces=12, timeout_s=2.0, deadline_s=5.0) as device:
        before = len(device.agent.seen)
        device.agent.faults = [faults.answers_after(1.9)]
        report = await device.poll()
        assert (report.outcome, len(counted(report))) == (Outcome.COMPLETE, 12)
        assert 3.8 <= report.elapsed_s < 4.3
        assert not device.dropped
        assert device.agent.most_waiting == len(device.agent.seen) - before - 1


async def test_what_came_within_the_deadline_is_kept() -> None:
    async with polling(interfaces=40, pace=1, timeout_s=0.2, deadline_s=0.6) as device:
        device.agent.faults = [faults.answers_after(0.12)]
        report = await device.poll()
        assert report.outcome is Outcome.PARTIAL
        assert "deadline_s" in report.reason
        assert 3 <= len(counted(report)) < 40


async def test_what_the_deadline_ends_is_forgotten_and_leaves_its_place_to_others() -> None:
    async with polling(interfaces=40, in_flight=4, timeout_s=0.3, deadline_s=0.3) as device:
        device.agent.faults = [when(asks_for_counters, faults.answers_after(0.5))]
        report = await device.poll()
        assert (report.outcome, names(report)) == (Outcome.PARTIAL, [])
        assert device.agent.waiting >= 3
        device.agent.faults = []
        report = await device.poll()
        assert (report.outcome, len(counted(report))) == (Outcome.COMPLETE, 40)
        late = device.agent.waiting
        await asyncio.sleep(0.6)
        assert device.dropped == {"unasked": late}


@pytest.mark.parametrize("pace", [1, 2, 4])
async def test_a_small_router_sees_no_more_pdus_at_once_than_its_pace(pace: int) -> None:
    async with polling(interfaces=40, pace=pace) as device:
        before = len(device.agent.seen)
        device.agent.faults = [faults.bears_pdus(pace, takes_s=0.01)]
        report = await device.poll()
        assert (report.outcome, len(counted(report))) == (Outcome.COMPLETE, 40)
        assert device.agent.most_waiting == pace
        asked = [oid for each in device.agent.seen[before:] for oid in each.oids]
        assert len(set(asked)) == len(asked)  # nothing was lost, nothing was asked twice


async def test_a_router_that_bears_fewer_pdus_than_its_pace_is_read_all_the_same() -> None:
    async with polling(interfaces=20, pace=4, timeout_s=0.1, deadline_s=3) as device:
        device.agent.faults = [faults.bears_pdus(2, takes_s=0.005)]
        report = await device.poll()
        assert (report.outcome, len(counted(report))) == (Outcome.COMPLETE, 20)
        assert device.agent.most_waiting <= 4


@pytest.mark.parametrize("by", BOTH)
async def test_lesson_04_the_probe_goes_first_and_alone(by: Engine) -> None:
    async with polling(interfaces=40, by=by) as device:
        before, waiting = len(device.agent.seen), []
        device.agent.faults = [lambda exchange: waiting.append(exchange.agent.waiting), faults.answers_after(0.03)]
        await device.poll()
        assert waiting[:2] == [1, 1]  # the second request came when the first had been answered
        assert device.agent.seen[before].oids[0][:8] == (1, 3, 6, 1, 2, 1, 1, 3)
        assert max(waiting) == (4 if by is Engine.BATCH else 1)
        device.agent.faults = [faults.silent]
        before = len(device.agent.seen)
        assert (await device.poll()).outcome is Outcome.TIMEOUT
        probes = device.agent.seen[before:]
        assert len(probes) == 2
        assert {each.oids for each in probes} == {device.agent.seen[before].oids}
