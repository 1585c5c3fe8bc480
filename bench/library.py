"""A Python library as it comes, in a process of its own: every device's OIDs by GET, many devices at a time.

``python -m bench.library gufo|pysnmp PORT INTERFACES ADDRESS...`` waits for a line on stdin, polls, and says how many
CPU seconds that took. It keeps nothing and judges nothing.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence

from bench.oids import pdus

_AT_ONCE = 50
Poll = Callable[[str, int, Sequence[Sequence[str]]], Awaitable[None]]


async def by_gufo(address: str, port: int, asked: Sequence[Sequence[str]]) -> None:
    from gufo.snmp import SnmpVersion
    from gufo.snmp.aio import SnmpSession

    async with SnmpSession(addr=address, port=port, community="public", version=SnmpVersion.v2c) as session:
        for pdu in asked:
            got = await session.get_many(pdu)
            assert len(got) == len(pdu)


async def by_pysnmp(address: str, port: int, asked: Sequence[Sequence[str]]) -> None:
    from pysnmp.hlapi.v1arch.asyncio import (
        CommunityData,
        ObjectIdentity,
        ObjectType,
        SnmpDispatcher,
        UdpTransportTarget,
        get_cmd,
    )

    dispatcher = SnmpDispatcher()
    target = await UdpTransportTarget.create((address, port), timeout=10)
    for pdu in asked:
        wanted = [ObjectType(ObjectIdentity(oid)) for oid in pdu]
        error, _, _, got = await get_cmd(dispatcher, CommunityData("public"), target, *wanted, lookupMib=False)
        assert not error
        assert len(got) == len(pdu)
    dispatcher.close()


async def poll(by: Poll, addresses: Sequence[str], port: int, interfaces: int) -> None:
    """Every device once."""
    turn, asked = asyncio.Semaphore(_AT_ONCE), pdus(interfaces)

    async def one(address: str) -> None:
        async with turn:
            await by(address, port, asked)

    await asyncio.gather(*map(one, addresses))


def main(name: str, port: int, interfaces: int, addresses: Sequence[str]) -> None:
    by = {"gufo": by_gufo, "pysnmp": by_pysnmp}[name]
    asyncio.run(poll(by, addresses[:1], port, interfaces))  # what is imported and made once is before the clock
    print("ready", flush=True)
    sys.stdin.readline()
    began_s = time.process_time()
    asyncio.run(poll(by, addresses, port, interfaces))
    print(time.process_time() - began_s, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
