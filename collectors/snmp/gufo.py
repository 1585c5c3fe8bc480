"""The gufo-snmp engine: v1, v2c and v3 in native code, one socket and one request in flight a session.

What the library leaves to us: retries of a v3 request after the agent's restart, telling a missing object from a
refused PDU, an end to walks of agents that repeat themselves, host names, and faults inside its decoder.
"""

import asyncio
import errno
import re
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from typing import TypeVar

from gufo.snmp import NoSuchInstance, SnmpAuthError, SnmpDecodeError, SnmpEncodeError, SnmpVersion, User
from gufo.snmp.aio import SnmpSession

from collectors.snmp.addresses import resolved
from collectors.snmp.session import (
    Answer,
    Malformed,
    NoAnswer,
    Pdu,
    Refused,
    SnmpError,
    TooBig,
    Unreachable,
    Value,
    one_by_one,
)
from collectors.snmp.usm import usm_user
from netmon.model import access
from netmon.model.clock import Clock
from netmon.model.registry import Device

T = TypeVar("T")

_VERSIONS = {
    access.SnmpVersion.V1: SnmpVersion.v1,
    access.SnmpVersion.V2C: SnmpVersion.v2c,
    access.SnmpVersion.V3: SnmpVersion.v3,
}
_SYS_UPTIME = "1.3.6.1.2.1.1.3.0"
_FIRST_MAX_REPETITIONS = 20
_NEVER_S = 86_400.0  # gufo's own timer: ours ends every request long before
_OUR_OWN_WANT = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS)
"""What this machine lacks says nothing of the device: no SnmpError, or all would seem to be down."""
_FRESH_S = 120.0  # RFC 3414 allows 150 s between the engine time we know and the agent's


class GufoEngine:
    """Makes sessions that live on one event loop, the one that asked first."""

    name = "gufo"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None

    def session(self, device: Device) -> "GufoSession":
        """A session that opens its socket with the first request. Raises RuntimeError on a second event loop:
        sockets of a loop that has ended wait for ever."""
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        if self._loop is not loop:
            raise RuntimeError("this SNMP engine belongs to another event loop: make one engine for each loop")
        return GufoSession(device, self._clock)

    async def close(self) -> None:
        """Nothing is shared between sessions."""


