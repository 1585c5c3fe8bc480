"""CPU seconds of this whole process: every thread, every child that has ended, and nothing of the checker."""

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """``start``, ``stop``, then ``cpu_s`` and ``wall_s``. What runs within ``apart`` is not counted."""

    def __init__(self) -> None:
        self.running = False
        self.cpu_s = 0.0
        self.wall_s = 0.0
        self._apart_s = 0.0

    def start(self) -> None:
        self.running, self._apart_s = True, 0.0
        self._from = _used_s(), time.monotonic()

    def stop(self) -> None:
        cpu_s, wall_s = self._from
        self.running = False
        self.cpu_s += _used_s() - cpu_s - self._apart_s
        self.wall_s += time.monotonic() - wall_s

    @contextmanager
    def apart(self) -> Iterator[None]:
        """For the measuring itself; on one thread, without awaiting."""
        began_s = time.thread_time()
        try:
            yield
        finally:
            self._apart_s += time.thread_time() - began_s


def _used_s() -> float:
    of = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in of)
