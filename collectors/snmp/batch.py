"""The batch engine: v1 and v2c of all devices over one UDP socket for each address family.

A reply is believed when it carries the request-id of a request that is under way, from an address that the device may
answer from (``Device.answers_from``), with its community and version. Everything else is counted and dropped.

On a socket that is connected to nobody the kernel does not tell of ICMP port unreachable: a device where nothing
listens is ``NoAnswer`` after the time-out here, where gufo says ``Unreachable`` at once.

Walks are rare (a layout is learned once a day) and stay with gufo, on a socket of their own that ends with the walk;
but gufo hears a device's own address alone, so those that answer from others are walked here.
"""

import asyncio
import errno
import ipaddress
import socket
from collections import Counter
from collections.abc import AsyncIterator, Sequence

from collectors.snmp import wire
from collectors.snmp.gufo import GufoEngine, GufoSession
from collectors.snmp.mailbox import Arrival, Mailbox, Peer
from collectors.snmp.session import Answer, Malformed, NoAnswer, SnmpError, TooBig, Unreachable, Value
from collectors.snmp.wire import Request, WireError
from netmon.model.access import SnmpVersion
from netmon.model.clock import Clock
from netmon.model.registry import Device

_VERSIONS = {SnmpVersion.V1: wire.V1, SnmpVersion.V2C: wire.V2C}
_MOST_NAMES = 200_000
_MOST_REQUESTS = 256  # of one device: a poll of a thousand interfaces


class BatchEngine:
    """Makes sessions that share its sockets. It belongs to the event loop that asked it first.

    ``in_flight`` PDUs may be under way at once in all, and ``pace`` of them to one device: a small router has a small
    buffer."""

    name = "batch"

    def __init__(self, clock: Clock, *, in_flight: int = 2000, pace: int = 4) -> None:
        self.clock = clock
        self._pace = pace
        self._walks = GufoEngine(clock)
        self._mailboxes: dict[socket.AddressFamily, Mailbox] = {}
        self.in_flight = asyncio.Semaphore(in_flight)
        self.names: dict[bytes, str] = {}
        """OIDs as octets and as text, the same text for every device: thousands of routers have the same tables."""

    @property
    def dropped(self) -> Counter[str]:
        """Datagrams that were not believed, by reason (see ``Mailbox.dropped``)."""
        return sum((mailbox.dropped for mailbox in self._mailboxes.values()), Counter())

    def session(self, device: Device) -> "BatchSession":
        """Raises ValueError for v3, and RuntimeError on a second event loop."""
        if device.snmp.version not in _VERSIONS:
            raise ValueError(f"device {device.id}: the batch engine speaks SNMP 1 and 2c: set snmp.engine to gufo")
        return BatchSession(device, self, self._walks.session(device), asyncio.Semaphore(self._pace))

    def mailbox(self, family: socket.AddressFamily) -> Mailbox:
        """The one of this address family, opened when it is first needed. Raises OSError."""
        if family not in self._mailboxes:
            mailbox = Mailbox(family, self.clock)
            mailbox.open()
            self._mailboxes[family] = mailbox
        return self._mailboxes[family]

    def encoded(self, version: int, community: bytes, oids: Sequence[str]) -> tuple[tuple[str, ...], Request]:
        """A GET, and its OIDs by the texts that all devices share."""
        if len(self.names) > _MOST_NAMES:
            self.names.clear()
        shared = tuple(self.names.setdefault(wire.oid_octets(oid), oid) for oid in oids)
        return shared, wire.request(version, community, shared)

    async def close(self) -> None:
        """Close the sockets; whoever still waits gets NoAnswer."""
        for mailbox in self._mailboxes.values():
            mailbox.close()
        self._mailboxes.clear()
        await self._walks.close()


