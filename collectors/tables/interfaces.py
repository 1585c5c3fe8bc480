"""IF-MIB (RFC 2863): what we ask of an interface, and what an answer becomes. Adding a MIB is adding a file like this.

Nonsense stops here: behind this file a counter is an integer that a counter can hold, and a name is text.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from collectors.tables.column import (
    STATUS,
    Column,
    Counter32,
    Counter64,
    Gauge32,
    Integer31,
    Text,
    TimeTicks,
    by_name,
)
from netmon.model.poll import InterfaceRow

_IF_ENTRY = "1.3.6.1.2.1.2.2.1"
_IFX_ENTRY = "1.3.6.1.2.1.31.1.1.1"

IF_NUMBER = Column("ifNumber", "1.3.6.1.2.1.2.1", Integer31)
IF_TABLE_LAST_CHANGE = Column("ifTableLastChange", "1.3.6.1.2.1.31.1.5", TimeTicks)

DESCR = Column("ifDescr", f"{_IF_ENTRY}.2", Text())
NAME = Column("ifName", f"{_IFX_ENTRY}.1", Text(), otherwise=DESCR)
ALIAS = Column("ifAlias", f"{_IFX_ENTRY}.18", Text())
TYPE = Column("ifType", f"{_IF_ENTRY}.3", Integer31)
ADMIN_STATUS = Column("ifAdminStatus", f"{_IF_ENTRY}.7", STATUS)
OPER_STATUS = Column("ifOperStatus", f"{_IF_ENTRY}.8", STATUS)
SPEED = Column("ifSpeed", f"{_IF_ENTRY}.5", Gauge32)
HIGH_SPEED = Column("ifHighSpeed", f"{_IFX_ENTRY}.15", Gauge32, otherwise=SPEED)
IN_OCTETS_32 = Column("ifInOctets", f"{_IF_ENTRY}.10", Counter32)
OUT_OCTETS_32 = Column("ifOutOctets", f"{_IF_ENTRY}.16", Counter32)
IN_OCTETS = Column("ifHCInOctets", f"{_IFX_ENTRY}.6", Counter64, otherwise=IN_OCTETS_32)
OUT_OCTETS = Column("ifHCOutOctets", f"{_IFX_ENTRY}.10", Counter64, otherwise=OUT_OCTETS_32)
IN_DISCARDS = Column("ifInDiscards", f"{_IF_ENTRY}.13", Counter32)
IN_ERRORS = Column("ifInErrors", f"{_IF_ENTRY}.14", Counter32)
OUT_DISCARDS = Column("ifOutDiscards", f"{_IF_ENTRY}.19", Counter32)
OUT_ERRORS = Column("ifOutErrors", f"{_IF_ENTRY}.20", Counter32)
DISCONTINUITY = Column("ifCounterDiscontinuityTime", f"{_IFX_ENTRY}.19", TimeTicks)

MOVING = {
    **by_name(IN_OCTETS, OUT_OCTETS),
    **by_name(IN_ERRORS, OUT_ERRORS, IN_DISCARDS, OUT_DISCARDS, DISCONTINUITY),
    **by_name(ADMIN_STATUS, OPER_STATUS, HIGH_SPEED),
}
"""OIDs by column name: what every poll asks for; the octets first, so that they share a PDU and its arrival."""
COLUMNS: dict[str, Column[Any]] = {
    column.name: column
    for column in (
        *(IN_OCTETS, OUT_OCTETS, IN_OCTETS_32, OUT_OCTETS_32, IN_ERRORS, OUT_ERRORS, IN_DISCARDS, OUT_DISCARDS),
        *(DISCONTINUITY, ADMIN_STATUS, OPER_STATUS, HIGH_SPEED, SPEED, ALIAS, TYPE, NAME, DESCR),
    )
}
"""Every column by its name."""
SETTLED = by_name(ALIAS, TYPE)
"""What is asked when the table is learned, and remembered."""

WIDE = (IN_OCTETS, OUT_OCTETS)
NARROW = (IN_OCTETS_32, OUT_OCTETS_32)
SPEED_UNKNOWN = (0, 0xFFFF_FFFF)  # ifSpeed of a port that is down, and of one too fast for 32 bits


@dataclass(frozen=True, slots=True)
class Named:
    """What an interface is called: ``if_name`` is unique on the device, ``stated`` is what ``column`` says, octet by
    octet (none where it says nothing)."""

    if_index: int
    if_name: str
    column: str
    stated: bytes
    if_descr: str | None = None

    def is_still(self, said: object) -> bool:
        """Whether the column says what it said when the interface was found: an ifIndex is only a handle."""
        return said == self.stated or (not self.stated and not isinstance(said, bytes))


def named(names: Mapping[int, object], descriptions: Mapping[int, object]) -> tuple[Named, ...]:
    """Every interface of the device by ifIndex, from the columns ifName and ifDescr. A name that the device repeats
    gets the ifIndex of each behind it, so that two histories never mix."""
    found = []
    for if_index in sorted({*names, *descriptions}):
        name = NAME.syntax.read(names.get(if_index))
        descr = DESCR.syntax.read(descriptions.get(if_index))
        column, said = (NAME.name, names) if name else (DESCR.name, descriptions)
        stated = said.get(if_index)
        found.append(Named(if_index, name or descr or "", column, stated if isinstance(stated, bytes) else b"", descr))
    times = Counter(each.if_name for each in found)
    return tuple(_unique(each) if times[each.if_name] > 1 or not each.if_name else each for each in found)


def _unique(each: Named) -> Named:
    return replace(each, if_name=f"{each.if_name}#{each.if_index}")


def row(who: Named, values: Mapping[str, object], arrived_s: float) -> InterfaceRow:
    """One interface from its raw values by column name; ``arrived_s`` is that of the octet counters."""
    in_octets, out_octets, counter_bits = _octets(values)
    return InterfaceRow(
        if_index=who.if_index,
        if_name=who.if_name,
        arrived_s=arrived_s,
        if_descr=who.if_descr,
        if_alias=ALIAS.read(values),
        if_type=TYPE.read(values),
        admin_status=ADMIN_STATUS.read(values),
        oper_status=OPER_STATUS.read(values),
        speed_bps=_speed_bps(values),
        in_octets=in_octets,
        out_octets=out_octets,
        in_errors=IN_ERRORS.read(values),
        out_errors=OUT_ERRORS.read(values),
        in_discards=IN_DISCARDS.read(values),
        out_discards=OUT_DISCARDS.read(values),
        counter_bits=counter_bits,
        discontinuity_ticks=DISCONTINUITY.read(values),
    )


def worth_asking(values: Mapping[str, object]) -> tuple[str, ...]:
    """The moving columns that this interface was seen to have, in order. 32-bit octets only where a 64-bit one is
    missing, ifSpeed only where ifHighSpeed says nothing; everything where it showed no octets at all: an interface
    that comes up may begin to count."""
    counter_bits = _octets(values)[2]
    if counter_bits is None:
        return tuple(MOVING)
    needless = [column.name for column in (WIDE if counter_bits == 32 else NARROW)]
    if HIGH_SPEED.read(values):
        needless.append(SPEED.name)
    return tuple(name for name in MOVING if values.get(name) is not None and name not in needless)


def _octets(values: Mapping[str, object]) -> tuple[int | None, int | None, int | None]:
    """In, out and their width. Both come from the same pair of columns, since each wraps at its own width."""
    wide, narrow = _pair(values, WIDE), _pair(values, NARROW)
    if None not in wide or (wide != (None, None) and None in narrow):
        return (*wide, 64)
    if narrow != (None, None):
        return (*narrow, 32)
    return (None, None, None)


def _pair(values: Mapping[str, object], columns: tuple[Column[int], Column[int]]) -> tuple[int | None, int | None]:
    return columns[0].read(values), columns[1].read(values)


def _speed_bps(values: Mapping[str, object]) -> int | None:
    """ifHighSpeed is in Mbps and rounds a slow line to 0; ifSpeed is in bps and ends at 4.29 Gbps."""
    if megabits := HIGH_SPEED.read(values):
        return megabits * 1_000_000
    speed = SPEED.read(values)
    return None if speed in SPEED_UNKNOWN else speed
