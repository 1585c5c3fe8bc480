"""The pysnmp engine: v1, v2c and v3 in pure Python, all devices over one socket for each address family.

A hundred times slower than the others, and written by other people: for the device that those cannot read, and for
v3 devices that answer from another address than the one that was asked (``Device.answers_from``), which gufo does not
hear. It learns nothing of ICMP: where nothing listens is ``NoAnswer`` after the time-out.
"""

import asyncio
from collections.abc import AsyncIterator, MutableMapping, Sequence
from typing import TYPE_CHECKING

from collectors.snmp import wire
from collectors.snmp.addresses import resolved
from collectors.snmp.session import Answer, Malformed, Pdu, Refused, SnmpError, TooBig, Value, one_by_one
from collectors.snmp.walking import rows_beneath
from netmon.model.access import SnmpVersion
from netmon.model.clock import Clock
from netmon.model.registry import Device

if TYPE_CHECKING:
    from collectors.snmp.pysnmp_pdu import Response
    from collectors.snmp.pysnmp_stack import Stack

_FIRST_MAX_REPETITIONS = 20
_AUTHORIZATION_ERROR = 16  # RFC 3416 3: how Net-SNMP answers a user at a lower level than his own


class PysnmpEngine:
    """Makes sessions that share one pysnmp ``SnmpEngine``. It belongs to the event loop that asked it first."""

    name = "pysnmp"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stack: Stack | None = None

    def session(self, device: Device) -> "PysnmpSession":
        """Raises RuntimeError on a second event loop: sockets and timers of a loop that has ended wait for ever."""
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        if self._loop is not loop:
            raise RuntimeError("this SNMP engine belongs to another event loop: make one engine for each loop")
        if self._stack is None:
            from collectors.snmp.pysnmp_stack import Stack  # 0.1 s and 15 MB, which most installations never need

            self._stack = Stack(self._clock)
        return PysnmpSession(device, self._stack)

    async def close(self) -> None:
        """Close the sockets; whoever still waits gets NoAnswer."""
        if self._stack is not None:
            self._stack.close()
            self._stack = None


class PysnmpSession:
    """One device's conversation. After any error its name is looked up anew: the address may have moved."""

    def __init__(self, device: Device, stack: "Stack") -> None:
        self._device = device
        self._stack = stack
        self._address: str | None = None
        self.max_repetitions = 0 if device.snmp.version is SnmpVersion.V1 else _FIRST_MAX_REPETITIONS

    async def get(self, pdu: Pdu, timeout_s: float) -> Answer:
        """One GET PDU; on v1, where a missing OID spoils the whole PDU (noSuchName), one more for each such OID."""
        values = dict[str, Value].fromkeys(pdu.oids)
        left = list(values)
        while True:
            said = await self._asked(wire.GET, left, timeout_s)
            if not said.error_status:
                values |= self._read(said, left)
                break
            if said.error_status == wire.NO_SUCH_NAME and 1 <= said.error_index <= len(left):
                del left[said.error_index - 1]
                if left:
                    continue
            elif len(left) > 1:
                raise TooBig(f"{self._device.where} refuses a request for {len(left)} values at once")
            break
        return Answer([tuple(values[oid] for oid in group) for group in pdu.groups], said.arrived_s)

    async def get_all(self, pdus: Sequence[Pdu], timeout_s: float, answers: MutableMapping[Pdu, Answer]) -> None:
        """One after the other."""
        await one_by_one(self, pdus, timeout_s, answers)

    async def walk(self, root: str, timeout_s: float) -> AsyncIterator[tuple[str, Value]]:
        """By GETBULK or GETNEXT as the agent can bear."""

        async def exchange(kind: int, oid: str, rows: int) -> list[tuple[str, Value]]:
            said = await self._asked(kind, [oid], timeout_s, rows)
            if said.error_status not in (0, wire.NO_SUCH_NAME):
                raise TooBig(f"{self._device.where} refuses to be walked")
            return [] if said.error_status else said.rows

        async for row in rows_beneath(root, self, exchange, self._device.where):
            yield row

    async def close(self) -> None:
        """The sockets are the engine's."""

    async def _asked(self, kind: int, oids: Sequence[str], timeout_s: float, max_repetitions: int = 0) -> "Response":
        device = self._device
        try:
            self._address = self._address or await resolved(device)
            said = await self._stack.ask(device, self._address, kind, oids, max_repetitions, timeout_s)
            if said.error_status == _AUTHORIZATION_ERROR:
                raise Refused(f"{device.where} refuses user, key or security level: check snmp.user and its keys")
            return said
        except SnmpError:
            self._address = None
            raise

    def _read(self, said: "Response", asked: Sequence[str]) -> dict[str, Value]:
        """The values of what was asked; what an agent adds of its own accord is left out."""
        values = {oid: value for oid, value in said.rows if oid in asked}
        if not values:
            raise Malformed(f"{self._device.where} answers other things than it was asked")
        return values
