"""The batch engine: v1 and v2c of all devices over one UDP socket for each address family.

A PDU is encoded once, for all devices that are asked the same; a sending is three pieces joined. A reply is believed
when it carries the request-id of a request that is under way, from an address that the device may answer from
(``Device.answers_from``), with its community and version. Everything else is counted and dropped.

ICMP errors are heard where the platform tells of them (``icmp.py``): a device where nothing listens is
``Unreachable`` at once.

Walks are rare (a layout is learned once a day) and stay with gufo, on a socket of their own that ends with the walk;
but gufo hears a device's own address alone, so those that answer from others are walked here (``walking.py``).
"""

import errno
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, MutableMapping, Sequence
from contextlib import suppress
from weakref import WeakKeyDictionary, WeakValueDictionary

from collectors.snmp import wire
from collectors.snmp.addresses import believed, resolved
from collectors.snmp.gufo import GufoEngine, GufoSession
from collectors.snmp.mailbox import Arrival, Mailbox, Peer
from collectors.snmp.sending import Sending, Window
from collectors.snmp.session import Answer, Malformed, Pdu, TooBig, Unreachable, Value
from collectors.snmp.shapes import Asked, Group, Unlike
from collectors.snmp.walking import Rows, rows_beneath
from collectors.snmp.wire import Request, WireError
from netmon.model.access import SnmpVersion
from netmon.model.clock import Clock
from netmon.model.registry import Device

_VERSIONS = {SnmpVersion.V1: wire.V1, SnmpVersion.V2C: wire.V2C}
_FEW = 4  # besides those of a poll: its probe
_MOST = 256  # of one device, while nothing else is asked of it


class BatchEngine:
    """Makes sessions that share its sockets. It belongs to the event loop that asked it first.

    ``in_flight`` PDUs may be under way at once in all, and ``pace`` of them to one device: a small router has a small
    buffer."""

    name = "batch"

    def __init__(self, clock: Clock, *, in_flight: int = 2000, pace: int = 4) -> None:
        self.clock = clock
        self.pace = pace
        self.window = Window(in_flight)
        self._walks = GufoEngine(clock)
        self._mailboxes: dict[socket.AddressFamily, Mailbox] = {}
        self._groups: WeakValueDictionary[tuple[str, ...], Group] = WeakValueDictionary()
        self._prepared: WeakKeyDictionary[Pdu, tuple[Group, ...]] = WeakKeyDictionary()
        self._requests: WeakValueDictionary[tuple[int, bytes, tuple[Group, ...]], Request] = WeakValueDictionary()

    @property
    def dropped(self) -> Counter[str]:
        """Datagrams that were not believed, by reason (see ``Mailbox.dropped``)."""
        return sum((mailbox.dropped for mailbox in self.mailboxes), Counter())

    @property
    def mailboxes(self) -> tuple[Mailbox, ...]:
        """Those that are open, and what each of them has counted."""
        return tuple(self._mailboxes.values())

    def session(self, device: Device) -> "BatchSession":
        """Raises ValueError for v3, and RuntimeError on a second event loop."""
        if device.snmp.version not in _VERSIONS:
            raise ValueError(f"device {device.id}: the batch engine speaks SNMP 1 and 2c: set snmp.engine to gufo")
        return BatchSession(device, self, self._walks.session(device))

    def mailbox(self, peer: Peer) -> Mailbox:
        """The one of the peer's address family, opened when it is first needed. Raises Unreachable where this machine
        has no such family, and OSError."""
        family = socket.AF_INET6 if ":" in peer.endpoint[0] else socket.AF_INET
        if family not in self._mailboxes:
            mailbox = Mailbox(family, self.clock)
            try:
                mailbox.open()
            except OSError as error:
                if error.errno != errno.EAFNOSUPPORT:
                    raise
                raise Unreachable(f"{peer.device.where} cannot be reached: this machine has no IPv6") from None
            self._mailboxes[family] = mailbox
        return self._mailboxes[family]

    def asked(self, pdu: Pdu, version: int, community: bytes) -> Asked:
        """A PDU for one device. What it is made of is shared by all devices that are asked for the same: 11 kB for a
        router of 48 interfaces. Raises WireError."""
        groups = self._prepared.get(pdu)
        if groups is None:
            groups = self._prepared[pdu] = tuple(map(self._group, pdu.groups))
        request = self._requests.get((version, community, groups))
        if request is None:
            request = wire.request(version, community, b"".join(group.asked for group in groups))
            self._requests[version, community, groups] = request
        return Asked(groups, request)

    def _group(self, oids: tuple[str, ...]) -> Group:
        group = self._groups.get(oids)
        if group is None:
            group = self._groups[oids] = Group(oids)
        return group

    async def close(self) -> None:
        """Close the sockets; whoever still waits gets NoAnswer."""
        for mailbox in self.mailboxes:
            mailbox.close()
        self._mailboxes.clear()
        await self._walks.close()


