"""Reads how things are now: registry, newest samples and open events joined once, for the API and the page alike."""

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from netmon.api.judgement import device_state, link_state, region_state, worst_first
from netmon.api.situation import DeviceStatus, LinkStatus, ProvinceStatus, RegionStatus, Use
from netmon.model.clock import Clock
from netmon.model.finding import Subject, SubjectKind
from netmon.model.registry import Device, Direction, Link, Registry
from netmon.model.sample import DeviceSample, LinkSample
from netmon.store.ports import EventQuery, EventRecord, Ledger, SeriesStore

MOST_OPEN_EVENTS = 1000
"""More open events than this are counted, and the newest of them shown."""
Records = tuple[EventRecord, ...]
T = TypeVar("T")


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
            regions=self._regions(tuple(events), links, devices),
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
        about: Mapping[Subject, Records],
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
        self, events: Records, links: Mapping[str, LinkStatus], devices: Mapping[str, DeviceStatus]
    ) -> Mapping[str, RegionStatus]:
        """Every region with what lies in it; a district has its kecamatan's too."""
        worst_links = sorted(links.values(), key=lambda item: (worst_first(item.state), item.link.label))
        worst_devices = sorted(devices.values(), key=lambda item: (worst_first(item.state), item.device.label))
        links_in = _by_region(worst_links, lambda item: [item.link.region])
        devices_in = _by_region(worst_devices, lambda item: [item.device.region])
        sites_in = _by_region(self._registry.sites.values(), lambda site: [site.region])
        agencies_in = _by_region(self._registry.agencies.values(), lambda agency: [agency.region])
        events_in = _by_region(events, lambda record: record.event.affected.regions)
        return {
            code: RegionStatus(
                region=region,
                state=region_state(
                    code,
                    [item.state for item in links_in.get(code, ())],
                    [item.state for item in devices_in.get(code, ())],
                    [record.event for record in events_in.get(code, ())],
                ),
                links=links_in.get(code, ()),
                devices=devices_in.get(code, ()),
                sites=sites_in.get(code, ()),
                agencies=agencies_in.get(code, ()),
                events=events_in.get(code, ()),
            )
            for code, region in self._registry.regions.items()
        }


def _by_region(things: Iterable[T], codes_of: Callable[[T], Iterable[str]]) -> Mapping[str, tuple[T, ...]]:
    """Things by the Kemendagri codes that they lie in, once each: what is in 72.02.03 is in 72.02 and in 72."""
    found: dict[str, list[T]] = {}
    for thing in things:
        parts = [code.split(".") for code in codes_of(thing)]
        for code in {".".join(part[: i + 1]) for part in parts for i in range(len(part))}:
            found.setdefault(code, []).append(thing)
    return {code: tuple(inside) for code, inside in found.items()}


def _by_subject(events: Iterable[EventRecord]) -> Mapping[Subject, Records]:
    """For every link and device the events that name it as their subject or among what they affect."""
    about: dict[Subject, Records] = {}
    for record in events:
        event = record.event
        named = {event.subject, *(Subject(SubjectKind.LINK, link) for link in event.affected.links)}
        for subject in named | {Subject(SubjectKind.DEVICE, device) for device in event.affected.devices}:
            about[subject] = (*about.get(subject, ()), record)
    return about


def _link(link: Link, sample: LinkSample | None, events: Records, now: datetime) -> LinkStatus:
    contract = link.contract_at(sample.at if sample else now)

    def use(direction: Direction) -> Use:
        return Use(
            direction,
            sample.rate_bps(direction) if sample else None,
            contract.rate_bps(direction) if contract else None,
        )

    state = link_state(link.id, sample, (r.event for r in events))
    return LinkStatus(link, state, use(Direction.DOWN), use(Direction.UP), sample, events)
