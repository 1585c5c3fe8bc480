"""Many rows as columns: what a second of polling brings, without a Python object for every figure.

A row is still there for whoever asks for one: both classes are sequences of the model's frozen values. Whoever handles
thousands takes the table (``figures``), a NumPy record array with a column for every field.

Absence is never a number: ``said`` has one bit for every field that may be None, and a figure without its bit is void.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from netmon.model.instants import at_us, unix_us
from netmon.model.poll import InterfaceRow, InterfaceStatus
from netmon.model.sample import Flag, LinkSample

T = TypeVar("T")
Table = NDArray[np.void]

STATUSES: Final = (None, *InterfaceStatus)
"""By the numbers of RFC 2863: ifAdminStatus and ifOperStatus count from 1; 0 is "it did not say"."""
STATUS_NUMBER: Final = {status: number for number, status in enumerate(STATUSES)}

READ: Final = (
    "in_octets",
    "out_octets",
    "in_errors",
    "out_errors",
    "in_discards",
    "out_discards",
    "discontinuity_ticks",
    "admin_status",
    "oper_status",
    "speed_bps",
    "counter_bits",
)
"""The figures of one interface row, as ``InterfaceRow`` names them."""
READING: Final = np.dtype([*((name, "<u8") for name in READ), ("said", "<u8"), ("arrived_s", "<f8")])
"""``said``: bit i for ``READ[i]``. Statuses by number, counter_bits 0, 32 or 64: for these three 0 is None too."""

RATED: Final = (
    "interval_s",
    "down_bps",
    "up_bps",
    "down_octets",
    "up_octets",
    "down_counter",
    "up_counter",
    "in_errors",
    "out_errors",
    "in_discards",
    "out_discards",
    "speed_bps",
)
"""The figures of a sample that may be None, as ``LinkSample`` names them; bit i of ``said`` for ``RATED[i]``."""
_NARROW = {"interval_s": "<f8", "in_errors": "<u4", "out_errors": "<u4", "in_discards": "<u4", "out_discards": "<u4"}
SAMPLE: Final = np.dtype(
    [
        ("tick", "<i8"),
        ("at_us", "<i8"),
        *((name, _NARROW.get(name, "<u8")) for name in RATED),
        ("said", "<u2"),
        ("admin_status", "u1"),
        ("oper_status", "u1"),
        ("flags", "u1"),
    ]
)
"""One link at one tick; ``at_us`` in Unix microseconds."""

ALL_READ: Final = (1 << len(READ)) - 1
ALL_RATED: Final = (1 << len(RATED)) - 1
FLAGS: Final = tuple(Flag(value) for value in range(sum(Flag) + 1))
"""By their number: making a Flag of one costs a microsecond."""


class Interface(NamedTuple):
    """What stays the same of an interface while its device's table is what was learned."""

    if_index: int
    if_name: str
    if_descr: str | None = None
    if_alias: str | None = None
    if_type: int | None = None


class _Rows(Sequence[T]):
    """A sequence that makes its rows when asked; equal to any sequence of the same rows."""

    __slots__ = ()

    def _row(self, index: int) -> T:
        raise NotImplementedError

    def __iter__(self) -> Iterator[T]:
        return map(self._row, range(len(self)))

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        places = range(len(self))[index]
        return self._row(places) if isinstance(places, int) else tuple(map(self._row, places))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self)!r})"


