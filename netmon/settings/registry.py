"""The registry out of what was declared. Only a declaration without faults becomes one."""

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Sequence

from netmon.model.registry import Agency, Contract, Device, Facing, Link, Region, Registry, Site
from netmon.settings import prefixes, references, values
from netmon.settings.access import access_of, effective
from netmon.settings.declared import AgencyConfig, Declared, DeviceConfig, LinkConfig, Rates, SiteConfig
from netmon.settings.faults import Complaint

CHECKS: tuple[Callable[[Declared, references.Names], Iterable[Complaint]], ...] = (
    references.ids,
    references.regions,
    references.links,
    references.sites_and_agencies,
    references.uplinks,
    values.timezone,
    values.positions,
    values.rates,
    values.addresses,
    values.access,
    prefixes.prefixes,
)


def registry_of(declared: Declared) -> Registry:
    """What exists, as the rest of netmon sees it. The declaration has passed ``CHECKS``."""
    province = Region(declared.province.code, declared.province.name)
    return Registry(
        province=province,
        timezone=declared.province.timezone,
        poll_interval_s=declared.poll_interval_s,
        regions={region.code: region for region in _regions(declared)},
        sites={s.id: Site(s.id, s.name, s.region, s.device, s.position) for s in declared.sites},
        devices={device.id: device for device in _devices(declared)},
        links={link.id: _link(link, declared.province.timezone) for link in declared.links},
        agencies={a.id: Agency(a.id, a.name, a.region, tuple(a.prefixes), tuple(a.links)) for a in declared.agencies},
        fingerprint=fingerprint(declared),
    )


def fingerprint(declared: Declared) -> str:
    """SHA-256 over what was declared, secrets masked: equal on all machines that run on the same configuration."""
    content = declared.model_dump(mode="json", by_alias=True, include=set(Declared.model_fields))
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _regions(declared: Declared) -> list[Region]:
    """The declared regions; without any, those whose codes are used, each named by its code."""
    if declared.regions:
        return [Region(r.code, r.name, r.capital, r.position) for r in declared.regions]
    sections: tuple[Sequence[DeviceConfig | LinkConfig | SiteConfig | AgencyConfig], ...]
    sections = (declared.devices, declared.links, declared.sites, declared.agencies)
    used = {thing.region for section in sections for thing in section}
    return [Region(code, code) for code in sorted(used - {declared.province.code})]


def _devices(declared: Declared) -> Iterable[Device]:
    interval_s = declared.poll_interval_s
    shared = access_of(declared.snmp, interval_s)
    for device in declared.devices:
        own = access_of(effective(declared.snmp, device.snmp), interval_s) if device.snmp else shared
        yield Device(
            id=device.id,
            address=device.address,
            region=device.region,
            snmp=own,
            port=device.port,
            name=device.name,
            uplinks=references.uplinks_of(device),
            answers_from=tuple(device.answers_from),
        )


def _link(link: LinkConfig, timezone: str) -> Link:
    """What many links have in common is one text in memory."""
    return Link(
        id=link.id,
        device=sys.intern(link.device),
        if_name=sys.intern(link.if_name),
        region=sys.intern(link.region),
        facing=Facing(link.facing),
        name=link.name,
        link_class=link.link_class,
        contracts=tuple(_contract(rates, timezone) for _, rates in values.contracts_of(link)),
        physical_bps=_bps(link.physical_mbps) if link.physical_mbps is not None else None,
    )


def _contract(rates: Rates, timezone: str) -> Contract:
    begins = getattr(rates, "effective_from", None)
    local = values.zone(timezone)
    effective_from = values.instant(begins, local) if begins is not None and local is not None else None
    return Contract(_bps(rates.down), _bps(rates.up), effective_from)


def _bps(mbps: float) -> int:
    return round(mbps * 1_000_000)
