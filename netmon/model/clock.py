"""Time is an argument; where it cannot be, it comes from a Clock that the wiring hands in."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Two clocks in one: the wall for stamps, the monotonic one for intervals."""

    def now(self) -> datetime:
        """The wall clock: always aware, always UTC. It may jump."""

    def monotonic_s(self) -> float:
        """Seconds that never jump; comparable within one process only."""


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        return time.monotonic()


def slot_of(at: datetime, interval_s: int) -> int:
    """The tick that an instant belongs to: Unix seconds, floored to the poll interval."""
    unix_s = int(at.timestamp())
    return unix_s - unix_s % interval_s
