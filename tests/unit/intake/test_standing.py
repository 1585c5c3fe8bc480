"""Bounds and limits by the contract in force, and links that wake up and go to rest again."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from netmon.intake.standing import Standing
from netmon.model.columns import SAMPLE
from netmon.model.instants import unix_us
from netmon.model.registry import Contract
from netmon.signals.config import SignalsConfig
from netmon.signals.index import LINK_SIGNALS
from netmon.store.ports import Memory

from .world import INTERVAL_S, MBPS, START, TO_CORE, TO_POSO, World

LATER = START + timedelta(hours=1)
BOTH = np.array([0, 1])
LINKS = (replace(TO_POSO, contracts=(Contract(100 * MBPS, 50 * MBPS), Contract(300 * MBPS, 1, LATER))), TO_CORE)


def at(*instants: datetime) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([unix_us(instant) for instant in instants])


def test_bounds_follow_the_contract_to_the_microsecond_and_back() -> None:
    standing = Standing(LINKS, LINK_SIGNALS, SignalsConfig(), INTERVAL_S)
    just_before = LATER - timedelta(microseconds=1)
    for instant, bound_bps in ((START, 100), (just_before, 100), (LATER, 300), (START, 100)):
        assert standing.bounds_bps(BOTH, at(instant, instant)).tolist() == [bound_bps * MBPS, 0]


@pytest.mark.parametrize(("instant", "down_mbps", "quiet"), [(START, 79, True), (START, 80, False), (LATER, 80, True)])
def test_a_sample_is_quiet_below_the_warning_of_the_contract_in_force(
    instant: datetime, down_mbps: int, quiet: bool
) -> None:
    standing = Standing(LINKS, LINK_SIGNALS, SignalsConfig(), INTERVAL_S)
    standing.bounds_bps(BOTH, at(instant, instant))
    figures = np.zeros(2, SAMPLE)
    figures["down_bps"] = down_mbps * MBPS
    assert standing.quiet(BOTH, figures).tolist() == [quiet, True], "without a contract nothing is a percentage"


def test_a_signal_without_a_column_form_sees_every_sample() -> None:
    entries = (*LINK_SIGNALS[:1], replace(LINK_SIGNALS[1], quiet=None))
    standing = Standing(LINKS, entries, SignalsConfig(), INTERVAL_S)
    standing.bounds_bps(BOTH, at(START, START))
    assert not standing.quiet(BOTH, np.zeros(2, SAMPLE)).any()


def test_a_link_has_conditions_only_while_something_is_the_matter() -> None:
    world = World()
    awake = world.intake._links._conditions
    for out_mbps, links in ((10, 0), (10, 0), (85, 1), (10, 0), (95, 1)):
        world.poll(out_mbps)
        assert (len(awake._conditions), int(awake.awake.sum())) == (links, links)
    assert set(world.spool.recall(Memory.SIGNALS)) == {"saturation/link:palu-poso/down"}
    world.restart()
    assert len(world.intake._links._conditions._conditions) == 1, "it goes on where it was"
