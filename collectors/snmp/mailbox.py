"""One UDP socket for many devices: what is sent, what is waited for, and what of all that arrives is believed."""

import asyncio
import os
import socket
import struct
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import structlog

from collectors.snmp.icmp import Endpoint, Refusal, refusals, told_of, why_not_sent
from collectors.snmp.session import Malformed, NoAnswer
from collectors.snmp.shapes import Heads
from collectors.snmp.wire import Reply, Request, WireError
from netmon.model.clock import Clock
from netmon.model.registry import Device

log = structlog.get_logger()

_RECEIVE_BUFFER = 8 * 1024 * 1024  # octets: thousands of answers may come at once while this process judges others
_DATAGRAMS_A_TURN = 256  # then the other tasks of the loop have theirs
_REFUSALS_A_TURN = 256
_TRIES = 4  # of one sendto: each may fail for what the kernel was told of another datagram
_TURNS_A_SWEEP = 40
_IDS_AT_ONCE = 512
_MOST_GARBLERS = 10_000  # anybody can send from any address
_SWEEP_S = 0.02
"""How late a time-out may be noticed: one look at all that is under way costs less than a timer for each."""


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


@dataclass(slots=True, eq=False)
class Letter:
    """A PDU under way. ``ended`` is called once, with what came of it: NoAnswer, Malformed, Unreachable, TooBig, or an
    OSError for what this machine itself lacks."""

    peer: Peer
    request: Request
    ended: Callable[["Letter", Arrival | Exception], None]
    request_id: int = 0
    timeout_s: float = 0.0
    due_s: float = 0.0
    garbled: int = 0
    """Datagrams without sense that the device had sent before."""


