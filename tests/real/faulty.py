"""A UDP agent on this event loop whose counters move, and that can be made to fail as devices in the field do.

``FaultyAgent`` itself is well behaved: v1 and v2c, GET, GETNEXT and GETBULK over the MIB objects that netmon asks for.
What goes wrong stands in ``faults`` (see ``tests/real/faults.py``) and may be changed while it runs.
"""

from __future__ import annotations

import asyncio
import socket
import time
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from netmon.model.access import Engine, SnmpAccess, SnmpVersion
from netmon.model.poll import PollReport
from netmon.model.registry import Device
from netmon.model.secret import Secret
from tests.real import ber
from tests.real.ber import Asked, Oid, Response, Typed

COMMUNITY = b"public"
SYS_UPTIME: Oid = (1, 3, 6, 1, 2, 1, 1, 3, 0)
IF: Oid = (1, 3, 6, 1, 2, 1, 2, 2, 1)
IFX: Oid = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
IF_NUMBER: Oid = (1, 3, 6, 1, 2, 1, 2, 1, 0)
IN_OCTETS, OUT_OCTETS = (*IFX, 6), (*IFX, 10)
OCTETS_PER_S = {IN_OCTETS: 12_000_000, OUT_OCTETS: 7_000_000}
"""So fast that two readings of a counter never agree."""

Fault = Callable[["Exchange"], None]


@dataclass
class Exchange:
    """One request and what becomes of it; faults change it before anything is sent."""

    agent: FaultyAgent
    asked: Asked
    client: tuple[str, int]
    response: Response | None
    """None: silence."""
    after_s: float = 0.0
    by: tuple[str, int] | None = None
    """The address and port that the answer comes from, if not the agent's own (port 0: any)."""
    spoils: list[Callable[[bytes], bytes]] = field(default_factory=list)
    """What happens to the octets on their way."""
    copies: int = 1
    before: list[bytes] = field(default_factory=list)
    afterwards: list[bytes] = field(default_factory=list)

    def datagrams(self) -> list[bytes]:
        """All that goes out, in order."""
        said: list[bytes] = []
        if self.response is not None:
            octets = self.response.octets()
            for spoil in self.spoils:
                octets = spoil(octets)
            said = [octets] * self.copies
        return [*self.before, *said, *self.afterwards]


