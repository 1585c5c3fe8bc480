"""An event loop whose time passes only when nobody has anything to do: hours of polling in a moment."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

EPOCH = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Jumps to the next timer instead of waiting for it."""

    def __init__(self) -> None:
        super().__init__()
        self._virtual_s = 1000.0

    def time(self) -> float:
        return self._virtual_s

    def sleep_through(self, seconds: float) -> None:
        """Time passes and nobody runs, as when the process is stopped."""
        self._virtual_s += seconds

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:
            self._virtual_s = max(self._virtual_s, self._scheduled[0]._when)
        super()._run_once()


class LoopClock:
    """Both clocks of the running loop; ``jump`` sets the wall clock, as an operator or NTP does."""

    def __init__(self, jump: timedelta = timedelta()) -> None:
        self.jump = jump

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.monotonic_s() - 1000.0) + self.jump

    def monotonic_s(self) -> float:
        return asyncio.get_running_loop().time()


def in_virtual_time(main: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
