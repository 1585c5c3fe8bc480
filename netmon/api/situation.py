"""How things are now, as values: every figure that the API and the page show of the present is made here, once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from netmon.api.judgement import State
from netmon.model.registry import Agency, Device, Direction, Link, Region, Site
from netmon.model.sample import DeviceSample, LinkSample
from netmon.store.ports import EventRecord, Heartbeat


@dataclass(frozen=True, slots=True)
class Use:
    """One direction of a link against the contract in force when it was measured. None: not known, so no percentage."""

    direction: Direction
    rate_bps: int | None = None
    contract_bps: int | None = None

    @property
    def percent(self) -> float | None:
        if self.rate_bps is None or not self.contract_bps:
            return None
        return 100 * self.rate_bps / self.contract_bps


@dataclass(frozen=True, slots=True)
class LinkStatus:
    link: Link
    state: State
    down: Use
    up: Use
    sample: LinkSample | None = None
    """The newest one that is not stale."""
    events: tuple[EventRecord, ...] = ()
    """Open ones that strain it or take it down."""

    @property
    def peak_percent(self) -> float | None:
        """The fuller direction's utilisation."""
        return max((p for p in (self.down.percent, self.up.percent) if p is not None), default=None)


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    device: Device
    state: State
    sample: DeviceSample | None = None
    sites: tuple[Site, ...] = ()
    links: tuple[LinkStatus, ...] = ()
    events: tuple[EventRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class RegionStatus:
    """A district with everything in it, its kecamatan included."""

    region: Region
    state: State
    links: tuple[LinkStatus, ...] = ()
    devices: tuple[DeviceStatus, ...] = ()
    sites: tuple[Site, ...] = ()
    agencies: tuple[Agency, ...] = ()
    events: tuple[EventRecord, ...] = ()

    @property
    def peak(self) -> LinkStatus | None:
        """Its fullest link."""
        return max(
            (link for link in self.links if link.peak_percent is not None),
            key=lambda link: link.peak_percent or 0.0,
            default=None,
        )


@dataclass(frozen=True)
class ProvinceStatus:
    """One consistent reading of the whole province."""

    at: datetime
    regions: Mapping[str, RegionStatus] = field(default_factory=dict)
    devices: Mapping[str, DeviceStatus] = field(default_factory=dict)
    links: Mapping[str, LinkStatus] = field(default_factory=dict)
    events: tuple[EventRecord, ...] = ()
    events_total: int = 0
    newest_at: datetime | None = None
    """Of all samples, however old; None where there never was one within a day."""
    is_stale: bool = True
    """Nothing newer than what counts as fresh."""
    heartbeats: tuple[Heartbeat, ...] = ()

    @property
    def age_s(self) -> float | None:
        """How old the newest sample is."""
        return None if self.newest_at is None else max(0.0, (self.at - self.newest_at).total_seconds())

    def fullest(self, limit: int) -> Sequence[LinkStatus]:
        known = [link for link in self.links.values() if link.peak_percent is not None]
        return sorted(known, key=lambda link: -(link.peak_percent or 0.0))[:limit]
