"""The series store: what was measured, by link and by device."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from netmon.model.sample import Batch, DeviceSample, LinkSample


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """A link over one step. Means are over observed time; ``coverage`` says what share of the step that was (0 … 1).
    Where nothing was observed all figures are None and coverage is 0."""

    start: datetime
    coverage: float
    down_bps: int | None = None
    up_bps: int | None = None
    down_max_bps: int | None = None
    up_max_bps: int | None = None
    down_octets: int | None = None
    up_octets: int | None = None
    in_errors: int | None = None
    out_errors: int | None = None
    in_discards: int | None = None
    out_discards: int | None = None


@dataclass(frozen=True, slots=True)
class LinkSeries:
    """Points in time order, one for every step of [start, end), gaps included."""

    link_id: str
    start: datetime
    end: datetime
    step_s: int
    points: tuple[SeriesPoint, ...]

    @property
    def coverage(self) -> float:
        """The observed share of the whole window."""
        return sum(p.coverage for p in self.points) / len(self.points) if self.points else 0.0


class SeriesStore(Protocol):
    """Time series of links and devices, keyed by (tick, link) and (tick, device)."""

    def write(self, batch: Batch) -> None:
        """Durable on return. Writing a (tick, link) again replaces it, so a resend is a no-op."""

    def link_series(self, link_id: str, start: datetime, end: datetime, step_s: int) -> LinkSeries:
        """One link, aggregated to steps that begin at ``start``."""

    def link_samples(self, link_id: str, start: datetime, end: datetime) -> Sequence[LinkSample]:
        """One link's samples as they were written, in time order."""

    def latest_links(self, since: datetime) -> Mapping[str, LinkSample]:
        """The newest sample of every link, by link id, none older than ``since``."""

    def latest_devices(self, since: datetime) -> Mapping[str, DeviceSample]:
        """The newest sample of every device, by device id, none older than ``since``."""

    def retire(self, before: datetime) -> int:
        """Delete what is older; returns how many days' files went."""
