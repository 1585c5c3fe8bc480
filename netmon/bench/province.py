"""What is polled: so many devices on consecutive addresses, each interface a declared link with a contract."""

import ipaddress
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from netmon.model.access import Engine, SnmpAccess
from netmon.model.registry import Contract, Device, Link, Region, Registry
from netmon.model.secret import Secret

OWN_PREFIX = "127.64.0.0/10"
"""Loopback addresses of the responder that the benchmark starts itself: four million."""
_REGION = Region("00", "Benchmark")
_CONTRACTS = (Contract(100_000_000, 100_000_000),)


class BadTarget(ValueError):
    """A target that cannot be polled. The text says what it should look like."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the devices are."""

    addresses: tuple[str, ...]
    port: int


def target(text: str, devices: int) -> Target:
    """``ADDRESS/PREFIX:PORT``, v6 in brackets, as the first ``devices`` hosts of the prefix from ADDRESS on."""
    where, _, port = text.rpartition(":")
    prefix = where.removeprefix("[").replace("]", "", 1)
    try:
        start = ipaddress.ip_interface(prefix)
    except ValueError:
        start = None
    if start is None or "/" not in prefix or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise BadTarget(f"{text!r} is not ADDRESS/PREFIX:PORT, for example 127.1.0.0/16:16100")
    return Target(_hosts(start, devices), int(port))


def own(devices: int, port: int) -> Target:
    """The first addresses of our own prefix."""
    return Target(_hosts(ipaddress.ip_interface(OWN_PREFIX), devices), port)


def _hosts(start: ipaddress.IPv4Interface | ipaddress.IPv6Interface, devices: int) -> tuple[str, ...]:
    network = start.network
    edge = network.version == 4 and network.prefixlen < 31  # its first and last address are no hosts
    first = max(int(start.ip), int(network.network_address) + edge)
    free = int(network.broadcast_address) - edge - first + 1
    if devices > free:
        begin = type(start.ip)(first)
        raise BadTarget(f"{start} has {free} host addresses from {begin} on, not {devices}: ask for fewer devices")
    return tuple(str(type(start.ip)(first + n)) for n in range(devices))


def devices(of: Target, engine: Engine, community: str) -> tuple[Device, ...]:
    """A device an address, all with one access; its address is its id."""
    access = SnmpAccess(community=Secret(community), engine=engine)
    return tuple(Device(address, address, _REGION.code, access, of.port) for address in of.addresses)


def registry(polled: Sequence[Device], if_names: Mapping[str, Sequence[str]], interval_s: int) -> Registry:
    """A declared link for each of a device's interfaces. What is equal is one object, as far as it may be."""
    links = {link.id: link for link in _links(polled, if_names)}
    of_devices = {device.id: device for device in polled}
    return Registry(_REGION, "UTC", interval_s, {_REGION.code: _REGION}, devices=of_devices, links=links)


def _links(polled: Sequence[Device], if_names: Mapping[str, Sequence[str]]) -> Iterator[Link]:
    for device in polled:
        for if_name in map(sys.intern, if_names.get(device.id, ())):
            yield Link(f"{device.id}/{if_name}", device.id, if_name, _REGION.code, contracts=_CONTRACTS)


def first_names(names: Sequence[str], at_most: int) -> tuple[str, ...]:
    """The interfaces that are watched where a device has its own."""
    return tuple(islice(names, at_most))
