"""Whether what was polled is what the responder must have said, figure by figure; many devices at a time."""

import ipaddress
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from netmon.bench import values
from netmon.model.columns import ALL_READ, READ, InterfaceRows
from netmon.model.poll import Outcome, PollReport

Figures = NDArray[np.uint64]

_LATE_STEPS = 5
"""Clocks of two processes, and a step that began while the answer was under way: 50 ms."""


class WrongValue(ValueError):
    """A figure that cannot be what the device said. The text names device, interface, column, got and expected."""


class Checker(Protocol):
    """Sees every report of a pass, in chunks."""

    known: str
    """For the result: what this checker knows of the values."""
    values_checked: int
    last_step: int
    """The responder's newest that was seen; 0 where it is none of ours."""

    def check(self, reports: Sequence[PollReport]) -> None:
        """Raises WrongValue."""


class _Bounds(NamedTuple):
    """What a column may hold, row by row; where ``rate`` is given it moves by that much a step and no other way."""

    column: str
    least: Figures
    most: Figures
    rate: Figures | None = None


class KnownValues:
    """For our own responder: every figure of every interface, between the steps of a poll's probe and its end."""

    known = "each compared with what the responder must have said"

    def __init__(self, interfaces: int) -> None:
        self.values_checked = 0
        self.last_step = 0
        self._names = {values.if_name(i): i for i in range(1, interfaces + 1)}

    def check(self, reports: Sequence[PollReport]) -> None:
        answered = [report for report in reports if report.outcome.answered]
        for report in answered:
            self._check_device(report)
        rows = [InterfaceRows.of(report.interfaces) for report in answered]
        if not sum(map(len, rows)):
            return
        figures = np.concatenate([each.figures for each in rows])
        lengths = [len(each) for each in rows]
        address = np.repeat(np.array([_address(r.device_id) for r in answered], np.uint64), lengths)
        index = np.array([i.if_index for each in rows for i in each.interfaces], np.uint64)
        since = np.repeat(np.array([_first_step(r) for r in answered], np.uint64), lengths)
        until = since + np.repeat(
            np.array([int(r.elapsed_s * 100) + _LATE_STEPS for r in answered], np.uint64), lengths
        )
        self.last_step = max(self.last_step, int(until.max()))

        def name(row: int) -> str:
            return f"{ipaddress.ip_address(int(address[row]))}, {values.if_name(int(index[row]))}"

        if (silent := figures["said"] != ALL_READ).any():
            row = int(silent.argmax())
            missing = [column for i, column in enumerate(READ) if not int(figures["said"][row]) >> i & 1]
            raise WrongValue(f"{name(row)}: {', '.join(missing)} not read, though the device has it")
        for bounds in _bounds(values.seed(address, index), since, until):
            _within(figures[bounds.column], bounds, name)
            self.values_checked += len(figures)

    def _check_device(self, report: PollReport) -> None:
        facts, device = report.facts, report.device_id
        said = (facts.sys_descr, facts.sys_object_id, facts.sys_name, facts.engine_boots, facts.engine_time_s)
        name = "bench-" + device.replace(".", "-")
        must = (values.SYS_DESCR, values.SYS_OBJECT_ID, name, values.BOOTS, (facts.uptime_ticks or 0) // 100)
        if facts.uptime_ticks is None or any(got not in (None, want) for got, want in zip(said, must, strict=True)):
            raise WrongValue(f"{device}, system group: got {facts}, expected {must}")
        self.values_checked += 1 + sum(got is not None for got in said)
        for each in InterfaceRows.of(report.interfaces).interfaces:
            if each[:2] != (self._names.get(each.if_name), each.if_name):
                raise WrongValue(f"{device}, ifIndex {each.if_index}: name: got {each.if_name!r}")
            if each.if_alias not in (None, values.if_alias(each.if_index)) or each.if_type != values.IF_TYPE:
                raise WrongValue(f"{device}, {each.if_name}: alias and type: got {each.if_alias!r}, {each.if_type}")
        if report.outcome is Outcome.COMPLETE and len(report.interfaces) != len(self._names):
            raise WrongValue(f"{device}: {len(report.interfaces)} interfaces came, expected {len(self._names)}")
        self.values_checked += 2 * len(report.interfaces)


class UnknownValues:
    """For a responder of somebody else: everything that is watched came, and no 64-bit counter fell."""

    known = "not known to this checker: completeness, and that 64-bit counters do not fall"

    def __init__(self) -> None:
        self.values_checked = 0
        self.last_step = 0
        self._before: dict[str, InterfaceRows] = {}

    def check(self, reports: Sequence[PollReport]) -> None:
        for report in reports:
            if report.outcome.answered:
                self._check(report.device_id, InterfaceRows.of(report.interfaces))
            if report.absent:
                raise WrongValue(f"{report.device_id}: interfaces that it had are missing: {', '.join(report.absent)}")

    def _check(self, device: str, now: InterfaceRows) -> None:
        before = self._before.get(device)
        self._before[device] = now
        if before is None or before.interfaces != now.interfaces:
            return
        for column in ("in_octets", "out_octets"):
            then, figures = before.figures[column], now.figures[column]
            fell = (figures < then) & (now.figures["counter_bits"] == 64)
            self.values_checked += len(figures)
            if fell.any():
                row = int(fell.argmax())
                raise WrongValue(
                    f"{device}, {now.interfaces[row].if_name}: {column} fell from {then[row]} to {figures[row]}"
                )


def _bounds(h: Figures, since: Figures, until: Figures) -> Iterator[_Bounds]:
    """``InterfaceRow``'s figures by the responder's function."""
    for column, seed in (("in_octets", h), ("out_octets", values.mixed(h))):
        first, rate = values.first_octets_of(seed), values.octets_a_step(seed)
        yield _Bounds(column, first + since * rate, first + until * rate, rate)
    for column, figure in (
        ("in_errors", values.in_errors),
        ("out_errors", values.out_errors),
        ("in_discards", values.in_discards),
        ("out_discards", values.out_discards),
    ):
        yield _Bounds(column, figure(h, since), figure(h, until))
    ticks = values.discontinuity_ticks(h)
    yield _Bounds("discontinuity_ticks", ticks, ticks)
    for column, constant in (
        ("speed_bps", values.SPEED_BPS),
        ("admin_status", values.STATUS_UP),
        ("oper_status", values.STATUS_UP),
        ("counter_bits", 64),
    ):
        yield _Bounds(column, np.full(len(h), constant, np.uint64), np.full(len(h), constant, np.uint64))


def _within(figures: Figures, must: _Bounds, name: Callable[[int], str]) -> None:
    wrong = (figures < must.least) | (figures > must.most)
    if must.rate is not None:
        wrong |= (figures - must.least) % must.rate != 0
    if wrong.any():
        row = int(wrong.argmax())
        least, most = int(must.least[row]), int(must.most[row])
        between = f"{least}" if least == most else f"{least} to {most}"
        step = "" if must.rate is None else f" in steps of {must.rate[row]}"
        raise WrongValue(f"{name(row)}: {must.column}: got {figures[row]}, expected {between}{step}")


def _address(device_id: str) -> int:
    return int(ipaddress.IPv4Address(device_id))


def _first_step(report: PollReport) -> int:
    return (report.facts.uptime_ticks or 0) - values.FIRST_UPTIME_TICKS