class GufoSession:
    """One device's conversation. After any error its socket is made anew: the address may have moved, the agent may
    have another engine id, and our own address may have changed under a connected socket."""

    def __init__(self, device: Device, clock: Clock) -> None:
        self._device = device
        self._where = device.where
        self._clock = clock
        self._socket: SnmpSession | None = None
        self._used_s = 0.0
        self.max_repetitions = 0 if device.snmp.version is access.SnmpVersion.V1 else _FIRST_MAX_REPETITIONS

    async def get(self, pdu: Pdu, timeout_s: float) -> Answer:
        """One GET PDU, and more where the agent answers all or nothing (v1, RFC 1157 4.1.2)."""
        values, arrived_s = await self._get(pdu.oids, timeout_s)
        return Answer([tuple(map(values.get, group)) for group in pdu.groups], arrived_s)

    async def get_all(self, pdus: Sequence[Pdu], timeout_s: float, answers: MutableMapping[Pdu, Answer]) -> None:
        """One after another: a session of the library's has one request in flight."""
        await one_by_one(self, pdus, timeout_s, answers)

    async def walk(self, root: str, timeout_s: float) -> AsyncIterator[tuple[str, Value]]:
        """Rows in order. A GETBULK that times out is begun again with half the rows, down to GETNEXT; rows that
        were handed over already are not repeated."""
        last: tuple[int, ...] = ()
        while True:
            try:
                async for oid, value in self._rows(root, timeout_s):
                    if (place := _place(oid)) > last:
                        last = place
                        yield oid, value
                return
            except NoAnswer:
                if self.max_repetitions == 0:
                    raise
                self.max_repetitions = self.max_repetitions // 2 if self.max_repetitions > 3 else 0

    async def close(self) -> None:
        """Let go of the socket: dropping the library's object closes it."""
        self._socket = None

    async def _get(self, oids: Sequence[str], timeout_s: float) -> tuple[dict[str, Value], float]:
        """What the agent has of these, by OID, and when it arrived."""
        values = await self._get_many(oids, timeout_s)
        arrived_s = self._clock.monotonic_s()
        if not values and len(oids) > 1:
            if self._device.snmp.version is access.SnmpVersion.V1:
                return await self._get_halves(oids, timeout_s)
            values = await self._get_beside_uptime(oids, timeout_s)
        return values, arrived_s

    async def _get_many(self, oids: Sequence[str], timeout_s: float) -> dict[str, Value]:
        values = await self._asking(lambda opened: opened.get_many(oids), timeout_s)
        return {oid: _plain(value) for oid, value in values.items()}

    async def _get_halves(self, oids: Sequence[str], timeout_s: float) -> tuple[dict[str, Value], float]:
        """Bisection finds the missing ones with the fewest PDUs when few are missing. Stamped by the last arrival."""
        middle = len(oids) // 2
        left, _ = await self._get(oids[:middle], timeout_s)
        right, arrived_s = await self._get(oids[middle:], timeout_s)
        return {**left, **right}, arrived_s

    async def _get_beside_uptime(self, oids: Sequence[str], timeout_s: float) -> dict[str, Value]:
        """An empty answer means "none of these exist" or "this PDU is refused"; the library does not say which.
        Every agent has sysUpTime, so an answer that is empty even beside it is a refusal."""
        values = await self._get_many([_SYS_UPTIME, *oids], timeout_s)
        if not values:
            raise TooBig(f"{self._where} refuses a request for {len(oids)} values at once")
        return values

    async def _rows(self, root: str, timeout_s: float) -> AsyncIterator[tuple[str, Value]]:
        """One attempt at a subtree. Agents exist that repeat an OID for ever; an OID must increase."""
        opened = await self._asking(_itself, timeout_s)
        bulk = self.max_repetitions > 0
        source = opened.getbulk(root, self.max_repetitions) if bulk else opened.getnext(root)
        before = _place(root)
        while True:
            row = await self._next_row(source, timeout_s, attempts=1 if bulk else 2)
            if row is None:
                return
            place = _place(row[0])
            if place <= before:
                await self.close()
                raise Malformed(f"{self._where}: a walk that never ends: after {_dotted(before)} comes {row[0]}")
            before = place
            yield row[0], _plain(row[1])

    async def _next_row(
        self, source: AsyncIterator[tuple[str, object]], timeout_s: float, attempts: int
    ) -> tuple[str, object] | None:
        for left in reversed(range(attempts)):
            try:
                return await self._bounded(anext(source), timeout_s)
            except StopAsyncIteration:
                return None
            except NoAnswer:
                if not left:
                    raise
        return None

    async def _asking(self, ask: Callable[[SnmpSession], Awaitable[T]], timeout_s: float) -> T:
        """A restarted v3 agent refuses the engine time that we knew (notInTimeWindows): learn it anew, ask again."""
        try:
            return await self._once(ask, timeout_s)
        except Refused:
            return await self._once(ask, timeout_s)

    async def _once(self, ask: Callable[[SnmpSession], Awaitable[T]], timeout_s: float) -> T:
        return await self._bounded(self._open_and(ask), timeout_s)

    async def _open_and(self, ask: Callable[[SnmpSession], Awaitable[T]]) -> T:
        opened = self._socket
        if opened is None:
            opened = await self._open()
            await opened.refresh()
        elif self._clock.monotonic_s() - self._used_s > _FRESH_S:
            await opened.refresh()
        self._socket = opened
        self._used_s = self._clock.monotonic_s()
        return await ask(opened)

    async def _open(self) -> SnmpSession:
        """gufo takes IP addresses alone; a name is looked up whenever the socket is made anew."""
        snmp, address, port = self._device.snmp, await resolved(self._device), self._device.port
        version = _VERSIONS[snmp.version]
        if version is SnmpVersion.v3:
            user: User = usm_user(snmp)
            return SnmpSession(address, port, user=user, version=version, timeout=_NEVER_S)
        community = snmp.community.reveal() if snmp.community else ""
        return SnmpSession(address, port, community=community, version=version, timeout=_NEVER_S)

    async def _bounded(self, request: Awaitable[T], timeout_s: float) -> T:
        """Await one request under our own timer, and say in our own errors how it failed."""
        timer = asyncio.timeout(timeout_s)
        try:
            async with timer:
                return await request
        except (StopAsyncIteration, asyncio.CancelledError, GeneratorExit, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # the library's decoder panics on some hostile bytes, outside Exception
            self._socket = None
            if isinstance(error, OSError) and _errno(error) in _OUR_OWN_WANT:
                raise
            raise self._said(error, timed_out=timer.expired(), timeout_s=timeout_s) from None

    def _said(self, error: BaseException, *, timed_out: bool, timeout_s: float) -> SnmpError:
        where = self._where
        if timed_out:
            return NoAnswer(f"{where} did not answer within {timeout_s:g} s")
        if isinstance(error, TimeoutError):  # before our timer: the kernel had an ICMP message
            return Unreachable(f"{where}: nothing listens there (port closed)")
        if isinstance(error, SnmpAuthError):
            return Refused(f"{where} refuses user, key or security level: check snmp.user and its keys")
        if isinstance(error, SnmpError):
            return error
        if isinstance(error, OSError):
            return Unreachable(f"{where} cannot be reached: {error.strerror or error}")
        if isinstance(error, SnmpEncodeError):
            return TooBig(f"{where}: the request does not fit into one PDU")
        if isinstance(error, SnmpDecodeError | NoSuchInstance):
            return Malformed(f"{where} sent something that is not a proper SNMP answer: {error}")
        return Malformed(f"{where}: the SNMP library failed on what it sent ({type(error).__name__})")


async def _itself(opened: SnmpSession) -> SnmpSession:
    return opened


def _errno(error: OSError) -> int | None:
    """The library gives the number in the text alone: "Too many open files (os error 24)"."""
    told = re.search(r"os error (\d+)", str(error))
    return int(told[1]) if told else error.errno


def _plain(value: object) -> Value:
    return value if isinstance(value, int | str | bytes) else None


def _place(oid: str) -> tuple[int, ...]:
    """An OID as agents order it: number by number, not as text."""
    return tuple(int(number) for number in oid.split("."))


def _dotted(place: tuple[int, ...]) -> str:
    return ".".join(str(number) for number in place)
