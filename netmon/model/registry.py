"""What exists, as the configuration declares it: regions, sites, devices, links, agencies and contracts.

The registry is immutable. A changed configuration is a new registry with another ``fingerprint``, so that a collector
that still runs on an old one can be seen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from netmon.model.access import SnmpAccess

T = TypeVar("T")


class Facing(StrEnum):
    """Where an interface looks. On one that faces the recipient, *down* is its ``out``; facing the core, its ``in``."""

    RECIPIENT = "recipient"
    CORE = "core"


class Direction(StrEnum):
    """``DOWN`` is towards the recipient (district, agency), ``UP`` towards the core."""

    DOWN = "down"
    UP = "up"


@dataclass(frozen=True, slots=True)
class Region:
    """A province, kabupaten/kota or kecamatan by its Kemendagri code ("72", "72.02", "72.02.03")."""

    code: str
    name: str
    capital: str | None = None
    position: tuple[float, float] | None = None
    """Latitude and longitude of the capital, degrees."""


@dataclass(frozen=True, slots=True)
class Site:
    """A place with people in it that a device serves."""

    id: str
    name: str
    region: str
    device: str
    position: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """A router, switch or radio that answers SNMP."""

    id: str
    address: str
    region: str
    snmp: SnmpAccess
    port: int = 161
    name: str | None = None
    uplinks: tuple[str, ...] = ()
    """Ids of the links through which it reaches the core; rings and second uplinks give several."""
    answers_from: tuple[str, ...] = ()
    """Further addresses from which it may answer."""

    @property
    def label(self) -> str:
        return self.name or self.id

    @property
    def where(self) -> str:
        """Who it is and how it is reached, for a sentence."""
        endpoint = f"{self.address}:{self.port}"
        return endpoint if self.label == endpoint else f"{self.label} ({endpoint})"


@dataclass(frozen=True, slots=True)
class Contract:
    """The rate that was bought, per direction, from an instant on (None: since ever)."""

    down_bps: int
    up_bps: int
    effective_from: datetime | None = None

    def rate_bps(self, direction: Direction) -> int:
        return self.down_bps if direction is Direction.DOWN else self.up_bps


@dataclass(frozen=True, slots=True)
class Link:
    """An interface that somebody pays for. Its identity towards the device is ``device`` + ``if_name``, never
    ifIndex."""

    id: str
    device: str
    if_name: str
    region: str
    facing: Facing = Facing.RECIPIENT
    name: str | None = None
    link_class: str = "default"
    """Which thresholds judge it."""
    contracts: tuple[Contract, ...] = ()
    """In the order of ``effective_from``; empty: no percentage and no saturation, ever."""
    physical_bps: int | None = None
    """What the medium can do, where the device does not know; bounds what is believed as a rate."""

    @property
    def label(self) -> str:
        return self.name or self.id

    def contract_at(self, at: datetime) -> Contract | None:
        """The contract in force at an instant, so that history is judged by what was bought then."""
        in_force = None
        for contract in self.contracts:
            if contract.effective_from is None or contract.effective_from <= at:
                in_force = contract
        return in_force


@dataclass(frozen=True, slots=True)
class Agency:
    """An OPD: an office of the province, with its address space and the links that serve it."""

    id: str
    name: str
    region: str
    prefixes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class Registry:
    """All of it, with the look-ups that judging needs. Build it with ``Registry.of``."""

    province: Region
    timezone: str
    poll_interval_s: int
    regions: Mapping[str, Region] = field(default_factory=dict)
    sites: Mapping[str, Site] = field(default_factory=dict)
    devices: Mapping[str, Device] = field(default_factory=dict)
    links: Mapping[str, Link] = field(default_factory=dict)
    agencies: Mapping[str, Agency] = field(default_factory=dict)
    fingerprint: str = ""
    """SHA-256 over the declared content without secrets, set by whoever loads it."""
    links_by_device: Mapping[str, tuple[Link, ...]] = field(init=False, repr=False)
    sites_by_region: Mapping[str, tuple[Site, ...]] = field(init=False, repr=False)
    sites_by_device: Mapping[str, tuple[Site, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "links_by_device", _grouped(self.links.values(), "device"))
        object.__setattr__(self, "sites_by_region", _grouped(self.sites.values(), "region"))
        object.__setattr__(self, "sites_by_device", _grouped(self.sites.values(), "device"))

    def parents(self, device_id: str) -> tuple[str, ...]:
        """The devices at the core's end of a device's uplinks; empty for what hangs on nothing (the core itself)."""
        device = self.devices[device_id]
        return tuple(self.links[u].device for u in device.uplinks if u in self.links)

    def region_name(self, code: str) -> str:
        region = self.regions.get(code)
        return region.name if region else code

    def agencies_on(self, link_ids: Iterable[str]) -> tuple[Agency, ...]:
        """The agencies that are served by any of these links."""
        wanted = frozenset(link_ids)
        return tuple(a for a in self.agencies.values() if wanted.intersection(a.links))


def _grouped(things: Iterable[T], attribute: str) -> Mapping[str, tuple[T, ...]]:
    groups: dict[str, list[T]] = {}
    for thing in things:
        groups.setdefault(getattr(thing, attribute), []).append(thing)
    return {key: tuple(group) for key, group in groups.items()}