class FaultyAgent(asyncio.DatagramProtocol):
    """A device with interfaces ``ge-1`` … ``ge-n``, ifIndex from 1. Open it with ``running``."""

    def __init__(self, interfaces: int, *, wide: bool = True) -> None:
        self.faults: list[Fault] = []
        self.seen: list[Asked] = []
        self.waiting = 0
        """Requests that have come and are not answered yet."""
        self.most_waiting = 0
        self.names = {index: f"ge-{index}" for index in range(1, interfaces + 1)}
        self.wide = wide
        self._starts: list[float] = []
        self.restart()

    def restart(self) -> None:
        """Uptime and counters begin anew."""
        self._starts.append(time.monotonic())
        self.rebuild()

    def rebuild(self) -> None:
        """After ``names`` were changed."""
        self.objects = self._objects()
        self._order = sorted(self.objects)

    def counter(self, column: Oid, if_name: str, at_s: float) -> int:
        """The truth: far apart for any two counters of this device, so that one taken for another shows."""
        place = int(if_name.removeprefix("ge-")) * len(OCTETS_PER_S) + list(OCTETS_PER_S).index(column)
        return place * 10**11 + int(self._lived_s(at_s) * OCTETS_PER_S[column])

    def _lived_s(self, at_s: float) -> float:
        """Since the last restart before that instant."""
        return at_s - max(start for start in self._starts if start <= at_s)

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._transport.get_extra_info("sockname")[:2]
        return host, port

    def device(self, version: SnmpVersion = SnmpVersion.V2C, engine: Engine = Engine.BATCH, **access: Any) -> Device:
        """As the registry would have it. ``access``: timeout_s, deadline_s."""
        bounds = {"timeout_s": 0.2, "deadline_s": 3.0} | access
        snmp = SnmpAccess(version, Secret(COMMUNITY.decode()), engine=engine, **bounds)
        return Device("odd", self.address[0], "72", snmp, self.address[1])

    def gets(self, since: int = 0) -> list[int]:
        """How many varbinds each GET asked for that came after the first ``since`` requests."""
        return [len(each.oids) for each in self.seen[since:] if each.kind == ber.GET]

    # asyncio.DatagramProtocol

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, client: Any) -> None:
        asked = ber.asked(data)
        if asked.community != COMMUNITY:
            return
        self.seen.append(asked)
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)
        exchange = Exchange(self, asked, client, self.answer(asked))
        for fault in self.faults:
            fault(exchange)
        asyncio.get_running_loop().call_later(exchange.after_s, self._send, exchange)

    def _send(self, exchange: Exchange) -> None:
        self.waiting -= 1
        if self._transport.is_closing():
            return
        datagrams = exchange.datagrams()
        if exchange.by is None:
            for datagram in datagrams:
                self._transport.sendto(datagram, exchange.client)
            return
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(exchange.by)
            for datagram in datagrams:
                other.sendto(datagram, exchange.client)

    # What a proper agent says

    def answer(self, asked: Asked) -> Response:
        now_s = time.monotonic()
        said = Response(asked.version, asked.community, asked.request_id)
        rows = {ber.GET: self._got, ber.GETNEXT: self._next, ber.GETBULK: self._bulk}[asked.kind](asked, now_s)
        for place, (_, value) in enumerate(rows, start=1):
            if asked.version == 0 and value[0] in (ber.NO_SUCH_INSTANCE, ber.END_OF_MIB_VIEW):  # RFC 1157 4.1.2
                said.error, said.index = ber.NO_SUCH_NAME, place
                rows = [(oid, (ber.NULL, b"")) for oid in asked.oids]
                break
        said.rows = rows
        return said

    def _got(self, asked: Asked, now_s: float) -> list[tuple[Oid, Typed]]:
        return [(oid, self._value(oid, asked.version, now_s) or (ber.NO_SUCH_INSTANCE, b"")) for oid in asked.oids]

    def _next(self, asked: Asked, now_s: float) -> list[tuple[Oid, Typed]]:
        return [self._following(oid, asked.version, now_s) for oid in asked.oids]

    def _bulk(self, asked: Asked, now_s: float) -> list[tuple[Oid, Typed]]:
        rows, heads = [], list(asked.oids)
        for _ in range(max(asked.second, 0)):
            step = [self._following(oid, asked.version, now_s) for oid in heads]
            heads = [oid for oid, _ in step]
            rows += step
        return rows

    def _following(self, oid: Oid, version: int, now_s: float) -> tuple[Oid, Typed]:
        for each in self._order[bisect_right(self._order, oid) :]:
            if value := self._value(each, version, now_s):
                return each, value
        return oid, (ber.END_OF_MIB_VIEW, b"")

    def _value(self, oid: Oid, version: int, now_s: float) -> Typed | None:
        found = self.objects.get(oid)
        value = found(now_s) if found else None
        return None if value and version == 0 and value[0] == ber.COUNTER64 else value

    def _objects(self) -> dict[Oid, Callable[[float], Typed]]:
        def ticks(at_s: float) -> Typed:
            return ber.TICKS, ber.digits(int(self._lived_s(at_s) * 100))

        objects: dict[Oid, Callable[[float], Typed]] = {SYS_UPTIME: ticks}
        fixed: dict[Oid, Typed] = {
            (1, 3, 6, 1, 2, 1, 1, 5, 0): (ber.OCTETS, b"odd"),
            (1, 3, 6, 1, 6, 3, 10, 2, 1, 2, 0): (ber.INTEGER, ber.digits(len(self._starts))),
            IF_NUMBER: (ber.INTEGER, ber.digits(len(self.names))),
        }
        for index, name in self.names.items():
            fixed |= self._settled(index, name)
            for column, narrow in ((IN_OCTETS, (*IF, 10)), (OUT_OCTETS, (*IF, 16))):
                if self.wide:
                    objects[*column, index] = self._moving(column, name, ber.COUNTER64)
                objects[*narrow, index] = self._moving(column, name, ber.COUNTER32)
        return objects | {oid: (lambda _, value=value: value) for oid, value in fixed.items()}  # type: ignore[misc]

    def _moving(self, column: Oid, name: str, tag: int) -> Callable[[float], Typed]:
        bound = 2**64 if tag == ber.COUNTER64 else 2**32
        return lambda at_s: (tag, ber.digits(self.counter(column, name, at_s) % bound))

    @staticmethod
    def _settled(index: int, name: str) -> dict[Oid, Typed]:
        text, up, none = (ber.OCTETS, name.encode()), (ber.INTEGER, b"\x01"), (ber.COUNTER32, b"\x00")
        speed = (ber.GAUGE32, ber.digits(1_000_000_000))
        ethernet = (ber.INTEGER, b"\x06")
        in_if = {2: text, 3: ethernet, 5: speed, 7: up, 8: up, 13: none, 14: none, 19: none, 20: none}
        in_ifx: dict[int, Typed] = {1: text, 15: (ber.GAUGE32, ber.digits(1000)), 18: (ber.OCTETS, b"to the office")}
        return {(*IF, c, index): v for c, v in in_if.items()} | {(*IFX, c, index): v for c, v in in_ifx.items()}


@asynccontextmanager
async def running(interfaces: int = 4, address: str = "127.0.0.1", **of: Any) -> AsyncIterator[FaultyAgent]:
    """An agent that answers on a port of its own."""
    agent = FaultyAgent(interfaces, **of)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: agent, (address, 0))
    try:
        yield agent
    finally:
        transport.close()


def untrue(report: PollReport, agent: FaultyAgent) -> list[str]:
    """Every counter of the report that the agent's counter of that name was at no instant of the poll. Missing ones
    are not among them. A row's stamp must not be before its ifHCInOctets; ifHCOutOctets may come with a later PDU."""
    found = []
    began_s = report.finished_s - report.elapsed_s
    for row in report.interfaces:
        assert began_s <= row.arrived_s <= report.finished_s
        assert row.if_name == agent.names[row.if_index]
        sides = ((IN_OCTETS, row.in_octets, row.arrived_s), (OUT_OCTETS, row.out_octets, report.finished_s))
        for column, said, until_s in sides:
            if said is None:
                continue
            assert row.counter_bits in (32, 64)
            least, most = (agent.counter(column, row.if_name, at_s) for at_s in (began_s, until_s))
            if (said - least) % 2 ** (row.counter_bits or 64) > most - least:
                found.append(f"{row.if_name} {column[-1]}: {said}")
    return found
