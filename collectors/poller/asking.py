"""Asking one device with patience: all at once, and what is not answered once more, in halves where that helps."""

from collections.abc import Mapping, Sequence

from collectors.snmp.session import Answer, Malformed, NoAnswer, Pdu, Session, TooBig, Value
from collectors.tables.column import index_of

Read = tuple[tuple[Value, ...], float]
"""The values of a group, and when they arrived."""


class Asking:
    """All answers of one visit. ``max_varbinds`` goes down to what the device was seen to bear."""

    def __init__(self, session: Session, timeout_s: float, max_varbinds: int | None, *, doubted: bool = False) -> None:
        self._session = session
        self._timeout_s = timeout_s
        self._values: dict[str, tuple[Value, float]] = {}
        self._read = 0
        self._refused = False
        self._doubted = doubted
        self.answers: dict[Pdu, Answer] = {}
        """By what was asked: parts of a PDU, where it had to be taken apart."""
        self.max_varbinds = max_varbinds
        self.doubts = 0
        """How often a PDU was not answered twice over, and its half was in between."""

    async def probe(self, pdu: Pdu, knock: Pdu, attempts: int) -> None:
        """The first PDU of a visit, alone. One of a single attempt, which is for the silent, begins with a ``knock``,
        its first value only: there are agents that say nothing to a PDU that is too much for them, and they are not
        dead. Raises what the session raises."""
        first, *rest = self._fitting(pdu)
        if attempts > 1 or len(first.oids) == 1:
            await self.get(first, attempts)
        else:
            await self.get(knock, attempts)
            await self.get(first)
        await self.get_all(rest)

    async def get_all(self, pdus: Sequence[Pdu]) -> None:
        """All that the device can be made to say to these. Raises what the session raises where nothing was ever
        answered, or no less can be asked."""
        left = [part for pdu in pdus for part in self._fitting(pdu)]
        while left:
            await self._session.get_all(left, self._timeout_s, self.answers)
            left = [pdu for pdu in left if pdu not in self.answers]
            if left:
                await self._in_halves(left.pop(0))
                left = [part for pdu in left for part in self._fitting(pdu)]

    async def get(self, pdu: Pdu, attempts: int = 2) -> None:
        """One PDU; sent ``attempts`` times while unanswered, then in halves when it asks for several things."""
        if not await self._got(pdu, attempts) and len(pdu.oids) > 1:
            await self._in_halves(pdu)

    async def _in_halves(self, pdu: Pdu) -> None:
        """A PDU that was not answered. Was it lost, or is it too large? When its first half is answered and the whole
        is lost again, it is in doubt; what the device says itself, or shows twice, or showed at the visit before, is
        believed, and it is asked for less from now on."""
        if len(pdu.oids) == 1:
            await self.get(pdu, attempts=1)
            return
        first, second = _halves(pdu)
        refused, self._refused = self._refused, False
        await self.get(first)
        if not refused:
            if await self._got(pdu, attempts=1):
                return
            refused = self._refused
        self.doubts += 1
        if refused or self._doubted or self.doubts > 1:
            self.max_varbinds = min(self.max_varbinds or len(pdu.oids), len(first.oids))
        await self.get(second)

    async def walk(self, root: str) -> dict[int, Value]:
        """A column's values by ifIndex."""
        rows: dict[int, Value] = {}
        async for oid, value in self._session.walk(root, self._timeout_s):
            if (index := index_of(root, oid)) is not None:
                rows[index] = value
        return rows

    def group(self, oids: Sequence[str]) -> Read | None:
        """A group, in whatever pieces it was asked; None while something of it is not answered. Its arrival is that of
        the first of its values behind the name."""
        said = self.said()
        found = [said.get(oid) for oid in oids]
        values = tuple(each[0] for each in found if each is not None)
        if len(values) < len(found):
            return None
        arrivals = [each[1] for each in found if each is not None and each[0] is not None]
        return values, arrivals[min(1, len(arrivals) - 1)] if arrivals else 0.0

    def said(self) -> Mapping[str, tuple[Value, float]]:
        """All that was answered, OID by OID, with its arrival."""
        for pdu, answer in list(self.answers.items())[self._read :]:
            for asked, values in zip(pdu.groups, answer.groups, strict=True):
                self._values.update((oid, (v, answer.arrived_s)) for oid, v in zip(asked, values, strict=True))
        self._read = len(self.answers)
        return self._values

    async def _got(self, pdu: Pdu, attempts: int) -> bool:
        """False where asking for less may help. Raises where nothing was ever answered, or no less can be asked."""
        self._refused = False
        for left in reversed(range(attempts)):
            try:
                answer = await self._session.get(pdu, self._timeout_s)
            except (NoAnswer, Malformed):
                if not left and (len(pdu.oids) == 1 or not self.answers):
                    raise
            except TooBig:
                self._refused = True
                return False
            else:
                self.answers[pdu] = answer
                return True
        return False

    def _fitting(self, pdu: Pdu) -> list[Pdu]:
        """The PDU, or as many parts as the device needs to bear it."""
        if self.max_varbinds is None or len(pdu.oids) <= self.max_varbinds:
            return [pdu]
        return [part for half in _halves(pdu) for part in self._fitting(half)]


def _halves(pdu: Pdu) -> tuple[Pdu, Pdu]:
    """A PDU in two: between two groups where it has several, else within its group."""
    groups = pdu.groups
    if len(groups) > 1:
        middle = (len(groups) + 1) // 2
        return Pdu(*groups[:middle]), Pdu(*groups[middle:])
    middle = (len(groups[0]) + 1) // 2
    return Pdu(groups[0][:middle]), Pdu(groups[0][middle:])