class InterfaceRows(_Rows[InterfaceRow]):
    """The interface rows of one poll: ``interfaces[i]`` is whose ``figures[i]`` are. While a device's table does not
    change, ``interfaces`` is the same object poll after poll: what is looked up for it once serves again."""

    __slots__ = ("figures", "interfaces")

    def __init__(self, interfaces: tuple[Interface, ...], figures: Table) -> None:
        """``figures`` has dtype ``READING`` and as many rows as there are interfaces."""
        self.interfaces = interfaces
        self.figures = figures

    @classmethod
    def of(cls, rows: Iterable[InterfaceRow]) -> "InterfaceRows":
        """From rows one by one; what is columns already stays what it is."""
        if isinstance(rows, cls):
            return rows
        rows = tuple(rows)
        figures = np.zeros(len(rows), READING)
        for index, row in enumerate(rows):
            figures[index] = (*_said(row, READ), row.arrived_s)
        return cls(tuple(Interface(r.if_index, r.if_name, r.if_descr, r.if_alias, r.if_type) for r in rows), figures)

    def __len__(self) -> int:
        return len(self.interfaces)

    def _row(self, index: int) -> InterfaceRow:
        *figures, said, arrived_s = self.figures[index].item()
        known = _known(READ, figures, said)
        for status in ("admin_status", "oper_status"):
            known[status] = STATUSES[known[status] or 0]
        known["counter_bits"] = known["counter_bits"] or None
        return InterfaceRow(**self.interfaces[index]._asdict(), arrived_s=arrived_s, **known)


class LinkSamples(_Rows[LinkSample]):
    """The samples of many links: ``link_ids[i]`` is whose ``figures[i]`` are, in the order of their polls."""

    __slots__ = ("figures", "link_ids")

    def __init__(self, link_ids: Sequence[str], figures: Table) -> None:
        """``figures`` has dtype ``SAMPLE`` and as many rows as there are ids."""
        self.link_ids = link_ids
        self.figures = figures

    @classmethod
    def of(cls, samples: Iterable[LinkSample]) -> "LinkSamples":
        """From samples one by one; what is columns already stays what it is."""
        if isinstance(samples, cls):
            return samples
        samples = tuple(samples)
        figures = np.zeros(len(samples), SAMPLE)
        for index, s in enumerate(samples):
            statuses = STATUS_NUMBER[s.admin_status], STATUS_NUMBER[s.oper_status]
            figures[index] = (s.tick, unix_us(s.at), *_said(s, RATED), *statuses, int(s.flags))
        return cls([s.link_id for s in samples], figures)

    @classmethod
    def joined(cls, several: Sequence["LinkSamples"]) -> "LinkSamples":
        """One after the other."""
        ids = [link_id for each in several for link_id in each.link_ids]
        # As bytes: np.concatenate compares the columns of records by name, which takes a hundred times as long.
        return cls(ids, np.frombuffer(bytearray().join([each.figures.tobytes() for each in several]), SAMPLE))

    def parts(self, size: int) -> Iterator["LinkSamples"]:
        """Pieces of at most ``size`` rows: whoever makes objects of them holds those of one piece at a time."""
        for start in range(0, len(self), size):
            piece = slice(start, start + size)
            yield LinkSamples(self.link_ids[piece], self.figures[piece])

    def __len__(self) -> int:
        return len(self.figures)

    def _row(self, index: int) -> LinkSample:
        tick, us, *figures, said, admin, oper, flags = self.figures[index].item()
        known = _known(RATED, figures, said)
        statuses = {"admin_status": STATUSES[admin], "oper_status": STATUSES[oper]}
        return LinkSample(self.link_ids[index], tick, at_us(us), **known, **statuses, flags=FLAGS[flags])


def _said(row: object, names: Sequence[str]) -> list[Any]:
    """A row's figures, 0 for None, and behind them the bits of those that are not."""
    values = [getattr(row, name) for name in names]
    numbers = [STATUS_NUMBER[v] if isinstance(v, InterfaceStatus) else v or 0 for v in values]
    return [*numbers, sum(1 << i for i, value in enumerate(values) if value is not None)]


def _known(names: Sequence[str], figures: Sequence[Any], said: int) -> dict[str, Any]:
    """Figures by name, None for those without their bit."""
    return {
        name: figure if said >> i & 1 else None for i, (name, figure) in enumerate(zip(names, figures, strict=True))
    }
