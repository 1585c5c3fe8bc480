"""The seam between polling and whatever speaks SNMP: four methods, and errors that say what happened.

An engine (``batch.py``, ``gufo.py``, ``pysnmp.py``) makes sessions. A session belongs to one device and is used by
one visit at a time; it may keep sockets and v3 state between visits.
"""

from collections.abc import AsyncIterator, MutableMapping, Sequence
from typing import NamedTuple, Protocol

from netmon.model.registry import Device

Value = int | str | bytes | None
"""As decoded: every numeric type is an int, OCTET STRING is bytes, OBJECT IDENTIFIER is dotted text;
None where the agent has no such object or instance."""


class Pdu:
    """What is asked for together: OIDs (dotted, no leading dot) in groups whose values belong together, an interface
    for example. Never changed, and known by its identity: an engine keeps beside it what it has prepared for it."""

    __slots__ = ("__weakref__", "groups")

    def __init__(self, *groups: Sequence[str]) -> None:
        self.groups = tuple(tuple(group) for group in groups)

    @property
    def oids(self) -> tuple[str, ...]:
        """All of them, in order."""
        return tuple(oid for group in self.groups for oid in group)


class Answer(NamedTuple):
    """The values of one PDU, group by group in the order asked, and when they arrived."""

    groups: Sequence[tuple[Value, ...]]
    arrived_s: float
    """Monotonic seconds at the arrival of the response PDU."""


class SnmpError(Exception):
    """The device was asked and did not answer as it should. The text names device and mend."""


class NoAnswer(SnmpError):
    """Nothing came back in time. For v1 and v2c this is also what a wrong community looks like."""


class Unreachable(SnmpError):
    """The network refused: ICMP unreachable, no route."""


class Refused(SnmpError):
    """The agent refused user, key or level (v3)."""


class Malformed(SnmpError):
    """Something came back that is not a proper answer."""


class TooBig(SnmpError):
    """The agent answers, and refuses the PDU as a whole (tooBig, genErr): ask for less at a time."""


class Session(Protocol):
    """One device's conversation. Every call may raise an SnmpError, and an OSError for what this machine itself lacks
    (descriptors, memory); nothing else."""

    max_repetitions: int
    """Rows asked for by one GETBULK; 0: GETNEXT alone. A walk that times out lowers it, and the poller remembers."""

    async def get(self, pdu: Pdu, timeout_s: float) -> Answer:
        """One GET PDU. OIDs that the agent does not have are None in the answer, on v1 too (where finding out which
        takes further PDUs)."""

    async def get_all(self, pdus: Sequence[Pdu], timeout_s: float, answers: MutableMapping[Pdu, Answer]) -> None:
        """Several GET PDUs, each sent once, as many at a time as the engine and the device's pace allow. What is
        answered stands in ``answers`` at once, so that it is there though the caller's deadline end the waiting. A PDU
        that was not answered, or not properly, is missing there; nothing is raised for it."""

    def walk(self, root: str, timeout_s: float) -> AsyncIterator[tuple[str, Value]]:
        """Every (oid, value) beneath ``root`` in order, by GETBULK or GETNEXT as the agent can bear. Ends at the
        subtree's end, at endOfMibView, and, with Malformed, at an OID that does not increase. ``timeout_s`` is of one
        request."""

    async def close(self) -> None:
        """Let go of sockets; the session may not be used afterwards."""


class SnmpEngine(Protocol):
    """Makes sessions. ``name`` is what reports and metrics show."""

    name: str

    def session(self, device: Device) -> Session: ...

    async def close(self) -> None: ...


async def one_by_one(
    session: Session, pdus: Sequence[Pdu], timeout_s: float, answers: MutableMapping[Pdu, Answer]
) -> None:
    """``get_all`` of an engine that has one request in flight a session. It ends at the first PDU that fails: what is
    left is asked again with more patience by whoever wants it."""
    for pdu in pdus:
        try:
            answers[pdu] = await session.get(pdu, timeout_s)
        except SnmpError:
            return
