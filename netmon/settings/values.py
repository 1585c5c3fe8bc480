"""Checks of single values that a type cannot hold: rates, dates, addresses, prefixes, places, time zones, access."""

import ipaddress
import re
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, tzinfo

from netmon.settings.access import effective, lacking
from netmon.settings.declared import DatedRates, Declared, LinkConfig, Rates, SnmpConfig
from netmon.settings.faults import Complaint, Path, did_you_mean, quoted
from netmon.settings.references import Names

MAX_MBPS = 10_000_000.0
"""Ten terabits a second: more than this is a rate in bps that was taken for Mbps."""
MIN_MBPS = 0.001
_FIRST_YEAR, _LAST_YEAR = 1990, 2199
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_INDONESIAN_ZONES = {"WIB": "Asia/Jakarta", "WITA": "Asia/Makassar", "WIT": "Asia/Jayapura"}


def timezone(declared: Declared, names: Names) -> Iterator[Complaint]:
    """The province's time zone is one that this machine (or the tzdata package) knows."""
    name = declared.province.timezone
    if zone(name) is None:
        meant = _INDONESIAN_ZONES.get(name.upper())
        hint = f'did you mean "{meant}"?' if meant else did_you_mean(name, zoneinfo.available_timezones())
        yield Complaint(
            ("province", "timezone"), f"unknown time zone {quoted(name)}", hint or "for example Asia/Makassar"
        )