class BatchSession:
    """One device's conversation. After any error its name is looked up anew: the address may have moved."""

    def __init__(self, device: Device, engine: BatchEngine, walker: GufoSession, pace: asyncio.Semaphore) -> None:
        self._device = device
        self._engine = engine
        self._walker = walker
        self._pace = pace
        self._version = _VERSIONS[device.snmp.version]
        self._community = device.snmp.community.reveal().encode() if device.snmp.community else b""
        self._peer: Peer | None = None
        self._requests: dict[tuple[str, ...], Request] = {}

    @property
    def max_repetitions(self) -> int:
        return self._walker.max_repetitions

    @max_repetitions.setter
    def max_repetitions(self, rows: int) -> None:
        self._walker.max_repetitions = rows

    async def get(self, oids: Sequence[str], timeout_s: float) -> Answer:
        """One GET PDU; on v1, where a missing OID spoils the whole PDU (noSuchName), one more for each such OID."""
        left, values = tuple(oids), dict[str, Value].fromkeys(oids)
        arrived_s = self._engine.clock.monotonic_s()
        while left:
            arrival = await self._sent(self._encoded(left), timeout_s)
            arrived_s = arrival.arrived_s
            status, index = arrival.reply.error_status, arrival.reply.error_index
            if not status:
                values |= self._read(arrival, left)
                break
            if status == wire.NO_SUCH_NAME and 1 <= index <= len(left):
                left = left[: index - 1] + left[index:]
            elif len(left) > 1:
                raise TooBig(f"{self._device.where} refuses a request for {len(left)} values at once")
            else:
                break
        return Answer(values, arrived_s)

    async def walk(self, root: str, timeout_s: float) -> AsyncIterator[tuple[str, Value]]:
        """By gufo, or by ourselves where gufo would not hear the answers."""
        try:
            async for row in (self._rows if self._device.answers_from else self._walker.walk)(root, timeout_s):
                yield row
        finally:
            await self._walker.close()

    async def _rows(self, root: str, timeout_s: float) -> AsyncIterator[tuple[str, Value]]:
        """A subtree row by row, ended by whatever is not beneath it. An OID must increase."""
        before = root
        while rows := await self._following(before, timeout_s):
            for oid, value in rows:
                if not oid.startswith(f"{root}.") or (oid == before and value is None):  # endOfMibView repeats the OID
                    return
                if wire.place(oid) <= wire.place(before):
                    raise Malformed(f"{self._device.where}: a walk that never ends: after {before} comes {oid}")
                before = oid
                yield oid, value

    async def _following(self, oid: str, timeout_s: float) -> list[tuple[str, Value]]:
        """The rows after this one. A GETBULK that times out is asked again for half as many, down to GETNEXT, which
        is sent twice; no rows where the agent has no more (v1: noSuchName)."""
        last_try = self.max_repetitions == 0
        while True:
            kind, rows = (wire.GETBULK, self.max_repetitions) if self.max_repetitions else (wire.GETNEXT, 0)
            try:
                request = wire.request(self._version, self._community, [oid], kind, (0, rows))
                arrival = await self._sent(request, timeout_s)
            except NoAnswer:
                if last_try:
                    raise
                last_try = rows == 0
                self.max_repetitions = rows // 2 if rows > 3 else 0
                continue
            if arrival.reply.error_status not in (0, wire.NO_SUCH_NAME):
                raise TooBig(f"{self._device.where} refuses to be walked")
            return [] if arrival.reply.error_status else self._decoded(arrival)

    async def _sent(self, request: Request, timeout_s: float) -> Arrival:
        """One exchange, when it is this PDU's turn. The time-out begins with the sending."""
        try:
            async with self._pace, self._engine.in_flight:
                peer = self._peer = self._peer or await self._found()
                family = socket.AF_INET6 if ":" in peer.endpoint[0] else socket.AF_INET
                return await self._engine.mailbox(family).exchange(peer, request, timeout_s)
        except SnmpError:
            self._peer = None
            raise
        except OSError as error:
            if error.errno != errno.EAFNOSUPPORT:
                raise
            raise Unreachable(f"{self._device.where} cannot be reached: this machine has no IPv6") from None

    async def _found(self) -> Peer:
        device = self._device
        address = await _resolved(device)
        believed = frozenset((str(ipaddress.ip_address(each)), device.port) for each in (address, *device.answers_from))
        return Peer(device, self._version, self._community, (address, device.port), believed)

    def _encoded(self, oids: tuple[str, ...]) -> Request:
        """The same few requests are sent at every poll: each is encoded once."""
        if (known := self._requests.get(oids)) is not None:
            return known
        if len(self._requests) >= _MOST_REQUESTS:
            self._requests.clear()
        shared, request = self._engine.encoded(self._version, self._community, oids)
        self._requests[shared] = request
        return request

    def _read(self, arrival: Arrival, asked: tuple[str, ...]) -> dict[str, Value]:
        """The values of what was asked; what an agent adds of its own accord is left out."""
        rows = self._decoded(arrival)
        values = dict[str, Value].fromkeys(asked)
        distinct = len(values)
        values.update(rows)
        if rows and len(values) == distinct:  # nearly always: all that came was asked for
            return values
        said = {oid: value for oid, value in rows if oid in asked}
        if not said:
            raise Malformed(f"{self._device.where} answers other things than it was asked")
        return said

    def _decoded(self, arrival: Arrival) -> list[tuple[str, Value]]:
        try:
            return wire.varbinds(arrival.datagram, arrival.reply, self._engine.names)
        except WireError as error:
            self._peer = None
            raise Malformed(f"{self._device.where} sent something that is not a proper SNMP answer: {error}") from None

    async def close(self) -> None:
        """The sockets are the engine's; only a walk has one of its own."""
        await self._walker.close()


async def _resolved(device: Device) -> str:
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
