"""The column form of every signal and its judge say the same: a quiet row leaves a condition at rest."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.model.columns import LinkSamples
from netmon.model.poll import InterfaceStatus
from netmon.model.registry import Contract, Link
from netmon.model.sample import Flag, LinkSample
from netmon.signals.condition import Entry
from netmon.signals.config import SaturationConfig, SignalsConfig
from netmon.signals.index import LINK_SIGNALS

from .conftest import START

rates = st.none() | st.integers(0, 250) | st.sampled_from([0, 1, 79, 80, 81, 160, 1 << 63])
statuses = st.none() | st.sampled_from(InterfaceStatus)
samples = st.builds(
    LinkSample,
    link_id=st.just("palu-poso"),
    tick=st.just(int(START.timestamp())),
    at=st.just(START),
    interval_s=st.just(30.0),
    down_bps=rates,
    up_bps=rates,
    admin_status=statuses,
    oper_status=statuses,
    flags=st.sampled_from([Flag.NONE, Flag.FIRST, Flag.ABSENT, Flag.ABSENT | Flag.GAP]),
)
contracts = st.sampled_from(
    [
        (),
        (Contract(100, 99),),
        (Contract(0, 3),),
        (Contract(100, 100, START + timedelta(days=1)),),
        (Contract(1, 1), Contract(200, 1 << 60, START)),
    ]
)
percents = st.sampled_from([1, 80, 99, 1000])


@pytest.mark.parametrize("entry", LINK_SIGNALS, ids=lambda entry: entry.signal.value)
@given(declared=contracts, percent=percents, seen=st.lists(samples, min_size=1, max_size=5))
def test_quiet_is_what_the_judge_leaves_at_rest(
    entry: Entry[Link, LinkSample], declared: tuple[Contract, ...], percent: int, seen: list[LinkSample]
) -> None:
    """Both ways: a row that is not quiet has something to say, so that no time is lost on it."""
    assert entry.quiet is not None, "each of ours has a column form"
    link = Link("palu-poso", "core-palu", "ether3", "72.02", contracts=declared)
    thresholds = SaturationConfig(warning_percent=percent, critical_percent=1000, close_percent=1)
    rules = entry.rules(link, SignalsConfig(saturation={"default": thresholds}), 30)
    limits = {}
    if entry.limit is not None:
        limits = {aspect: np.full(len(seen), entry.limit(rule, START), np.uint64) for aspect, rule in rules.items()}
    quiet = entry.quiet(LinkSamples.of(seen).figures, limits).tolist()
    rest = entry.state()
    judged = [[entry.judge(rest, sample, rule) for rule in rules.values()] for sample in seen]
    assert quiet == [all(found == (rest, None) for found in of_row) for of_row in judged]
