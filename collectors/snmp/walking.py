"""A walk over whatever exchanges one PDU: by the pysnmp engine, and by the batch engine for devices that answer from
addresses at which gufo would not hear them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

from collectors.snmp import wire
from collectors.snmp.session import Malformed, NoAnswer, Value

Rows = list[tuple[str, Value]]
Exchange = Callable[[int, str, int], Awaitable[Rows]]
"""One request: its type (GETNEXT, GETBULK), the OID before, max-repetitions; the rows of its answer."""


class Walker(Protocol):
    """Whose ``max_repetitions`` goes down with what the device is seen to bear."""

    max_repetitions: int


async def rows_beneath(root: str, walker: Walker, exchange: Exchange, where: str) -> AsyncIterator[tuple[str, Value]]:
    """A subtree row by row, ended by whatever is not beneath it. Malformed where an OID does not increase."""
    before = root
    while rows := await _following(before, walker, exchange):
        for oid, value in rows:
            if not oid.startswith(f"{root}.") or (oid == before and value is None):  # endOfMibView repeats the OID
                return
            if wire.place(oid) <= wire.place(before):
                raise Malformed(f"{where}: a walk that never ends: after {before} comes {oid}")
            before = oid
            yield oid, value


async def _following(oid: str, walker: Walker, exchange: Exchange) -> Rows:
    """The rows after this one. A GETBULK that times out is asked again for half as many, down to GETNEXT, which is
    sent twice."""
    last_try = walker.max_repetitions == 0
    while True:
        kind, rows = (wire.GETBULK, walker.max_repetitions) if walker.max_repetitions else (wire.GETNEXT, 0)
        try:
            return await exchange(kind, oid, rows)
        except NoAnswer:
            if last_try:
                raise
            last_try = rows == 0
            walker.max_repetitions = rows // 2 if rows > 3 else 0
