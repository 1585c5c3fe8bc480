"""A link, a device and the samples that tests of signals tell their stories with."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from netmon.model.poll import Outcome
from netmon.model.registry import Contract, Link
from netmon.model.sample import DeviceSample, LinkSample

START = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


@pytest.fixture
def link() -> Link:
    contract = Contract(down_bps=100_000_000, up_bps=50_000_000)
    return Link("palu-poso", "core-palu", "ether3", "72.02", contracts=(contract,))


@pytest.fixture
def sample() -> Callable[..., LinkSample]:
    """A sample ``after_s`` into the test, of the tick that it falls into at 30 s."""

    def make(after_s: float, down_bps: int | None = None, **more: object) -> LinkSample:
        at = START + timedelta(seconds=after_s)
        tick = int(at.timestamp()) // 30 * 30
        return LinkSample("palu-poso", tick, at, down_bps=down_bps, **more)  # type: ignore[arg-type]

    return make


@pytest.fixture
def poll() -> Callable[[float, Outcome], DeviceSample]:
    def make(after_s: float, outcome: Outcome) -> DeviceSample:
        at = START + timedelta(seconds=after_s)
        return DeviceSample("rtr-poso", int(at.timestamp()) // 30 * 30, at, outcome, 0.1)

    return make
