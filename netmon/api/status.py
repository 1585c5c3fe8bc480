"""How things are now: registry, newest samples and open events joined once, for the API and the page alike."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from netmon.api.judgement import State, device_state, link_state, region_state, worst_first
from netmon.model.clock import Clock
from netmon.model.finding import Subject, SubjectKind
from netmon.model.registry import Agency, Device, Direction, Link, Region, Registry, Site
from netmon.model.sample import DeviceSample, LinkSample
from netmon.store.ports import EventQuery, EventRecord, Heartbeat, Ledger, SeriesStore

MOST_OPEN_EVENTS = 1000
"""More open events than this are counted, and the newest of them shown."""


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


class StatusReader:
    """Reads a ProvinceStatus, and keeps it for ``keep_s`` so that many watching pages cost one reading."""

    def __init__(
        self, registry: Registry, series: SeriesStore, ledger: Ledger, clock: Clock, keep_s: float = 1.0
    ) -> None:
        self._registry = registry
        self._series = series
        self._ledger = ledger
        self._clock = clock
        self._keep_s = keep_s
        self._newest_at: datetime | None = None
        self._kept: tuple[float, ProvinceStatus] | None = None
        self._lock = threading.Lock()

    @property
    def stale_after(self) -> timedelta:
        """A sample older than this says nothing about now: two intervals (a gap), and time for its way here."""
        return timedelta(seconds=2 * self._registry.poll_interval_s + 10)

    def province(self) -> ProvinceStatus:
        with self._lock:
            now_s = self._clock.monotonic_s()
            if self._kept is None or not 0 <= now_s - self._kept[0] < self._keep_s:
                self._kept = (now_s, self._read())
            return self._kept[1]

    def forget(self) -> None:
        """Read anew next time: somebody has just changed something."""
        with self._lock:
            self._kept = None

    def _read(self) -> ProvinceStatus:
        now = self._clock.now()
        since = now - self.stale_after
        link_samples = self._series.latest_links(since)
        device_samples = self._series.latest_devices(since)
        events, total = self._ledger.events.find(EventQuery(open_only=True, limit=MOST_OPEN_EVENTS))
        about = _by_subject(events)
        links = {
            link.id: _link(link, link_samples.get(link.id), about.get(Subject(SubjectKind.LINK, link.id), ()), now)
            for link in self._registry.links.values()
        }
        devices = {
            device.id: self._device(device, device_samples.get(device.id), about, links)
            for device in self._registry.devices.values()
        }
        fresh_at = max([*(s.at for s in link_samples.values()), *(s.at for s in device_samples.values())], default=None)
        return ProvinceStatus(
            at=now,
            regions=self._regions(events, links, devices),
            devices=devices,
            links=links,
            events=tuple(events),
            events_total=total,
            newest_at=self._newest(fresh_at, now),
            is_stale=fresh_at is None,
            heartbeats=tuple(self._ledger.heartbeats.all()),
        )

    def _newest(self, fresh_at: datetime | None, now: datetime) -> datetime | None:
        """Remembered for when nothing is fresh; looked for in the last day where there is nothing to remember."""
        if fresh_at is None and self._newest_at is None:
            past = self._series.latest_devices(now - timedelta(days=1))
            fresh_at = max((sample.at for sample in past.values()), default=None)
        self._newest_at = fresh_at or self._newest_at
        return self._newest_at

    def _device(
        self,
        device: Device,
        sample: DeviceSample | None,
        about: Mapping[Subject, tuple[EventRecord, ...]],
        links: Mapping[str, LinkStatus],
    ) -> DeviceStatus:
        own = about.get(Subject(SubjectKind.DEVICE, device.id), ())
        return DeviceStatus(
            device=device,
            state=device_state(sample, (r.event for r in own)),
            sample=sample,
            sites=self._registry.sites_by_device.get(device.id, ()),
            links=tuple(links[link.id] for link in self._registry.links_by_device.get(device.id, ())),
            events=own,
        )

    def _regions(
        self, events: Sequence[EventRecord], links: Mapping[str, LinkStatus], devices: Mapping[str, DeviceStatus]
    ) -> Mapping[str, RegionStatus]:
        return {code: self._region(region, events, links, devices) for code, region in self._registry.regions.items()}

    def _region(
        self,
        region: Region,
        events: Sequence[EventRecord],
        links: Mapping[str, LinkStatus],
        devices: Mapping[str, DeviceStatus],
    ) -> RegionStatus:
        code = region.code
        inside_links = tuple(link for link in links.values() if within(link.link.region, code))
        inside_devices = tuple(d for d in devices.values() if within(d.device.region, code))
        own = tuple(r for r in events if any(within(c, code) for c in r.event.affected.regions))
        return RegionStatus(
            region=region,
            state=region_state(
                code, [link.state for link in inside_links], [d.state for d in inside_devices], [r.event for r in own]
            ),
            links=tuple(sorted(inside_links, key=lambda link: (worst_first(link.state), link.link.label))),
            devices=tuple(sorted(inside_devices, key=lambda d: (worst_first(d.state), d.device.label))),
            sites=tuple(s for s in self._registry.sites.values() if within(s.region, code)),
            agencies=tuple(a for a in self._registry.agencies.values() if within(a.region, code)),
            events=own,
        )


def within(code: str, region: str) -> bool:
    """Whether a Kemendagri code is the region's own or lies inside it (72.02.03 is within 72.02)."""
    return code == region or code.startswith(f"{region}.")


def _by_subject(events: Iterable[EventRecord]) -> Mapping[Subject, tuple[EventRecord, ...]]:
    """For every link and device the events that name it as their subject or among what they affect."""
    about: dict[Subject, tuple[EventRecord, ...]] = {}
    for record in events:
        event = record.event
        named = {event.subject, *(Subject(SubjectKind.LINK, link) for link in event.affected.links)}
        for subject in named | {Subject(SubjectKind.DEVICE, device) for device in event.affected.devices}:
            about[subject] = (*about.get(subject, ()), record)
    return about


def _link(link: Link, sample: LinkSample | None, events: tuple[EventRecord, ...], now: datetime) -> LinkStatus:
    contract = link.contract_at(sample.at if sample else now)

    def use(direction: Direction) -> Use:
        return Use(
            direction,
            sample.rate_bps(direction) if sample else None,
            contract.rate_bps(direction) if contract else None,
        )

    state = link_state(link.id, sample, (r.event for r in events))
    return LinkStatus(link, state, use(Direction.DOWN), use(Direction.UP), sample, events)
