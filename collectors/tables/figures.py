"""All interfaces of a device at once: from rows of raw numbers to the columns of ``READING``.

The rules are those of ``interfaces.row``, which reads one interface at a time and understands everything. Here only
the plain case is read, which is nearly always the case: every column that was asked for came, as a number that its
syntax can hold. For anything else the answer is None, and the rows go one by one.
"""

from array import array
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collectors.tables import interfaces as if_mib
from collectors.tables.column import STATUS, Unsigned
from netmon.model.columns import READ, READING, Table

_PLACES: dict[str, str] = {
    if_mib.IN_OCTETS.name: "in_octets",
    if_mib.OUT_OCTETS.name: "out_octets",
    if_mib.IN_OCTETS_32.name: "in_octets",
    if_mib.OUT_OCTETS_32.name: "out_octets",
    if_mib.IN_ERRORS.name: "in_errors",
    if_mib.OUT_ERRORS.name: "out_errors",
    if_mib.IN_DISCARDS.name: "in_discards",
    if_mib.OUT_DISCARDS.name: "out_discards",
    if_mib.DISCONTINUITY.name: "discontinuity_ticks",
    if_mib.ADMIN_STATUS.name: "admin_status",
    if_mib.OPER_STATUS.name: "oper_status",
    if_mib.HIGH_SPEED.name: "speed_bps",
    if_mib.SPEED.name: "speed_bps",
}
_SPEED_BIT = 1 << READ.index("speed_bps")
_NAMES = READING.names or ()
_WIDTH = len(_NAMES)  # every column has eight octets, so that a table is a matrix too


class Kind:
    """What rows with the same columns have in common."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self.width = len(columns)
        places = [_NAMES.index(_PLACES[name]) for name in columns]
        side_by_side = places == list(range(len(places)))
        self.places = slice(len(places)) if side_by_side else np.array(places, np.intp)  # a slice is copied at once
        self.limits = np.array([_limit(name) for name in columns], np.uint64)
        self.counter_bits = 64 if if_mib.IN_OCTETS.name in columns else 32 if if_mib.IN_OCTETS_32.name in columns else 0
        self.megabits = if_mib.HIGH_SPEED.name in columns
        said = {_PLACES[name] for name in columns} | {"admin_status", "oper_status", "counter_bits"}
        self.said = sum(1 << READ.index(name) for name in said)


@lru_cache(1000)
def kind_of(columns: tuple[str, ...]) -> Kind | None:
    """The kind of rows with these columns; None where two of them say the same, or one octet counter is alone."""
    octets = [name for name in columns if _PLACES[name] in ("in_octets", "out_octets")]
    pairs = [[column.name for column in pair] for pair in ((), if_mib.WIDE, if_mib.NARROW)]
    plain = len({_PLACES[name] for name in columns}) == len(columns) and octets in pairs
    return Kind(columns) if plain else None


def read_into(table: Table, kind: Kind, places: Sequence[int], rows: Sequence[Sequence[object]]) -> bool:
    """Fill the rows of a table (zeros of dtype ``READING``) at ``places`` from the values of interfaces, each in the
    order of the kind's columns. False where a value is missing, no number, or more than its column can say."""
    try:
        given: Iterable[Any] = chain.from_iterable(rows)
        numbers = np.frombuffer(array("Q", given), np.uint64)  # takes whole numbers of 64 bits and nothing else
    except (TypeError, OverflowError):
        return False
    if numbers.size != len(rows) * kind.width:
        return False
    numbers = numbers.reshape(len(rows), kind.width)
    if np.greater(numbers, kind.limits).any():
        return False
    figures = table if len(rows) == len(table) else np.zeros(len(rows), READING)
    figures.view("<u8").reshape(len(rows), _WIDTH)[:, kind.places] = numbers  # all columns in one go
    figures["counter_bits"] = kind.counter_bits
    figures["said"] = kind.said
    _speeds(figures, kind)
    if figures is not table:
        table[places] = figures
    return True


def _speeds(figures: Table, kind: Kind) -> None:
    """ifHighSpeed in Mbps, or ifSpeed in bps; what says nothing has no bit."""
    speeds: NDArray[np.uint64] = figures["speed_bps"]
    unknown = speeds == 0
    if kind.megabits:
        speeds *= np.uint64(1_000_000)
    else:
        unknown |= speeds == if_mib.SPEED_UNKNOWN[-1]
    if unknown.any():
        speeds[unknown] = 0
        figures["said"][unknown] &= np.uint64(~_SPEED_BIT & 2**64 - 1)


def _limit(name: str) -> int:
    """The largest number that the column's syntax can mean."""
    syntax = if_mib.COLUMNS[name].syntax
    return (1 << syntax.bits) - 1 if isinstance(syntax, Unsigned) else max(STATUS.names)
