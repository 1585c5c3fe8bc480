"""What to ask of a device: pure, from what is known of it."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from weakref import WeakValueDictionary

from collectors.poller.layout import Layout, LearnedInterface
from collectors.snmp import wire
from collectors.snmp.session import Pdu
from collectors.tables import interfaces as if_mib
from collectors.tables import system
from collectors.tables.figures import Kind, kind_of
from netmon.model.columns import Interface

PDU_OCTETS = 1400
"""The most octets of a request, and of what its answer may grow to: within any path's MTU, headers included."""

_ALIVE = (system.UPTIME, system.ENGINE_BOOTS, system.ENGINE_TIME, if_mib.IF_NUMBER, if_mib.IF_TABLE_LAST_CHANGE)
_WHO = (system.NAME, system.DESCR, system.OBJECT_ID)
_SCALARS = {column.name: column.oid for column in (*_ALIVE, *_WHO)}
_ENVELOPE_OCTETS = 80  # what stands around the varbinds, with a community of 32 octets

LEARN_EVERY = timedelta(days=1)
OUTGROW_EVERY = timedelta(hours=1)
"""How soon a device may show that it bears more than it did: a lossy line looks like a small buffer."""
UNBOUNDED_VARBINDS = 1000
"""More than fit into any PDU: whoever bears so many has no bound."""
LOOK_AGAIN = timedelta(minutes=5)
"""For watched interfaces that are absent, and for tables that keep changing where nobody watches."""
_RESTART_SLACK_TICKS = 6000  # a clock that was set, a sysUpTime that is slow: a minute is no restart


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Plan:
    """What every poll asks while a device's table is what was learned. Devices with equal tables share one."""

    scalars: tuple[str, ...]
    probe: Pdu
    """The scalars, and nothing else: a dead device costs no more than this."""
    knock: Pdu
    """The first of them alone, for the silent."""
    pdus: tuple[Pdu, ...]
    """The interfaces, one group each: the name first, which says that it is still the one, then its columns."""
    interfaces: tuple[LearnedInterface, ...]
    """In the order of the groups."""
    rows: tuple[Interface, ...]
    """The same as reports name them."""
    stated: list[bytes]
    """What each of them is called."""
    kinds: Mapping[Kind | None, Sequence[int]]
    """Which of them have the same columns; None: those that can only be read one by one."""


def plan_of(layout: Layout | None, pdu_octets: int = PDU_OCTETS) -> Plan:
    """What to ask of a device with this table; of one that is not known, who it is."""
    known = layout.interfaces if layout else ()
    scalars = _scalars(layout)
    return Plan(
        scalars=scalars,
        probe=Pdu([f"{_SCALARS[name]}.0" for name in scalars]),
        knock=Pdu([f"{_SCALARS[scalars[0]]}.0"]),
        pdus=pdus(map(known_oids, known), (answer_octets(i.who, i.columns) for i in known), layout, pdu_octets),
        interfaces=known,
        rows=tuple(Interface(i.who.if_index, i.who.if_name, i.who.if_descr, None, i.if_type) for i in known),
        stated=[i.who.stated for i in known],
        kinds=_kinds(known),
    )


class Plans:
    """One plan for all devices with equal tables: thousands of routers are of a few models."""

    def __init__(self, pdu_octets: int = PDU_OCTETS) -> None:
        self._pdu_octets = pdu_octets
        self._shared: WeakValueDictionary[Hashable, Plan] = WeakValueDictionary()

    def of(self, layout: Layout | None) -> Plan:
        """The plan that follows from a layout."""
        same = (layout.scalars, layout.interfaces, layout.max_varbinds) if layout else None
        plan = self._shared.get(same)
        if plan is None:
            plan = self._shared[same] = plan_of(layout, self._pdu_octets)
        return plan


def _kinds(interfaces: Sequence[LearnedInterface]) -> Mapping[Kind | None, Sequence[int]]:
    kinds: dict[Kind | None, list[int]] = {}
    for place, interface in enumerate(interfaces):
        kinds.setdefault(kind_of(interface.columns), []).append(place)
    return kinds


def known_oids(interface: LearnedInterface) -> tuple[str, ...]:
    """The OIDs of an interface that was learned: its name first."""
    return _at(interface.who.if_index, (interface.who.column, *interface.columns))


