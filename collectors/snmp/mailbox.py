"""One UDP socket for many devices: what is sent, what is waited for, and what of all that arrives is believed."""

import asyncio
import errno
import os
import socket
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import structlog

from collectors.snmp import wire
from collectors.snmp.session import Malformed, NoAnswer, TooBig, Unreachable
from collectors.snmp.wire import Reply, Request, WireError
from netmon.model.clock import Clock
from netmon.model.registry import Device

log = structlog.get_logger()

Endpoint = tuple[str, int]
"""Address and port, as the kernel writes them."""

_RECEIVE_BUFFER = 8 * 1024 * 1024  # octets: thousands of answers may come at once while this process judges others
_DATAGRAMS_A_TURN = 256  # then the other tasks of the loop have theirs
_IDS_AT_ONCE = 512
_OUR_OWN_WANT = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS)


@dataclass(frozen=True, slots=True)
class Peer:
    """A device as the mailbox knows it."""

    device: Device
    version: int
    community: bytes
    endpoint: Endpoint
    believed: frozenset[Endpoint]
    """From where it may answer."""


class Arrival(NamedTuple):
    """A response that is believed, and when it came (monotonic seconds)."""

    reply: Reply
    datagram: bytes
    arrived_s: float


@dataclass(slots=True)
class _Pending:
    peer: Peer
    arrival: "asyncio.Future[Arrival | None]"


class Mailbox:
    """Of one address family and one event loop. ``open`` it before the first exchange."""

    def __init__(self, family: socket.AddressFamily, clock: Clock) -> None:
        self.dropped: Counter[str] = Counter()
        """Datagrams that were not believed: ``garbled``, ``unasked`` (late, doubled or forged), ``elsewhere``
        (from another address) and ``estranged`` (another community or version than was asked with)."""
        self._family = family
        self._clock = clock
        self._pending: dict[int, _Pending] = {}
        self._garbled: Counter[Endpoint] = Counter()
        self._hinted: set[str] = set()
        self._ids = _unpredictable()
        self._writable = asyncio.Lock()

    def open(self) -> None:
        """Raises OSError where this machine has no sockets left, or none of this family."""
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(self._family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)  # the kernel's own limit holds
        if self._family is socket.AF_INET6:
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self._loop.add_reader(self._socket, self._receive)

    def close(self) -> None:
        """Whoever still waits for an answer gets none."""
        self._loop.remove_reader(self._socket)
        self._socket.close()
        for pending in self._pending.values():
            _resolve(pending.arrival, None)

    async def exchange(self, peer: Peer, request: Request, timeout_s: float) -> Arrival:
        """Send one PDU and wait for its answer. Raises NoAnswer, Malformed, Unreachable, TooBig, and OSError for what
        this machine itself lacks."""
        request_id = next(each for each in self._ids if each not in self._pending)
        arrival: asyncio.Future[Arrival | None] = self._loop.create_future()
        garbled = self._garbled_by(peer)
        self._pending[request_id] = _Pending(peer, arrival)
        timer = self._loop.call_later(timeout_s, _resolve, arrival, None)
        try:
            await self._send(request.datagram(request_id), peer)
            arrived = await arrival
        finally:
            timer.cancel()
            del self._pending[request_id]
        if arrived is not None:
            return arrived
        if self._garbled_by(peer) > garbled:
            raise Malformed(f"{peer.device.where} sent something that is not a proper SNMP answer")
        raise NoAnswer(f"{peer.device.where} did not answer within {timeout_s:g} s")

    async def _send(self, datagram: bytes, peer: Peer) -> None:
        try:
            try:
                self._socket.sendto(datagram, peer.endpoint)
            except BlockingIOError:  # one waiter at a time: the loop knows one writer for a socket
                async with self._writable:
                    await self._loop.sock_sendto(self._socket, datagram, peer.endpoint)
        except OSError as error:
            if error.errno in _OUR_OWN_WANT:
                raise
            if error.errno == errno.EMSGSIZE:
                raise TooBig(f"{peer.device.where}: the request does not fit into one datagram") from None
            raise Unreachable(f"{peer.device.where} cannot be reached: {error.strerror or error}") from None

    def _receive(self) -> None:
        for _ in range(_DATAGRAMS_A_TURN):
            try:
                datagram, source = self._socket.recvfrom(65535)
            except OSError:  # nothing left, or an error that the kernel kept for some earlier datagram
                return
            self._sort(datagram, (source[0], source[1]))

    def _sort(self, datagram: bytes, source: Endpoint) -> None:
        try:
            reply = wire.opened(datagram)
        except WireError:
            self.dropped["garbled"] += 1
            if source in self._garbled:
                self._garbled[source] += 1
            return
        pending = self._pending.get(reply.request_id)
        if pending is None or pending.arrival.done():
            self.dropped["unasked"] += 1
        elif source not in pending.peer.believed:
            self.dropped["elsewhere"] += 1
            self._hint(pending.peer.device, source)
        elif (reply.version, reply.community) != (pending.peer.version, pending.peer.community):
            self.dropped["estranged"] += 1
        else:
            pending.arrival.set_result(Arrival(reply, datagram, self._clock.monotonic_s()))

    def _hint(self, device: Device, source: Endpoint) -> None:
        """Whoever knows the request-id has seen the request: very likely the device itself, by another address."""
        if device.id not in self._hinted:
            self._hinted.add(device.id)
            mend = f"if {source[0]} is the device's own, add it to its answers_from"
            came_from = f"{source[0]}:{source[1]}"
            log.warning(
                "answer from another address", device=device.id, asked=device.where, source=came_from, mend=mend
            )

    def _garbled_by(self, peer: Peer) -> int:
        """Datagrams without sense from the device's addresses. The first call has them counted."""
        return sum(self._garbled.setdefault(endpoint, 0) for endpoint in peer.believed)


def _resolve(arrival: "asyncio.Future[Arrival | None]", outcome: None) -> None:
    if not arrival.done():
        arrival.set_result(outcome)


def _unpredictable() -> Iterator[int]:
    """Request-ids that nobody can guess who does not see the request: 30 bits of the kernel's, drawn by the block."""
    layout = struct.Struct(f"!{_IDS_AT_ONCE}I")
    while True:
        for number in layout.unpack(os.urandom(layout.size)):
            yield number & 0x3FFFFFFF | 0x40000000  # four octets, and none too many
