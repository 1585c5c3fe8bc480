"""Where a device is reached, and from where it may answer."""

import asyncio
import ipaddress
import socket

from collectors.snmp.session import Unreachable
from netmon.model.registry import Device


async def resolved(device: Device) -> str:
    """The device's IP address as the kernel writes it; a host name is looked up. Raises Unreachable."""
    try:
        return str(ipaddress.ip_address(device.address))
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(device.address, None, type=socket.SOCK_DGRAM)
    except socket.gaierror:
        mend = "check devices[].address or the name server"
        raise Unreachable(f"{device.where}: the name cannot be resolved: {mend}") from None
    return str(found[0][4][0])


def believed(device: Device, address: str) -> frozenset[tuple[str, int]]:
    """From where the device may answer: the address that is asked and its ``answers_from``, at its own port."""
    return frozenset((str(ipaddress.ip_address(each)), device.port) for each in (address, *device.answers_from))