def candidates(who: if_mib.Named, *, counters64: bool) -> tuple[str, ...]:
    """The columns of an interface that is being learned: its name once more, lest the table changed since the walk.
    v1 cannot carry Counter64 (RFC 3584 4.2.2.1)."""
    wide = [column.name for column in if_mib.WIDE]
    names = (who.column, *if_mib.MOVING, *if_mib.SETTLED)
    return tuple(name for name in names if counters64 or name not in wide)


def candidate_oids(who: if_mib.Named, *, counters64: bool) -> tuple[str, ...]:
    """The same as OIDs."""
    return _at(who.if_index, candidates(who, counters64=counters64))


def pdus(
    groups: Iterable[tuple[str, ...]], octets: Iterable[int], layout: Layout | None, pdu_octets: int = PDU_OCTETS
) -> tuple[Pdu, ...]:
    """Pack groups of OIDs, whose answers take so many octets, into PDUs. A group stays together, so that counters of
    one interface arrive together; one that is too large has a PDU of its own."""
    most = layout.max_varbinds if layout else None
    packed: list[list[tuple[str, ...]]] = []
    varbinds = size = 0
    for group, more in zip(groups, octets, strict=True):
        varbinds, size = varbinds + len(group), size + more
        if not packed or size > pdu_octets or (most is not None and varbinds > most):
            packed.append([])
            varbinds, size = len(group), _ENVELOPE_OCTETS + more
        packed[-1].append(group)
    return tuple(Pdu(*each) for each in packed)


def answer_octets(who: if_mib.Named, columns: Sequence[str]) -> int:
    """The most octets that an interface's name and columns take in an answer."""
    values = sum(if_mib.COLUMNS[name].syntax.octets for name in columns)
    around = sum(_octets_around(if_mib.COLUMNS[name].oid, who.if_index) for name in (who.column, *columns))
    return len(who.stated) + values + around


def why_learn(layout: Layout | None, watched: Sequence[str] | None, probed: Mapping[str, object], now: datetime) -> str:
    """Why the table must be walked (again): a reason, or nothing."""
    if layout is None:
        return "first visit"
    if layout.watched != (None if watched is None else tuple(watched)):
        return "other interfaces are watched"
    age = now - layout.learned_at
    if not timedelta() <= age < LEARN_EVERY:
        return "a day has passed"
    if restarted(layout, probed, now):
        return "the agent has restarted"
    if layout.absent and age >= LOOK_AGAIN:
        return "an interface is missing"
    if _table_changed(layout, probed) and age >= min(LOOK_AGAIN, timedelta(seconds=30 * layout.idle_walks)):
        return "the interface table has changed"
    return ""


def restarted(layout: Layout, probed: Mapping[str, object], now: datetime) -> bool:
    """snmpEngineBoots says so; failing that a sysUpTime that is younger than it ought to be (or wrapped: 497 days)."""
    boots = system.ENGINE_BOOTS.read(probed)
    if boots is not None and layout.engine_boots is not None and boots != layout.engine_boots:
        return True
    uptime = system.UPTIME.read(probed)
    if uptime is None or layout.uptime_ticks is None:
        return False
    expected = layout.uptime_ticks + (now - layout.learned_at).total_seconds() * 100
    return uptime + _RESTART_SLACK_TICKS < expected


def _scalars(layout: Layout | None) -> tuple[str, ...]:
    """Is it there, has it restarted, has its table changed? Who it is, is asked of devices that are not known."""
    if layout is None or layout.scalars is None:
        return tuple(_SCALARS)
    return tuple(column.name for column in _ALIVE if column.name in layout.scalars) or (system.UPTIME.name,)


def _table_changed(layout: Layout, probed: Mapping[str, object]) -> bool:
    changes = (
        (if_mib.IF_NUMBER.read(probed), layout.if_number),
        (if_mib.IF_TABLE_LAST_CHANGE.read(probed), layout.table_last_change),
    )
    return any(now is not None and now != then for now, then in changes)


@lru_cache(20_000)
def _at(if_index: int, names: tuple[str, ...]) -> tuple[str, ...]:
    """Kept, since most devices have an interface of this number with these columns: 40 kB of text a device."""
    return tuple(f"{if_mib.COLUMNS[name].oid}.{if_index}" for name in names)


@lru_cache(20_000)
def _octets_around(column_oid: str, if_index: int) -> int:
    """What stands around a value: three tags, three lengths, and the OID."""
    return 6 + len(wire.oid_octets(f"{column_oid}.{if_index}"))
