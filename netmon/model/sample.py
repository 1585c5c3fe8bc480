"""What a poll comes to mean: rates of a link, state of a device, per tick."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntFlag

from netmon.model.poll import InterfaceStatus, Outcome
from netmon.model.registry import Direction


class Flag(IntFlag):
    """Why a sample has no rate, or how its rate came about. Stored beside it, so that every reader knows."""

    NONE = 0
    FIRST = 1  # there was no earlier counter to subtract from
    WRAP = 2  # a 32-bit counter went round once; the rate is good
    RESET = 4  # a 64-bit counter fell, or a 32-bit one after a restart: no rate
    DISCONTINUITY = 8  # ifCounterDiscontinuityTime changed: no rate
    RESTART = 16  # the agent restarted since: no rate
    IMPOSSIBLE = 32  # above what the medium can carry: refused
    ABSENT = 64  # the device has no such interface (any more)
    GAP = 128  # more than two intervals since the last counters: the rate is a mean over the gap


@dataclass(frozen=True, slots=True)
class LinkSample:
    """One link at one tick. Rates and octets are of the interval that ended at ``at``; None is a gap, never zero."""

    link_id: str
    tick: int
    at: datetime
    interval_s: float | None = None
    """Between the arrivals of the two counter readings; None where there is no rate."""
    down_bps: int | None = None
    up_bps: int | None = None
    down_octets: int | None = None
    up_octets: int | None = None
    down_counter: int | None = None
    """The raw counter as read, kept whatever was refused (0 … 2^64 - 1)."""
    up_counter: int | None = None
    in_errors: int | None = None
    """Errors and discards of the interface within the interval, by the interface's own in and out."""
    out_errors: int | None = None
    in_discards: int | None = None
    out_discards: int | None = None
    admin_status: InterfaceStatus | None = None
    oper_status: InterfaceStatus | None = None
    speed_bps: int | None = None
    flags: Flag = Flag.NONE

    def rate_bps(self, direction: Direction) -> int | None:
        return self.down_bps if direction is Direction.DOWN else self.up_bps


@dataclass(frozen=True, slots=True)
class DeviceSample:
    """One device at one tick: whether it answered, how long that took, and how long it has been up."""

    device_id: str
    tick: int
    at: datetime
    outcome: Outcome
    elapsed_s: float
    uptime_s: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What a second of polling brought: the unit that the spool commits and the series store confirms."""

    links: Sequence[LinkSample] = ()
    """Nearly always a ``LinkSamples`` (netmon/model/columns.py): columns, equal to the tuple of the same rows."""
    devices: tuple[DeviceSample, ...] = ()

    def __len__(self) -> int:
        return len(self.links) + len(self.devices)
