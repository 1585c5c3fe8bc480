"""Asking one device with patience: requests are repeated, halved where they are too big, and answers kept."""

from collections.abc import Iterable, Mapping, Sequence

from collectors.poller.plan import pdus
from collectors.snmp.session import Malformed, NoAnswer, Session, TooBig, Value
from collectors.tables.column import index_of


class Asking:
    """All answers of one visit, by OID. ``max_varbinds`` goes down to what the device was seen to bear."""

    def __init__(self, session: Session, timeout_s: float, max_varbinds: int) -> None:
        self._session = session
        self._timeout_s = timeout_s
        self._values: dict[str, Value] = {}
        self._arrivals_s: dict[str, float] = {}
        self.max_varbinds = max_varbinds

    async def get_groups(self, groups: Iterable[Mapping[str, str]]) -> None:
        """Ask for groups of OIDs, each in one PDU while it fits. Raises what the session raises."""
        for pdu in pdus([list(group.values()) for group in groups], self.max_varbinds):
            await self.get(pdu)

    async def get(self, oids: Sequence[str], attempts: int = 2) -> None:
        """One PDU; sent ``attempts`` times while unanswered, then in halves when it asks for several things."""
        if await self._got(oids, attempts) or len(oids) == 1:
            return
        middle = (len(oids) + 1) // 2
        await self.get(oids[:middle])
        self.max_varbinds = min(self.max_varbinds, middle)
        await self.get(oids[middle:])

    async def _got(self, oids: Sequence[str], attempts: int) -> bool:
        """False where asking for less may help. Raises where nothing was ever answered, or no less can be asked."""
        for left in reversed(range(attempts)):
            try:
                answer = await self._session.get(oids, self._timeout_s)
            except (NoAnswer, Malformed):
                if not left and (not self._values or len(oids) == 1):
                    raise
            except TooBig:
                return False
            else:
                self._values.update(answer.values)
                self._arrivals_s.update(dict.fromkeys(answer.values, answer.arrived_s))
                return True
        return False

    async def walk(self, root: str) -> dict[int, Value]:
        """A column's values by ifIndex."""
        rows: dict[int, Value] = {}
        async for oid, value in self._session.walk(root, self._timeout_s):
            if (index := index_of(root, oid)) is not None:
                rows[index] = value
        return rows

    def values(self, oids: Mapping[str, str]) -> dict[str, Value]:
        """What was answered, by column name; None for what is missing."""
        return {name: self._values.get(oid) for name, oid in oids.items()}

    def complete(self, oids: Mapping[str, str]) -> bool:
        """Whether the device was asked for all of these and answered, be it that it has none."""
        return all(oid in self._values for oid in oids.values())

    def arrived_s(self, oids: Iterable[str | None]) -> float:
        """When the first of these that has a value arrived; 0.0 where none has."""
        return next((self._arrivals_s[oid] for oid in oids if oid and self._values.get(oid) is not None), 0.0)
