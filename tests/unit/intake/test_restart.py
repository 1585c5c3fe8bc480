"""A restart at any instant neither repeats nor loses an event: kill -9 between any two polls, and compare."""

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.model.finding import Finding, Transition
from netmon.model.poll import InterfaceStatus, Outcome, PollReport

from .world import World

AFTER = {
    Transition.OPENED: {Transition.RAISED, Transition.CLOSED},
    Transition.RAISED: {Transition.CLOSED},
    Transition.CLOSED: {Transition.OPENED},
}


@dataclass(frozen=True)
class Step:
    """One poll, and what becomes of it: is it flushed, does the disk take it, is the process killed afterwards."""

    out_mbps: int
    outcome: Outcome
    admin: InterfaceStatus
    oper: InterfaceStatus
    absent: bool
    flushed: bool
    failing: bool
    killed: bool

    def report(self, world: World) -> PollReport:
        report = world.report(self.out_mbps, self.outcome)
        if not self.outcome.answered:
            return report
        first, *others = report.interfaces
        if self.absent:
            return replace(report, interfaces=tuple(others), absent=(first.if_name,))
        return replace(report, interfaces=(replace(first, admin_status=self.admin, oper_status=self.oper), *others))


UP, DOWN = InterfaceStatus.UP, InterfaceStatus.DOWN
mostly = st.sampled_from([True, False, False, False, False])
steps = st.builds(
    Step,
    out_mbps=st.sampled_from([10, 78, 85, 95, 95, 95]),
    outcome=st.sampled_from([Outcome.COMPLETE] * 4 + [Outcome.PARTIAL, Outcome.TIMEOUT, Outcome.TIMEOUT]),
    admin=st.sampled_from([UP, UP, UP, DOWN]),
    oper=st.sampled_from([UP, UP, UP, DOWN]),
    absent=mostly,
    flushed=st.sampled_from([True, True, False]),
    failing=mostly,
    killed=mostly,
)
stories = st.lists(st.tuples(steps, st.integers(1, 35)), min_size=1, max_size=15)


def lived(story: list[tuple[Step, int]]) -> tuple[World, list[PollReport]]:
    """A life with kills and a failing disk, and the reports of it that were committed."""
    world, kept, waiting = World(), [], []
    for step, times in story:
        for number in range(times):
            report = step.report(world)
            world.intake.accept(report)
            waiting.append(report)
            world.spool.failing = step.failing
            if step.flushed and world.intake.flush():
                kept += waiting
                waiting = []
            if step.killed and number == times - 1:
                world.restart()
                waiting = []
    world.spool.failing = False
    world.intake.flush()
    return world, kept + waiting


def undisturbed(reports: list[PollReport]) -> World:
    """The same reports to one process that nothing ever happens to. It never saw the others, and its monotonic clock
    is one and the same for all."""
    world = World()
    for report in reports:
        begun_s = (report.started_at - world.clock.now()).total_seconds() + world.clock.monotonic_s()
        moved_s = begun_s - (report.finished_s - report.elapsed_s)
        rows = tuple(replace(row, arrived_s=row.arrived_s + moved_s) for row in report.interfaces)
        world.intake.accept(replace(report, finished_s=report.finished_s + moved_s, interfaces=rows))
    world.intake.flush()
    return world


def check_order(findings: list[Finding]) -> None:
    """Of each condition: opened, perhaps raised, closed, and so on; and no finding twice."""
    assert len({finding.key for finding in findings}) == len(findings)
    told: dict[object, list[Transition]] = defaultdict(list)
    for finding in findings:
        told[finding.identity].append(finding.transition)
    for transitions in told.values():
        assert transitions[0] is Transition.OPENED
        assert all(later in AFTER[earlier] for earlier, later in pairwise(transitions))


@settings(max_examples=60, deadline=None)
@given(stories)
def test_a_restart_at_any_instant_neither_repeats_nor_loses_a_finding(story: list[tuple[Step, int]]) -> None:
    """What is committed of an interrupted life is what a process would have told that was never interrupted and saw
    the same committed reports: the same findings, and the same samples to the octet."""
    world, kept = lived(story)
    reference = undisturbed(kept)
    check_order(world.spool.findings)
    assert world.spool.findings == reference.spool.findings
    assert world.spool.samples("palu-poso") == reference.spool.samples("palu-poso")
    assert world.spool.device_samples == reference.spool.device_samples
