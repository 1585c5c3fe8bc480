"""Samples and findings for tests of what keeps them: plain ones to read, and strategies for any at all."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from netmon.model.clock import slot_of
from netmon.model.finding import Detail, Finding, Severity, Signal, Subject, SubjectKind, Transition
from netmon.model.poll import InterfaceStatus, Outcome
from netmon.model.sample import Batch, DeviceSample, Flag, LinkSample

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

_INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_IDS = st.text(min_size=1, max_size=12)
_U63 = st.none() | st.integers(0, 2**63 - 1)
_U32 = st.none() | st.integers(0, 2**32 - 1)
_U64 = st.none() | st.integers(0, 2**64 - 1)
_STATUS = st.none() | st.sampled_from(InterfaceStatus)
_SECONDS = st.floats(0, 1e6)


def link_sample(at: datetime = NOON, link_id: str = "palu-poso", interval_s: float = 30.0, **more: Any) -> LinkSample:
    """A sample of 8 Mbps down and 1 Mbps up over its interval, unless told otherwise."""
    octets = {"down_octets": int(1_000_000 * interval_s), "up_octets": int(125_000 * interval_s)}
    rates = {"down_bps": 8_000_000, "up_bps": 1_000_000, "interval_s": interval_s}
    return LinkSample(link_id, more.pop("tick", slot_of(at, 30)), at, **(octets | rates | more))


def gap_sample(at: datetime, link_id: str = "palu-poso", flags: Flag = Flag.RESET) -> LinkSample:
    """A sample without a rate: the poll came home, the counters did not serve."""
    return LinkSample(link_id, slot_of(at, 30), at, down_counter=1, up_counter=2, flags=flags)


def device_sample(
    at: datetime = NOON, device_id: str = "rtr-poso", outcome: Outcome = Outcome.COMPLETE
) -> DeviceSample:
    return DeviceSample(device_id, slot_of(at, 30), at, outcome, 0.25, 86400)


def finding(at: datetime = NOON, subject_id: str = "palu-poso", transition: Transition = Transition.OPENED) -> Finding:
    subject = Subject(SubjectKind.LINK, subject_id)
    detail: dict[str, Detail] = {
        "rate_bps": 190_000_000,
        "since": "2026-11-21T11:45:00Z",
        "share": 0.95,
        "known": True,
        "note": None,
    }
    return Finding(subject, Signal.SATURATION, transition, at, Severity.CRITICAL, "above_90_percent", "down", detail)


def run_of_samples(start: datetime, count: int, interval_s: int = 30, link_id: str = "palu-poso") -> list[LinkSample]:
    """``count`` samples, the first ending one interval after ``start``."""
    return [link_sample(start + timedelta(seconds=interval_s * (i + 1)), link_id, interval_s) for i in range(count)]


any_link_sample = st.builds(
    LinkSample,
    link_id=_IDS,
    tick=st.integers(1_577_836_800, 2_114_380_800),
    at=_INSTANTS,
    interval_s=st.none() | _SECONDS,
    down_bps=_U63,
    up_bps=_U63,
    down_octets=_U63,
    up_octets=_U63,
    down_counter=_U64,
    up_counter=_U64,
    in_errors=_U32,
    out_errors=_U32,
    in_discards=_U32,
    out_discards=_U32,
    admin_status=_STATUS,
    oper_status=_STATUS,
    speed_bps=_U63,
    flags=st.integers(0, sum(Flag)).map(Flag),
)
any_device_sample = st.builds(
    DeviceSample,
    device_id=_IDS,
    tick=st.integers(1_577_836_800, 2_114_380_800),
    at=_INSTANTS,
    outcome=st.sampled_from(Outcome),
    elapsed_s=_SECONDS,
    uptime_s=st.none() | st.integers(0, 2**32),
)
any_batch = st.builds(
    Batch,
    links=st.lists(any_link_sample, max_size=5).map(tuple),
    devices=st.lists(any_device_sample, max_size=5).map(tuple),
)
any_finding = st.builds(
    Finding,
    subject=st.builds(Subject, kind=st.sampled_from(SubjectKind), id=_IDS),
    signal=st.sampled_from(Signal),
    transition=st.sampled_from(Transition),
    at=_INSTANTS,
    severity=st.sampled_from(Severity),
    reason=_IDS,
    aspect=st.sampled_from(["", "down", "up"]),
    detail=st.dictionaries(
        _IDS, st.none() | st.booleans() | st.integers(-(2**63), 2**63) | _SECONDS | _IDS, max_size=4
    ),
)
