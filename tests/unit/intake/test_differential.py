"""Columns and the law say the same: whatever the agents of a province do, the intake's samples, findings and memory
are those of the reference, which asks the law and the judges row by row."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from netmon.intake import Intake, IntakeMetrics, odd
from netmon.intake.kept import Counters
from netmon.model.finding import Finding
from netmon.model.registry import Registry
from netmon.model.sample import LinkSample
from netmon.signals.index import DEVICE_SIGNALS, LINK_SIGNALS
from netmon.store.ports import Memory

from .reference import CONFIG, ReferenceIntake, all_conditions
from .stories import HandOver, agents, beginnings, hand_overs, provinces
from .world import FlakySpool, ToldClock

STATES = {entry.signal.value: entry.state for entry in (*LINK_SIGNALS, *DEVICE_SIGNALS)}


def started(registry: Registry, spool: FlakySpool) -> Intake:
    intake = Intake(registry, CONFIG, spool, ToldClock(), IntakeMetrics(CollectorRegistry()))
    intake.restore()
    return intake


def remembered_counters(spool: FlakySpool) -> dict[tuple[str, str], tuple[Any, ...]]:
    found = {}
    for device_id, value in spool.recall(Memory.COUNTERS).items():
        for if_name, row in Counters.decoded(value).by_name():
            if row["said"]:
                reading = odd.reading(row)._replace(run="", interface="")
                found[device_id, if_name] = (reading, int(row["rated_tick"]))
    return found


def expected_counters(reference: ReferenceIntake) -> dict[tuple[str, str], tuple[Any, ...]]:
    return {
        (device_id, if_name): (link.reading._replace(run="", interface=""), link.rated_tick or 0)
        for device_id, track in reference.devices.items()
        for if_name, link in track.links.items()
        if link.reading is not None
    }


def remembered_states(spool: FlakySpool) -> dict[str, Any]:
    signals = spool.recall(Memory.SIGNALS)
    return {key: msgspec.msgpack.decode(v, type=STATES[key.partition("/")[0]]) for key, v in signals.items()}


def expected_states(reference: ReferenceIntake) -> dict[str, Any]:
    conditions = (c for track in reference.devices.values() for c in all_conditions(track))
    return {c.key: c._state for c in conditions if not c.at_rest}


def by_link(samples: Iterable[LinkSample]) -> dict[str, list[LinkSample]]:
    found: dict[str, list[LinkSample]] = defaultdict(list)
    for sample in samples:
        found[sample.link_id].append(sample)
    return found


def by_subject(findings: Iterable[Finding]) -> dict[object, list[Finding]]:
    found: dict[object, list[Finding]] = defaultdict(list)
    for finding in findings:
        found[finding.subject].append(finding)
    return found


@settings(max_examples=60, deadline=None)
@given(provinces, beginnings, st.lists(hand_overs, min_size=1, max_size=12))
def test_columns_say_what_the_law_says(registry: Registry, octets: tuple[int, ...], story: list[HandOver]) -> None:
    spool, reference, said = FlakySpool(), ReferenceIntake(registry), agents(registry, octets)
    intake, slot, monotonic_s = started(registry, spool), 1, 5_000.0
    for hand_over in story:
        if hand_over.restart:
            monotonic_s = 17.0 + 1000 * slot
            intake = started(registry, spool)
            reference.restart()
        for _ in range(hand_over.times):
            slot += hand_over.slots
            reports = [said[p.device % len(said)].report(p, slot, monotonic_s) for p in hand_over.polls]
            intake.accept_all(reports)
            for report in reports:
                reference.accept(report)
            intake.flush()
    links = [sample for entry in spool.entries for sample in entry.batch.links]
    assert by_link(links) == by_link(reference.heard.links)
    assert spool.device_samples == reference.heard.devices
    assert by_subject(spool.findings) == by_subject(reference.heard.findings)
    assert remembered_counters(spool) == expected_counters(reference)
    assert remembered_states(spool) == expected_states(reference)