def zone(name: str) -> tzinfo | None:
    """The time zone of that name; None if there is none."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (OSError, ValueError, LookupError):  # ZoneInfoNotFoundError is a KeyError; a folder's name is an OSError
        return None


def positions(declared: Declared, names: Names) -> Iterator[Complaint]:
    """Latitude and longitude, in this order, in degrees."""
    for kind in ("regions", "sites"):
        for index, thing in enumerate(getattr(declared, kind)):
            if thing.position is None:
                continue
            latitude, longitude = thing.position
            if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
                swapped = -90 <= longitude <= 90 and -180 <= latitude <= 180
                hint = (
                    f"latitude comes first: [{longitude:g}, {latitude:g}]"
                    if swapped
                    else "degrees: [latitude, longitude]"
                )
                yield Complaint((kind, index, "position"), f"[{latitude:g}, {longitude:g}] is not on the globe", hint)


def rates(declared: Declared, names: Names) -> Iterator[Complaint]:
    """Rates are possible, contracts ascend in time, and nobody buys more than the medium carries."""
    for index, link in enumerate(declared.links):
        path: Path = ("links", index)
        if link.physical_mbps is not None:
            yield from _possible((*path, "physical_mbps"), link.physical_mbps)
        for where, contract in contracts_of(link):
            for direction in ("down", "up"):
                rate = getattr(contract, direction)
                yield from _possible((*path, *where, direction), rate)
                if link.physical_mbps is not None and rate > link.physical_mbps:
                    message = f"{rate:g} Mbps is more than the medium carries (physical_mbps: {link.physical_mbps:g})"
                    yield Complaint((*path, *where, direction), message, "correct one of the two")
        if isinstance(link.contract_mbps, list):
            yield from _dates((*path, "contract_mbps"), link.contract_mbps, zone(declared.province.timezone) or UTC)


def contracts_of(link: LinkConfig) -> list[tuple[Path, Rates]]:
    """Each contract of a link and its path beneath the link."""
    given = link.contract_mbps
    if isinstance(given, list):
        return [(("contract_mbps", i), rates) for i, rates in enumerate(given)]
    return [(("contract_mbps",), given)] if given is not None else []


def instant(given: date | datetime, local: tzinfo) -> datetime:
    """When a contract begins, in UTC: a date is its midnight in the province."""
    if not isinstance(given, datetime):
        given = datetime.combine(given, time.min)
    return (given if given.tzinfo else given.replace(tzinfo=local)).astimezone(UTC)


def _possible(path: Path, mbps: float) -> Iterator[Complaint]:
    if not MIN_MBPS <= mbps <= MAX_MBPS:
        written = f"{mbps:.15g}"
        hint = f"{written} bps would be {mbps / 1e6:g}" if MAX_MBPS < mbps < 1e14 else "from 0.001 to 10000000 Mbps"
        yield Complaint(path, f"{written} Mbps is not a possible rate", hint)


def _dates(path: Path, contracts: list[DatedRates], local: tzinfo) -> Iterator[Complaint]:
    if not contracts:
        yield Complaint(path, "is an empty list", "give a contract, or leave the key out")
    before: datetime | None = None
    for index, contract in enumerate(contracts):
        given, here = contract.effective_from, (*path, index)
        if given is None:
            if index:
                yield Complaint(here, "has no from date", "only the first contract may begin at no date")
            continue
        here = (*here, "from")
        if not _FIRST_YEAR <= given.year <= _LAST_YEAR:
            yield Complaint(here, f"the year {given.year} cannot be meant", "write a date such as 2026-01-31")
            continue
        begins = instant(given, local)
        if before is not None and begins <= before:
            word = "the same date as" if begins == before else "before"
            yield Complaint(
                here, f"{given} is {word} the contract above it", "contracts ascend, each from its own date"
            )
        before = max(begins, before or begins)


def addresses(declared: Declared, names: Names) -> Iterator[Complaint]:
    """Each device has an address of its own; an IP address is preferred, since name servers fail with the network."""
    seen: dict[tuple[str, int], int] = {}
    for index, device in enumerate(declared.devices):
        for position, other in enumerate(device.answers_from):
            if ip(other) is None:
                yield Complaint(("devices", index, "answers_from", position), f"{quoted(other)} is not an IP address")
        path: Path = ("devices", index, "address")
        mend = address_fault(device.address)
        if mend is not None:
            yield Complaint(path, f"{quoted(device.address)} is not an address", mend)
            continue
        if ip(device.address) is None:
            message = f"{quoted(device.address)} is a host name"
            yield Complaint(path, message, "prefer the IP address: names cannot be resolved in an outage", warning=True)
        first = seen.setdefault((str(ip(device.address) or device.address.lower()), device.port), index)
        if first != index:
            message = f"{device.address}:{device.port} is already {quoted(declared.devices[first].id)}"
            yield Complaint(path, message, "give each device its own address or port", ("devices", first, "address"))


def ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that a text is, if it is one."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def address_fault(text: str) -> str | None:
    """The mend for what is neither an IP address that a device can have nor a host name; None if it is either."""
    address = ip(text)
    if address is not None:
        return "this address belongs to no device" if address.is_unspecified or address.is_multicast else None
    if "/" in text:
        return "leave the prefix length away"
    if ":" in text:
        return (
            "the port has a key of its own: port: 161"
            if text.count(":") == 1
            else "write IPv6 without brackets and port"
        )
    labels = text.removesuffix(".").split(".")
    if labels[-1].isdigit():
        return "an IPv4 address is four numbers from 0 to 255"
    return None if len(text) <= 253 and all(map(_LABEL.fullmatch, labels)) else "an IP address, or a host name"


def access(declared: Declared, names: Names) -> Iterator[Complaint]:
    """Every device can be asked, and one poll is over before the next is due."""
    yield from _timing(("snmp",), declared.snmp, declared.snmp, declared.poll_interval_s)
    inheriting = [d for d in declared.devices if d.snmp is None]
    if inheriting:
        for key, message, hint in lacking(declared.snmp):
            yield Complaint(("snmp", key), f"{message}; {len(inheriting)} device(s) rely on it", hint)
    for index, device in enumerate(declared.devices):
        if device.snmp is None:
            continue
        path: Path = ("devices", index, "snmp")
        whole = effective(declared.snmp, device.snmp)
        yield from _timing(path, device.snmp, whole, declared.poll_interval_s)
        for key, message, hint in lacking(whole):
            yield Complaint((*path, key), message, hint)


def _timing(path: Path, stated: SnmpConfig, whole: SnmpConfig, poll_interval_s: int) -> Iterator[Complaint]:
    deadline_s, timeout_s = whole.deadline_s, whole.timeout_s
    if stated.deadline_s is not None and stated.deadline_s >= poll_interval_s:
        message = f"{stated.deadline_s:g} s is not shorter than poll_interval_s ({poll_interval_s} s)"
        yield Complaint((*path, "deadline_s"), message, "a poll must be over before the next is due")
    limit = deadline_s or float(poll_interval_s)
    if stated.timeout_s is not None and timeout_s is not None and timeout_s > limit:
        yield Complaint((*path, "timeout_s"), f"{timeout_s:g} s is longer than the whole poll may take ({limit:g} s)")
