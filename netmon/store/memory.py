"""The spool and the series store in memory: for tests and for trying things out. They hold to the same contract."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time

from netmon.model.finding import Finding
from netmon.model.sample import Batch, DeviceSample, LinkSample
from netmon.store.aggregate import reading_of, series_of
from netmon.store.ports import LinkSeries, Memory, Spooled, SpoolEntry


class MemorySpool:
    """``Spool`` that forgets everything when its process ends."""

    def __init__(self) -> None:
        self._last_seq = 0
        self._batches: dict[int, Batch] = {}
        self._findings: dict[int, tuple[Finding, ...]] = {}
        self._memory: dict[tuple[Memory, str], bytes] = {}

    def commit(self, entry: SpoolEntry) -> None:
        self._last_seq += 1
        if len(entry.batch):
            self._batches[self._last_seq] = entry.batch
        if entry.findings:
            self._findings[self._last_seq] = tuple(entry.findings)
        for place, value in entry.remember.items():
            if value is None:
                self._memory.pop(place, None)
            else:
                self._memory[place] = value

    def pending_batches(self, limit: int) -> Sequence[Spooled]:
        return [Spooled(seq, batch=batch) for seq, batch in list(self._batches.items())[:limit]]

    def pending_findings(self, limit: int) -> Sequence[Spooled]:
        return [Spooled(seq, findings=found) for seq, found in list(self._findings.items())[:limit]]

    def confirm_batches(self, seqs: Sequence[int]) -> None:
        for seq in seqs:
            self._batches.pop(seq, None)

    def confirm_findings(self, seqs: Sequence[int]) -> None:
        for seq in seqs:
            self._findings.pop(seq, None)

    def recall(self, memory: Memory) -> Mapping[str, bytes]:
        return {key: value for (kind, key), value in self._memory.items() if kind == memory}

    def depth(self) -> tuple[int, int]:
        return len(self._batches.keys() | self._findings.keys()), 0


class MemorySeries:
    """``SeriesStore`` in dictionaries keyed as the files are."""

    def __init__(self) -> None:
        self._links: dict[tuple[int, str], LinkSample] = {}
        self._devices: dict[tuple[int, str], DeviceSample] = {}

    def write(self, batch: Batch) -> None:
        self._links.update({(sample.tick, sample.link_id): sample for sample in batch.links})
        self._devices.update({(sample.tick, sample.device_id): sample for sample in batch.devices})

    def link_series(self, link_id: str, start: datetime, end: datetime, step_s: int) -> LinkSeries:
        readings = [reading_of(sample) for sample in self._of(link_id)]
        return series_of(link_id, readings, start, end, step_s)

    def link_samples(self, link_id: str, start: datetime, end: datetime) -> Sequence[LinkSample]:
        return [sample for sample in self._of(link_id) if start <= sample.at < end]

    def latest_links(self, since: datetime) -> Mapping[str, LinkSample]:
        fresh = sorted((s for s in self._links.values() if s.at >= since), key=lambda s: s.at)
        return {sample.link_id: sample for sample in fresh}

    def latest_devices(self, since: datetime) -> Mapping[str, DeviceSample]:
        fresh = sorted((s for s in self._devices.values() if s.at >= since), key=lambda s: s.at)
        return {sample.device_id: sample for sample in fresh}

    def retire(self, before: datetime) -> int:
        limit_s = datetime.combine(before.astimezone(UTC), time(), UTC).timestamp()
        gone = {tick // 86400 for tick, _ in (*self._links, *self._devices) if tick < limit_s}
        self._links = {key: sample for key, sample in self._links.items() if key[0] >= limit_s}
        self._devices = {key: sample for key, sample in self._devices.items() if key[0] >= limit_s}
        return len(gone)

    def _of(self, link_id: str) -> list[LinkSample]:
        return sorted((s for s in self._links.values() if s.link_id == link_id), key=lambda s: s.at)
