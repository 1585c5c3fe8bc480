"""What the network says of requests that were not delivered, heard from a real kernel's error queue."""

import asyncio
import os
import socket
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from collectors.snmp import wire
from collectors.snmp.batch import BatchEngine
from collectors.snmp.icmp import Refusal
from collectors.snmp.session import Answer, Pdu, TooBig, Unreachable
from netmon.model.access import SnmpAccess
from netmon.model.clock import SystemClock
from netmon.model.registry import Device
from netmon.model.secret import Secret
from tests.unit.collectors.asked import asked
from tests.unit.collectors.udp_agent import Request, answer, answering, number

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps an error queue")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may send ICMP")

OID = "1.3.6.1.2.1.31.1.1.1.1.1"
LONG_S = 60.0  # longer than the test may take


@asynccontextmanager
async def opened(**bounds: int) -> AsyncIterator[BatchEngine]:
    engine = BatchEngine(SystemClock(), **bounds)
    try:
        async with asyncio.timeout(20):
            yield engine
    finally:
        await engine.close()


def closed(address: str = "127.0.0.1", id: str = "closed") -> Device:
    """A device at a port where nothing listens."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind((address, 0))
        return Device(id, address, "72", SnmpAccess(community=Secret("public")), gone.getsockname()[1])


def five(request: Request) -> list[bytes]:
    return [answer(request, [(OID, number(5))])]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "localhost"])
async def test_a_closed_port_is_unreachable_at_once(address: str) -> None:
    device = replace(closed("127.0.0.1" if address == "localhost" else address), address=address)
    async with opened() as engine:
        session = engine.session(device)
        for _ in range(2):
            with pytest.raises(Unreachable, match=r"closed .*: nothing listens there \(port closed\)"):
                await asked(session, [OID], LONG_S)


async def test_two_hundred_polls_of_a_living_device_beside_a_closed_one() -> None:
    refused = 0

    async def ask_closed(engine: BatchEngine) -> None:
        nonlocal refused
        session = engine.session(closed())
        while True:
            with pytest.raises(Unreachable, match="port closed"):
                await asked(session, [OID], LONG_S)
            refused += 1

    with answering(five) as (device, seen):
        async with opened() as engine:
            beside = asyncio.create_task(ask_closed(engine))
            session = engine.session(device)
            said = [await asked(session, [OID], LONG_S) for _ in range(200)]
            beside.cancel()
            await asyncio.gather(beside, return_exceptions=True)
            assert not engine.dropped
    assert said == [{OID: 5}] * 200
    assert len(seen) == 200
    assert refused > 100


async def test_thousands_of_refusals_do_not_keep_the_others_waiting() -> None:
    pdus = [Pdu([f"{OID}.{n}"]) for n in range(5000)]
    answers: dict[Pdu, Answer] = {}
    with answering(five) as (device, _):
        async with opened(pace=100) as engine:
            dead = asyncio.create_task(engine.session(closed()).get_all(pdus, LONG_S, answers))
            session, read = engine.session(device), 0
            while not dead.done():
                assert await asked(session, [OID], LONG_S) == {OID: 5}
                read += 1
            await dead
    assert not answers
    assert read > 2


async def test_what_the_kernel_itself_refuses_to_send_does_not_harm_the_others() -> None:
    """Without leave to broadcast the kernel refuses the sending itself."""
    with answering(five) as (device, _):
        async with opened() as engine:
            lost = engine.session(replace(closed(), address="255.255.255.255"))
            both = asked(lost, [OID], LONG_S), asked(engine.session(device), [OID], LONG_S)
            no_way, said = await asyncio.gather(*both, return_exceptions=True)
    assert isinstance(no_way, Unreachable)
    assert said == {OID: 5}


@dataclass
class Overheard:
    """A request that a silent device got, and where it came from."""

    datagram: bytes
    ports: tuple[int, int]

    def refused(self, code: int, quote: bytes) -> None:
        """Send ICMP destination unreachable (RFC 792) that quotes so much of it."""
        addresses = socket.inet_aton("127.0.0.1") * 2
        udp = struct.pack("!HHHH", *self.ports, 8 + len(self.datagram), 0)
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(self.datagram), 1, 0, 64, socket.IPPROTO_UDP, 0) + addresses
        mtu = 600 if code == 4 else 0
        message = struct.pack("!BBHHH", 3, code, 0, 0, mtu) + ip + udp + quote
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
            raw.sendto(message[:2] + struct.pack("!H", _checksum(message)) + message[4:], ("127.0.0.1", 0))


def _checksum(octets: bytes) -> int:
    """RFC 1071."""
    octets += bytes(len(octets) % 2)
    total: int = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


@asynccontextmanager
async def asking() -> AsyncIterator[tuple[asyncio.Task[object], Overheard]]:
    """A request under way to a device that says nothing itself."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.setblocking(False)
        port: int = listening.getsockname()[1]
        async with opened() as engine:
            session = engine.session(replace(closed(), port=port))
            asked_it: asyncio.Task[object] = asyncio.create_task(asked(session, [OID], LONG_S))
            datagram, (_, own_port) = await asyncio.get_running_loop().sock_recvfrom(listening, 2000)
            yield asked_it, Overheard(datagram, (own_port, port))
            asked_it.cancel()


@as_root
@pytest.mark.parametrize(
    ("code", "error", "said"),
    [
        (0, Unreachable, "cannot be reached: Network is unreachable"),
        (1, Unreachable, "cannot be reached: No route to host"),
        (3, Unreachable, "port closed"),
        (4, TooBig, "does not fit into one datagram"),
        (13, Unreachable, "cannot be reached: No route to host"),
    ],
)
@pytest.mark.parametrize("quoted", [30, 2000])
async def test_the_reason_is_the_networks(code: int, error: type[Exception], said: str, quoted: int) -> None:
    async with asking() as (task, overheard):
        overheard.refused(code, overheard.datagram[:quoted])
        with pytest.raises(error, match=said):
            await task


@as_root
async def test_a_refusal_that_does_not_quote_the_request_is_not_believed() -> None:
    async with asking() as (task, overheard):
        request = overheard.datagram
        strange = [b"", request[:10], request[:-1] + b"\x06", request.replace(b"public", b"publiC"), request + b"\x00"]
        id_at = request.index(b"\x02\x04") + 2
        strange.append(request[:id_at] + b"\x41\x02\x03\x04" + request[id_at + 4 :])
        for quote in strange:
            overheard.refused(3, quote)
        await asyncio.sleep(0.1)
        assert not task.done()
        overheard.refused(3, request)
        with pytest.raises(Unreachable):
            await task


@pytest.mark.parametrize("community", [b"", b"public", b"c" * 200])
@pytest.mark.parametrize("oids", [1, 200])
def test_the_request_id_is_read_from_any_quote_that_goes_so_far(community: bytes, oids: int) -> None:
    request = wire.request(wire.V2C, community, wire.asked([OID] * oids))
    datagram, after = request.datagram(0x41020304), len(request.head) + 4
    for size in range(len(datagram) + 1):
        told = Refusal(OSError(), ("127.0.0.1", 161), datagram[:size]).request_id
        assert told == (0x41020304 if size >= after else None), size
