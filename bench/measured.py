"""One peer's figures, and how they are taken from the outside."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from netmon.bench.serving import Counts, Responder


@dataclass(frozen=True, slots=True)
class Measured:
    """What one engine did with so much CPU. Varbinds are those that the responder has answered."""

    engine: str
    version: str
    devices: int
    """Polled once each, as often as there were polls."""
    varbinds: int
    cpu_s: float

    @property
    def varbinds_per_cpu_s(self) -> float:
        return self.varbinds / self.cpu_s

    @property
    def devices_per_cpu_s(self) -> float:
        return self.devices / self.cpu_s


@dataclass(slots=True)
class Span:
    """What passed at both ends while it was open."""

    cpu_s: float = 0.0
    counts: Counts = field(default_factory=lambda: Counts(0, 0, 0.0))


@contextmanager
def span(pid: int, responder: Responder) -> Iterator[Span]:
    """CPU seconds of a running process, to a hundredth, and what the responder did meanwhile."""
    found, before, began_s = Span(), responder.counts(), cpu_s(pid)
    yield found
    found.cpu_s, found.counts = cpu_s(pid) - began_s, responder.counts().since(before)


def cpu_s(pid: int) -> float:
    """User and system time of all threads, and of children that were waited for (proc(5), fields 14 to 17)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def settled(responder: Responder, quiet_s: float = 0.5) -> None:
    """Until nobody has asked anything for a while."""
    before = responder.counts()
    while True:
        time.sleep(quiet_s)
        now = responder.counts()
        if now.pdus == before.pdus:
            return
        before = now
