"""Notices a wall clock that jumps: every stamp and tick after it is in doubt, and on-call should hear of it once."""

from datetime import datetime

from netmon.model.clock import Clock

NEWS_FOR_S = 300.0
"""How long a jump is spoken of; a clock that has kept still for so long is believed again."""


class ClockWatch:
    """Compares how far the wall and the monotonic clock went between two looks."""

    def __init__(self, clock: Clock, jump_s: float) -> None:
        self._clock = clock
        self._jump_s = jump_s
        self._last: tuple[datetime, float] | None = None
        self._jumped_s: float | None = None
        self._offset_s = 0.0
        self.jumps = 0
        """How often it jumped since the start."""

    def look(self) -> float:
        """Seconds by which the wall jumped since the last look, signed; 0.0 for the drift that every clock has."""
        now, monotonic_s = self._clock.now(), self._clock.monotonic_s()
        last, self._last = self._last, (now, monotonic_s)
        if last is None:
            return 0.0
        offset_s = (now - last[0]).total_seconds() - (monotonic_s - last[1])
        if abs(offset_s) <= self._jump_s:
            return 0.0
        self.jumps += 1
        self._offset_s, self._jumped_s = offset_s, monotonic_s
        return offset_s

    @property
    def offset_s(self) -> float:
        """The last jump's size while it is news, else 0.0."""
        news = self._jumped_s is not None and self._clock.monotonic_s() - self._jumped_s < NEWS_FOR_S
        return self._offset_s if news else 0.0
