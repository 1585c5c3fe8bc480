"""What to ask of a device: pure, from what is known of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from collectors.poller.layout import Layout, LearnedInterface
from collectors.tables import interfaces as if_mib
from collectors.tables import system

_COLUMNS = {
    **if_mib.MOVING,
    **if_mib.SETTLED,
    if_mib.NAME.name: if_mib.NAME.oid,
    if_mib.DESCR.name: if_mib.DESCR.oid,
}
_PROBED = {
    **system.SCALARS,
    if_mib.IF_NUMBER.name: if_mib.IF_NUMBER.oid,
    if_mib.IF_TABLE_LAST_CHANGE.name: if_mib.IF_TABLE_LAST_CHANGE.oid,
}

LEARN_EVERY = timedelta(days=1)
LOOK_AGAIN = timedelta(minutes=5)
"""For watched interfaces that are absent, and for tables that keep changing where nobody watches."""
_RESTART_SLACK_TICKS = 6000  # a clock that was set, a sysUpTime that is slow: a minute is no restart


def probe(layout: Layout | None) -> dict[str, str]:
    """The first PDU of every visit, OIDs by name: is it there, who is it, has it restarted, has its table changed?"""
    known = _PROBED if layout is None or layout.scalars is None else layout.scalars
    return {name: f"{_PROBED[name]}.0" for name in known if name in _PROBED}


def known_oids(interface: LearnedInterface) -> dict[str, str]:
    """OIDs by column name for an interface that was learned: its name first, which says that it is still the one."""
    return _at(interface.who.if_index, (interface.who.column, *interface.columns))


def candidate_oids(who: if_mib.Named, *, counters64: bool) -> dict[str, str]:
    """OIDs by column name for an interface that is being learned: its name once more, lest the table changed since the
    walk. v1 cannot carry Counter64 (RFC 3584 4.2.2.1)."""
    wide = (if_mib.IN_OCTETS.name, if_mib.OUT_OCTETS.name)
    names = (who.column, *if_mib.MOVING, *if_mib.SETTLED)
    return _at(who.if_index, (name for name in names if counters64 or name not in wide))


def pdus(groups: Iterable[Sequence[str]], max_varbinds: int) -> list[list[str]]:
    """Pack groups of OIDs into PDUs. A group stays together while it fits, so that counters of one interface arrive
    together."""
    packed: list[list[str]] = []
    for group in groups:
        pieces = [list(group[i : i + max_varbinds]) for i in range(0, len(group), max_varbinds)]
        for piece in pieces:
            if packed and len(packed[-1]) + len(piece) <= max_varbinds:
                packed[-1].extend(piece)
            else:
                packed.append(piece)
    return packed


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


def _table_changed(layout: Layout, probed: Mapping[str, object]) -> bool:
    changes = (
        (if_mib.IF_NUMBER.read(probed), layout.if_number),
        (if_mib.IF_TABLE_LAST_CHANGE.read(probed), layout.table_last_change),
    )
    return any(now is not None and now != then for now, then in changes)


def _at(if_index: int, names: Iterable[str]) -> dict[str, str]:
    return {name: f"{_COLUMNS[name]}.{if_index}" for name in names if name in _COLUMNS}
