"""What stands behind the collector in production, cut off after a stage; each stage includes those before it."""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, cast

from prometheus_client import CollectorRegistry

from netmon.intake.intake import Intake
from netmon.intake.metrics import IntakeMetrics
from netmon.model.clock import Clock
from netmon.model.finding import Finding
from netmon.model.poll import PollReport
from netmon.model.registry import Registry
from netmon.model.sample import Batch
from netmon.signals.config import SignalsConfig
from netmon.store.forwarder import Forwarder
from netmon.store.ports import FindingLog, Memory, SeriesStore, Spool, Spooled, SpoolEntry
from netmon.store.spool import SqliteSpool

if TYPE_CHECKING:
    from netmon.store.schema import LineProtocol

FLUSH_EVERY_S = 1.0


class Stage(StrEnum):
    """How far a report goes."""

    POLL = "poll"  # typed counters in hand
    SAMPLES = "samples"  # judged: rates and signals
    SPOOLED = "spooled"  # committed to the spool
    ENCODED = "encoded"  # line protocol, ready for InfluxDB


class Pipeline:
    """One pass's way from report to line protocol. ``open`` and ``close`` do the I/O; ``settle`` ends when what was
    accepted has come as far as the stage goes."""

    def __init__(self, stage: Stage, registry: Registry, folder: Path, clock: Clock) -> None:
        self.stage = stage
        self._metrics = CollectorRegistry()
        self._sqlite = SqliteSpool(folder / f"spool-{stage}.db")
        self._durable = stage in (Stage.SPOOLED, Stage.ENCODED)
        self.spool: Spool = self._sqlite if self._durable else Nowhere()
        self._intake = Intake(registry, SignalsConfig(), self.spool, clock, IntakeMetrics(self._metrics))
        self.encoder = Encoder()
        series, findings = cast(SeriesStore, self.encoder), cast(FindingLog, self.encoder)
        self._forwarder = Forwarder(self.spool, series, findings, self._metrics)
        self._registry = registry
        self._delivered = threading.Event()
        self._thread = threading.Thread(target=self._forwarder.run, args=(self._delivered,), name="forwarder")

    def open(self) -> None:
        if self._durable:
            self._sqlite.open()
        if self.stage is Stage.ENCODED:
            from netmon.store.schema import LineProtocol

            self.encoder.protocol = LineProtocol(self._registry)
            self._thread.start()

    @property
    def accept(self) -> Callable[[Sequence[PollReport]], None]:
        return _nothing if self.stage is Stage.POLL else self._intake.accept_all

    def remember(self, device_id: str, layout: bytes | None) -> None:
        if self._durable:
            self._intake.remember(Memory.LAYOUT, device_id, layout)

    async def keep_flushing(self) -> None:
        """As the collector's wiring does it. Where nothing is committed, what is pending is let go by ``tidy``."""
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            if self._durable:
                await asyncio.to_thread(self._intake.flush)

    def tidy(self) -> None:
        """Not part of the stage: keep memory flat."""
        if self.stage is Stage.SAMPLES:
            self._intake.flush()

    async def settle(self) -> None:
        if self._durable:
            await asyncio.to_thread(self._intake.flush)
        if self._thread.is_alive():
            await asyncio.to_thread(self._drain)

    def _drain(self) -> None:
        self._delivered.set()
        self._thread.join()
        while self.spool.depth()[0] and self._forwarder.step():
            pass

    @property
    def trouble(self) -> str | None:
        """What kept samples from arriving."""
        vitals = self._intake.vitals()
        return self._forwarder.store_error or cast("str | None", vitals["spool_error"])

    def samples(self, kind: str) -> int:
        """Samples of links or devices that the spool has taken so far."""
        return int(self._metrics.get_sample_value("netmon_intake_samples_total", {"kind": kind}) or 0)

    def close(self) -> None:
        self._delivered.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._durable:
            self._sqlite.close()


class Encoder:
    """In the place of the stores: line protocol is made, counted and let go, but for the newest batch of links."""

    def __init__(self) -> None:
        self.protocol: LineProtocol | None = None
        self.octets = 0
        self.lines = 0
        self.newest: tuple[Batch, bytes] | None = None

    def write(self, batch: Batch) -> None:
        assert self.protocol is not None
        lines = self.protocol.lines(batch)
        self.octets += len(lines)
        self.lines += lines.count(b"\n") + (not lines.endswith(b"\n"))
        if len(batch.links):
            self.newest = batch, lines

    def record(self, findings: Sequence[Finding]) -> None:
        """Findings are the ledger's."""


class Nowhere:
    """In the place of the spool, where the stage ends before it."""

    def commit(self, entry: SpoolEntry) -> None:
        """Let go."""

    def pending_batches(self, limit: int) -> Sequence[Spooled]:
        return ()

    def pending_findings(self, limit: int) -> Sequence[Spooled]:
        return ()

    def confirm_batches(self, seqs: Sequence[int]) -> None:
        """There are none."""

    def confirm_findings(self, seqs: Sequence[int]) -> None:
        """There are none."""

    def recall(self, memory: Memory) -> Mapping[str, bytes]:
        return {}

    def depth(self) -> tuple[int, int]:
        return 0, 0


def _nothing(reports: Sequence[PollReport]) -> None:
    """Typed counters in hand is where the first stage ends."""
