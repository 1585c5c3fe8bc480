"""What is kept of each link from poll to poll, 88 bytes a link, and what of it survives the process.

In memory it is one table for the whole province. On the disk it is one value a device, by the names of its interfaces:
counters of two interfaces are never subtracted, whatever became of their links or their ifIndex.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple
from zlib import crc32

import msgspec
import numpy as np
from numpy.typing import NDArray

from netmon.model.columns import READ, Table

EVENTS: Final = ("in_errors", "out_errors", "in_discards", "out_discards")
"""Counter32 in ifTable."""
KEPT: Final = np.dtype(
    [
        ("in_octets", "<u8"),
        ("out_octets", "<u8"),
        ("arrived_s", "<f8"),
        ("at_us", "<i8"),
        ("uptime_ticks", "<i8"),
        ("engine_boots", "<i8"),
        ("engine_time_s", "<i8"),
        ("rated_tick", "<i8"),
        ("discontinuity_ticks", "<u4"),
        *((name, "<u4") for name in EVENTS),
        ("said", "u1"),
        ("counter_bits", "u1"),
        ("this_run", "u1"),
    ],
    align=True,
)
"""The last reading of an interface that said an octet counter; all zero where there was none yet.

``uptime_ticks``, ``engine_boots``, ``engine_time_s``: -1 where the agent did not say. ``rated_tick``: the tick whose
rate is written, else 0; a second poll in the same slot must not replace it by that of a few seconds. ``said``: bit i
for ``READ[i]``, of the counters alone. ``this_run``: 1 if this process read it, whose monotonic clock made
``arrived_s``.
"""

COUNTERS: Final = READ[: READ.index("discontinuity_ticks") + 1]
"""Octet counters, events and ifCounterDiscontinuityTime: the first in ``READ``."""
COUNTERS_SAID: Final = (1 << len(COUNTERS)) - 1
OCTETS_SAID: Final = 0b11

_LAYOUT = crc32(repr(KEPT.descr).encode())


class Counters(NamedTuple):
    """The remembered rows of one device: the value of ``Memory.COUNTERS`` under its id."""

    layout: int
    """Which columns the rows have, so that another version's bytes are never taken for counters."""
    if_names: Sequence[str]
    rows: bytes

    @classmethod
    def of(cls, if_names: Sequence[str], rows: Table) -> "Counters":
        """A copy: what is committed with a sample is what was known then, whatever has been polled since."""
        return cls(_LAYOUT, if_names, rows.tobytes())

    @classmethod
    def decoded(cls, remembered: bytes) -> "Counters":
        """``msgspec.MsgspecError`` where the bytes are not such a value of this version."""
        found = msgspec.msgpack.decode(remembered, type=cls)
        if found.layout != _LAYOUT or len(found.rows) != len(found.if_names) * KEPT.itemsize:
            raise msgspec.ValidationError("these counters were written by another version of netmon")
        return found

    def by_name(self) -> Iterator[tuple[str, Table]]:
        """Interfaces and their rows, as of another run."""
        rows = np.frombuffer(bytearray(self.rows), KEPT)
        rows["this_run"] = 0
        return zip(self.if_names, rows, strict=True)


class KeptTable:
    """The rows of all links. Whole records are moved as opaque bytes, which NumPy does ten times as fast as field by
    field."""

    def __init__(self, links: int) -> None:
        self.rows = np.zeros(links, KEPT)
        self._records = self.rows.view(f"V{KEPT.itemsize}")

    def take(self, numbers: NDArray[np.intp]) -> Table:
        """A copy of these links' rows."""
        return self._records[numbers].view(KEPT)

    def put(self, numbers: NDArray[np.intp], rows: Table) -> None:
        self._records[numbers] = rows.view(self._records.dtype)

    def restore(self, counters: Counters, numbers: Mapping[str, int]) -> bool:
        """Take over what was remembered of a device's interfaces; whether all of them are still declared."""
        known = [(numbers[name], row) for name, row in counters.by_name() if name in numbers]
        for number, row in known:
            self.rows[number] = row
        return len(known) == len(counters.if_names)