class Mailbox:
    """Of one address family and one event loop. ``open`` it before the first letter."""

    def __init__(self, family: socket.AddressFamily, clock: Clock) -> None:
        self.dropped: Counter[str] = Counter()
        """Datagrams that were not believed: ``garbled``, ``unasked`` (late, doubled or forged), ``elsewhere``
        (from another address) and ``estranged`` (another community or version than was asked with)."""
        self.sent = 0
        """Letters, each one PDU."""
        self.timed_out = 0
        self.refused = 0
        """Those that the network or this machine's kernel did not deliver."""
        self._family = family
        self._clock = clock
        self._heads = Heads()
        self._under_way: dict[int, Letter] = {}
        self._unsent: deque[Letter] = deque()
        self._sweeping: asyncio.TimerHandle | None = None
        self._told = False
        """The kernel has something to say of datagrams that were not delivered."""
        self._garbled: Counter[Endpoint] = Counter()
        self._hinted: set[str] = set()
        self._ids = _unpredictable()

    def open(self) -> None:
        """Raises OSError where this machine has no sockets left, or none of this family."""
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(self._family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)  # the kernel's own limit holds
        if self._family is socket.AF_INET6:
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        told_of(self._socket)
        self._loop.add_reader(self._socket, self._receive)

    def close(self) -> None:
        """Whoever still waits for an answer gets none."""
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        if self._sweeping is not None:
            self._sweeping.cancel()
        for letter in list(self._under_way.values()):
            self._end(letter, NoAnswer(f"{letter.peer.device.where}: polling has stopped"))

    def post(self, letter: Letter, timeout_s: float) -> None:
        """Send a letter; its time begins now."""
        self.sent += 1
        letter.request_id = next(self._ids)
        while letter.request_id in self._under_way:
            letter.request_id = next(self._ids)
        letter.timeout_s = timeout_s
        letter.due_s = self._clock.monotonic_s() + timeout_s
        if self._garbled:
            letter.garbled = self._garbled_by(letter.peer)
        self._under_way[letter.request_id] = letter
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(_SWEEP_S, self._sweep)
        if self._unsent:
            self._unsent.append(letter)
        else:
            self._send(letter)

    def forget(self, letter: Letter) -> None:
        """Nobody waits for it any more: an answer that still comes is one that nobody asked for."""
        self._under_way.pop(letter.request_id, None)

    def _send(self, letter: Letter) -> bool:
        """False where the kernel's buffer is full: it goes when there is room. An error that comes again and again is
        the letter's own."""
        datagram = letter.request.datagram(letter.request_id)
        for tries_left in reversed(range(_TRIES)):
            try:
                self._socket.sendto(datagram, letter.peer.endpoint)
                break
            except BlockingIOError:
                self._unsent.appendleft(letter)
                self._loop.add_writer(self._socket, self._send_rest)
                return False
            except OSError as error:
                self._told = True
                if not tries_left:
                    self.refused += 1
                    self._loop.call_soon(self._end, letter, why_not_sent(error, letter.peer.device.where))
        return True

    def _send_rest(self) -> None:
        while self._unsent:
            letter = self._unsent.popleft()
            if letter.request_id in self._under_way and not self._send(letter):
                return
        self._loop.remove_writer(self._socket)

    def _receive(self) -> bool:
        """False where nothing more has come."""
        more = True
        for turn in range(_DATAGRAMS_A_TURN):
            try:
                datagram, source = self._socket.recvfrom(65535)
            except BlockingIOError:
                self._told |= not turn  # woken, and not for a datagram
                more = False
                break
            except OSError:
                self._told = True
            else:
                self._sort(datagram, source[:2])
        if self._told:
            self._told = False
            for refusal in refusals(self._socket, _REFUSALS_A_TURN):
                self._heed(refusal)
        return more

    def _sort(self, datagram: bytes, source: Endpoint) -> None:
        try:
            request_id, reply = self._heads.opened(datagram)
        except WireError:
            self.dropped["garbled"] += 1
            if len(self._garbled) >= _MOST_GARBLERS:
                self._garbled.clear()
            self._garbled[source] += 1
            return
        letter = self._under_way.get(request_id)
        if letter is None:
            self.dropped["unasked"] += 1
        elif source not in letter.peer.believed:
            self.dropped["elsewhere"] += 1
            self._hint(letter.peer.device, source)
        elif reply.community != letter.peer.community or reply.version != letter.peer.version:
            self.dropped["estranged"] += 1
        else:
            self._end(letter, Arrival(reply, datagram, self._clock.monotonic_s()))

    def _heed(self, refusal: Refusal) -> None:
        """Whoever sends back our own octets, request-id and all, is on the request's way, or it was never sent."""
        letter = self._under_way.get(refusal.request_id) if refusal.request_id is not None else None
        if letter is None or refusal.destination not in letter.peer.believed:
            return
        if letter.request.datagram(letter.request_id).startswith(refusal.quote):
            self.refused += 1
            self._end(letter, why_not_sent(refusal.error, letter.peer.device.where))

    def _end(self, letter: Letter, outcome: Arrival | Exception) -> None:
        if self._under_way.pop(letter.request_id, None) is letter:
            letter.ended(letter, outcome)

    def _sweep(self) -> None:
        self._sweeping = self._loop.call_later(_SWEEP_S, self._sweep)  # first of all, whatever happens below
        for _ in range(_TURNS_A_SWEEP):  # what has come while this process was busy is not late
            if not self._receive():
                break
        now_s = self._clock.monotonic_s()
        for letter in [each for each in self._under_way.values() if each.due_s <= now_s]:
            self._end(letter, self._too_late(letter))
        if not self._under_way:
            self._sweeping.cancel()
            self._sweeping = None

    def _too_late(self, letter: Letter) -> Exception:
        self.timed_out += 1
        where = letter.peer.device.where
        if self._garbled and self._garbled_by(letter.peer) > letter.garbled:
            return Malformed(f"{where} sent something that is not a proper SNMP answer")
        return NoAnswer(f"{where} did not answer within {letter.timeout_s:g} s")

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
        """Datagrams without sense from the device's addresses."""
        return sum(self._garbled.get(endpoint, 0) for endpoint in peer.believed)


def _unpredictable() -> Iterator[int]:
    """Request-ids that nobody can guess who does not see the request: 30 bits of the kernel's, drawn by the block."""
    layout = struct.Struct(f"!{_IDS_AT_ONCE}I")
    while True:
        for number in layout.unpack(os.urandom(layout.size)):
            yield number & 0x3FFFFFFF | 0x40000000  # four octets, and none too many
