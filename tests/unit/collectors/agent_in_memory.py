"""An SNMP agent without a network: another implementation of the Session port, for what the poller makes of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, MutableMapping, Sequence
from dataclasses import dataclass, field

from collectors.snmp.session import Answer, NoAnswer, Pdu, SnmpError, TooBig, Value, one_by_one
from netmon.model.access import SnmpAccess
from netmon.model.registry import Device
from netmon.model.secret import Secret

IF = "1.3.6.1.2.1.2.2.1"
IFX = "1.3.6.1.2.1.31.1.1.1"
SYS_UPTIME = "1.3.6.1.2.1.1.3.0"


@dataclass
class Agent:
    """What the device would answer, and how well."""

    objects: dict[str, Value] = field(default_factory=dict)
    silent: bool = False
    fails_with: SnmpError | None = None
    takes_s: float = 0.002
    bears_varbinds: int = 1000
    forgets_in_walks: set[str] = field(default_factory=set)
    ignore_next: int = 0
    silent_after: int = 1_000_000_000
    requests: list[tuple[str, ...]] = field(default_factory=list)
    walks: list[str] = field(default_factory=list)
    when_walked: Callable[[], None] = lambda: None
    """Called at the end of each walk."""
    sessions: int = 0
    in_flight: int = 0
    most_in_flight: int = 0

    def interface(self, if_index: int, name: str, octets: int = 1000) -> None:
        """Give it one interface with 64-bit counters."""
        self.objects |= {
            f"{IF}.2.{if_index}": name.encode(),
            f"{IF}.3.{if_index}": 6,
            f"{IF}.7.{if_index}": 1,
            f"{IF}.8.{if_index}": 1,
            f"{IF}.10.{if_index}": octets % 2**32,
            f"{IF}.16.{if_index}": (2 * octets) % 2**32,
            f"{IF}.14.{if_index}": 0,
            f"{IF}.20.{if_index}": 0,
            f"{IFX}.1.{if_index}": name.encode(),
            f"{IFX}.6.{if_index}": octets,
            f"{IFX}.10.{if_index}": 2 * octets,
            f"{IFX}.15.{if_index}": 1000,
        }
        self.objects["1.3.6.1.2.1.2.1.0"] = sum(oid.startswith(f"{IF}.2.") for oid in self.objects)

    def remove(self, if_index: int) -> None:
        gone = [oid for oid in self.objects if oid.startswith((IF, IFX)) and oid.endswith(f".{if_index}")]
        for oid in gone:
            del self.objects[oid]

    def session(self, device: Device) -> "SessionInMemory":
        self.sessions += 1
        return SessionInMemory(self)


class SessionInMemory:
    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self.max_repetitions = 20
        self.closed = False

    async def get(self, pdu: Pdu, timeout_s: float) -> Answer:
        oids = pdu.oids
        self._agent.requests.append(oids)
        await self._request(timeout_s)
        if len(oids) > self._agent.bears_varbinds:
            raise TooBig("too big")
        now_s = asyncio.get_running_loop().time()
        values = {oid: self._agent.objects.get(oid) for oid in oids}
        if isinstance(uptime := values.get(SYS_UPTIME), int):
            values[SYS_UPTIME] = uptime + int(now_s * 100)
        return Answer([tuple(map(values.get, group)) for group in pdu.groups], now_s)

    async def get_all(self, pdus: Sequence[Pdu], timeout_s: float, answers: MutableMapping[Pdu, Answer]) -> None:
        await one_by_one(self, pdus, timeout_s, answers)

    async def walk(self, root: str, timeout_s: float) -> AsyncIterator[tuple[str, Value]]:
        self._agent.walks.append(root)
        for oid in sorted(self._agent.objects):
            if oid.startswith(root + ".") and oid not in self._agent.forgets_in_walks:
                await self._request(timeout_s)
                yield oid, self._agent.objects[oid]
        self._agent.when_walked()

    async def close(self) -> None:
        self.closed = True

    async def _request(self, timeout_s: float) -> None:
        agent = self._agent
        agent.in_flight += 1
        agent.most_in_flight = max(agent.most_in_flight, agent.in_flight)
        try:
            if agent.fails_with:
                raise agent.fails_with
            ignored = agent.ignore_next > 0 or len(agent.requests) > agent.silent_after
            agent.ignore_next = max(0, agent.ignore_next - 1)
            if agent.silent or ignored or agent.takes_s > timeout_s:
                await asyncio.sleep(timeout_s)
                raise NoAnswer(f"no answer within {timeout_s:g} s")
            await asyncio.sleep(agent.takes_s)
        finally:
            agent.in_flight -= 1


def router(*names: str, uptime_ticks: int = 1_000_000) -> Agent:
    """A device with these interfaces, ifIndex from 1."""
    agent = Agent({SYS_UPTIME: uptime_ticks, "1.3.6.1.2.1.1.5.0": b"router", "1.3.6.1.6.3.10.2.1.2.0": 7})
    agent.objects["1.3.6.1.2.1.31.1.5.0"] = 500
    for if_index, name in enumerate(names, start=1):
        agent.interface(if_index, name)
    return agent


def device(id: str = "rtr-poso", deadline_s: float = 5.0, timeout_s: float = 2.0) -> Device:
    access = SnmpAccess(community=Secret("public"), deadline_s=deadline_s, timeout_s=timeout_s)
    return Device(id, "192.0.2.1", "72.02", access)
