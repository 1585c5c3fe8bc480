"""What a benchmark found, as JSON and as a table."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

from rich.table import Table

from netmon.bench.pipeline import Stage
from netmon.bench.serving import Counts


@dataclass(frozen=True, slots=True)
class StageResult:
    """One pass. CPU seconds are of all threads and ended children of this process, the checker's taken off."""

    polls: int
    answered: int
    varbinds: int
    timeouts: int
    cpu_s: float
    wall_s: float
    responder: Counts | None = None
    """What the responder says that it has done; None where it is not ours to ask."""

    def json(self) -> dict[str, object]:
        return {
            "varbinds_per_cpu_s": round(self.varbinds / self.cpu_s),
            "devices_per_cpu_s": round(self.answered / self.cpu_s, 1),
            "polls": self.polls,
            "answered": self.answered,
            "varbinds": self.varbinds,
            "timeouts": self.timeouts,
            "cpu_s": round(self.cpu_s, 4),
            "wall_s": round(self.wall_s, 3),
            "responder": self.responder._asdict() if self.responder else None,
        }


@dataclass(slots=True)
class Result:
    """All passes. ``poll_s`` is how long the answered polls of the last one took."""

    asked: Mapping[str, object]
    stages: dict[Stage, StageResult] = field(default_factory=dict)
    poll_s: Sequence[float] = ()
    incomplete: int = 0
    values: str = ""
    values_checked: int = 0
    encoded_bytes: int = 0
    rss_mb: float = 0.0
    fds: int = 0

    def json(self) -> dict[str, object]:
        """For a script; ``docs/benchmarks.md`` says what each figure means."""
        last = list(self.stages.values())[-1]
        return {
            "stages": {stage.value: result.json() for stage, result in self.stages.items()},
            "wall_s": round(sum(each.wall_s for each in self.stages.values()), 3),
            "poll_s": {f"p{p}": round(percentile(self.poll_s, p), 6) for p in (50, 90, 99)},
            "timeouts": sum(each.timeouts for each in self.stages.values()),
            "incomplete": self.incomplete,
            "rss_mb": round(self.rss_mb, 1),
            "fds": self.fds,
            "varbinds_per_device": round(last.varbinds / last.answered, 2) if last.answered else None,
            "values": self.values,
            "values_checked": self.values_checked,
            "encoded_bytes": self.encoded_bytes,
            **self.asked,
            "machine": machine(),
        }

    def table(self) -> Table:
        """For a person."""
        table = Table("stage", "varbinds / CPU-s", "devices / CPU-s", "CPU s", "wall s")
        for column in table.columns[1:]:
            column.justify = "right"
        for stage, each in self.stages.items():
            rates = each.varbinds / each.cpu_s, each.answered / each.cpu_s
            table.add_row(stage.value, *(f"{rate:,.0f}" for rate in rates), f"{each.cpu_s:.2f}", f"{each.wall_s:.2f}")
        return table

    def sentences(self) -> Sequence[str]:
        """What stands below the table."""
        p50, p90, p99 = (1000 * percentile(self.poll_s, p) for p in (50, 90, 99))
        timeouts = sum(each.timeouts for each in self.stages.values())
        return (
            f"a poll took {p50:.1f} ms (median), {p90:.1f} (90 %), {p99:.1f} (99 %); "
            f"{timeouts} time-outs, {self.incomplete} incomplete",
            f"{self.values_checked:,} values checked: {self.values}",
            f"{self.rss_mb:.0f} MB resident, {self.fds} descriptors",
        )


def percentile(values: Sequence[float], percent: int) -> float:
    """By nearest rank: a value that was seen. 0 where there is none."""
    ranked = sorted(values)
    return ranked[max(0, ceil(len(ranked) * percent / 100) - 1)] if ranked else 0.0


def machine() -> Mapping[str, object]:
    """What it was measured on, without its name."""
    return {"cpus": os.cpu_count(), "cpu": _cpu_model(), "python": platform.python_version(), "system": _system()}


def resident_mb() -> float:
    """Memory of this process that is in use now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def descriptors() -> int:
    """Files and sockets that this process has open."""
    return len(os.listdir("/proc/self/fd")) - 1  # the folder itself is open meanwhile


def _cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _system() -> str:
    release = platform.freedesktop_os_release()
    return f"{release.get('PRETTY_NAME', 'Linux')}, Linux {platform.release()}"
