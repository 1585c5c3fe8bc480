"""The seam between polling and whatever speaks SNMP: four methods, and errors that say what happened.

An engine (``gufo.py``, ``batch.py``; ``pysnmp.py`` has its seat) makes sessions. A session belongs to one
device and is used by one visit at a time; it may keep sockets and v3 state between visits.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from netmon.model.registry import Device

Value = int | str | bytes | None
"""As decoded: every numeric type is an int, OCTET STRING is bytes, OBJECT IDENTIFIER is dotted text;
None where the agent has no such object or instance."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The varbinds of one PDU, by OID as asked (dotted, no leading dot), and when they arrived."""

    values: Mapping[str, Value]
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

    async def get(self, oids: Sequence[str], timeout_s: float) -> Answer:
        """One GET PDU. OIDs that the agent does not have are None in the answer, on v1 too (where finding out which
        takes further PDUs)."""

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