class BatchSession:
    """One device's conversation. After any error its name is looked up anew: the address may have moved."""

    def __init__(self, device: Device, engine: BatchEngine, walker: GufoSession) -> None:
        self._device = device
        self._engine = engine
        self._walker = walker
        self._version = _VERSIONS[device.snmp.version]
        self._community = device.snmp.community.reveal().encode() if device.snmp.community else b""
        self._peer: Peer | None = None
        self._asked: dict[Pdu, Asked] = {}

    @property
    def max_repetitions(self) -> int:
        return self._walker.max_repetitions

    @max_repetitions.setter
    def max_repetitions(self, rows: int) -> None:
        self._walker.max_repetitions = rows

    async def get(self, pdu: Pdu, timeout_s: float) -> Answer:
        """One GET PDU; on v1, where a missing OID spoils the whole PDU (noSuchName), one more for each such OID."""
        left, asked = pdu, self._kept(pdu)
        while True:
            arrival = await self._exchanged(asked.request, timeout_s)
            status, index = arrival.reply.error_status, arrival.reply.error_index
            if not status:
                groups = self._read(left, asked, arrival)
                return Answer(groups if left is pdu else _regrouped(pdu, left, groups), arrival.arrived_s)
            oids = left.oids
            if status == wire.NO_SUCH_NAME and 1 <= index <= len(oids):
                left = Pdu(oids[: index - 1] + oids[index:])
            elif len(oids) > 1:
                raise TooBig(f"{self._device.where} refuses a request for {len(oids)} values at once")
            else:
                left = Pdu(())
            if not left.oids:
                return Answer(_regrouped(pdu, left, [()]), arrival.arrived_s)
            asked = self._engine.asked(left, self._version, self._community)

    async def get_all(self, pdus: Sequence[Pdu], timeout_s: float, answers: MutableMapping[Pdu, Answer]) -> None:
        """What is answered with an error, or with other things than were asked, is left out like what is not."""
        asked = [self._kept(pdu) for pdu in pdus]
        if len(self._asked) > len(pdus) + _FEW:  # what is left of a table that was learned is not asked again
            self._asked = dict(zip(pdus, asked, strict=True))

        def take(number: int, outcome: Arrival | Exception) -> None:
            if isinstance(outcome, Arrival) and not outcome.reply.error_status:
                with suppress(Malformed):
                    groups = self._read(pdus[number], asked[number], outcome, whole=True)
                    answers[pdus[number]] = Answer(groups, outcome.arrived_s)
            elif isinstance(outcome, OSError):
                raise outcome

        if asked:
            await self._sent([each.request for each in asked], timeout_s, take)

    async def walk(self, root: str, timeout_s: float) -> AsyncIterator[tuple[str, Value]]:
        """By gufo, or by ourselves where gufo would not hear the answers."""

        async def rows(kind: int, oid: str, repetitions: int) -> Rows:
            request = wire.request(self._version, self._community, wire.asked([oid]), kind, (0, repetitions))
            arrival = await self._exchanged(request, timeout_s)
            if arrival.reply.error_status not in (0, wire.NO_SUCH_NAME):
                raise TooBig(f"{self._device.where} refuses to be walked")
            return [] if arrival.reply.error_status else self._varbinds(arrival)

        ours = rows_beneath(root, self._walker, rows, self._device.where)
        try:
            async for row in ours if self._device.answers_from else self._walker.walk(root, timeout_s):
                yield row
        finally:
            await self._walker.close()

    async def close(self) -> None:
        """The sockets are the engine's; only a walk has one of its own."""
        await self._walker.close()

    async def _exchanged(self, request: Request, timeout_s: float) -> Arrival:
        """One request and its answer."""
        outcomes: list[Arrival | Exception] = []
        await self._sent([request], timeout_s, lambda number, outcome: outcomes.append(outcome))
        if isinstance(outcomes[0], Exception):
            self._peer = None
            raise outcomes[0]
        return outcomes[0]

    async def _sent(
        self, requests: Sequence[Request], timeout_s: float, take: Callable[[int, Arrival | Exception], None]
    ) -> None:
        if self._peer is None:
            device, address = self._device, await resolved(self._device)
            endpoint = (address, device.port)
            self._peer = Peer(device, self._version, self._community, endpoint, believed(device, address))
        mailbox = self._engine.mailbox(self._peer)
        await Sending(requests, self._peer, timeout_s, take).ended(mailbox, self._engine.window, self._engine.pace)

    def _kept(self, pdu: Pdu) -> Asked:
        """The same few PDUs are asked at every poll."""
        known = self._asked.get(pdu)
        if known is None:
            if len(self._asked) >= _MOST:
                self._asked.clear()
            known = self._asked[pdu] = self._engine.asked(pdu, self._version, self._community)
        return known

    def _read(self, pdu: Pdu, asked: Asked, arrival: Arrival, *, whole: bool = False) -> Sequence[tuple[Value, ...]]:
        """The values of what was asked, be it in another order; what an agent adds of its own accord is left out. What
        it leaves out is None, unless the ``whole`` is wanted."""
        try:
            return asked.read(arrival.datagram, arrival.reply)
        except Unlike:
            pass
        except WireError as error:
            raise self._malformed(error) from None
        values = dict(self._varbinds(arrival))
        if values.keys().isdisjoint(pdu.oids) or (whole and not values.keys() >= set(pdu.oids)):
            self._peer = None
            raise Malformed(f"{self._device.where} answers other things than it was asked")
        return [tuple(map(values.get, group)) for group in pdu.groups]

    def _varbinds(self, arrival: Arrival) -> Rows:
        try:
            return wire.varbinds(arrival.datagram, arrival.reply)
        except WireError as error:
            raise self._malformed(error) from None

    def _malformed(self, error: WireError) -> Malformed:
        self._peer = None
        return Malformed(f"{self._device.where} sent something that is not a proper SNMP answer: {error}")


def _regrouped(pdu: Pdu, left: Pdu, groups: Sequence[tuple[Value, ...]]) -> list[tuple[Value, ...]]:
    """The values of what was ``left`` of a PDU, in the PDU's groups."""
    values = dict(zip(left.oids, groups[0], strict=True))
    return [tuple(map(values.get, group)) for group in pdu.groups]
