"""A column of a MIB table: its OID, and what an answer must look like to be believed.

Reading never raises: whatever a device sends, out comes a value of the column's type, or None for "it did not say".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar

from netmon.model.poll import InterfaceStatus

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Syntax(Protocol[T_co]):
    """How a raw value becomes a typed one."""

    @property
    def octets(self) -> int:
        """How many octets a value takes at the most, or hardly ever exceeds."""

    def read(self, raw: object) -> T_co | None:
        """The value, or None where it is absent or nonsense."""


@dataclass(frozen=True, slots=True)
class Unsigned:
    """Counters, gauges and ticks (RFC 2578 7.1): an integer of so many bits. Negative or wider is nonsense."""

    bits: int

    @property
    def octets(self) -> int:
        """One more for the sign (X.690 8.3)."""
        return self.bits // 8 + 1

    def read(self, raw: object) -> int | None:
        if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw < 1 << self.bits:
            return raw
        return None


@dataclass(frozen=True, slots=True)
class Text:
    """DisplayString and its kin (RFC 2579): bytes that ought to be text. Foreign bytes are replaced, control
    characters and the NULs that some agents pad with are dropped."""

    octets: int = 64

    def read(self, raw: object) -> str | None:
        if isinstance(raw, bytes):
            raw = raw.decode("utf-8", errors="replace")
        if not isinstance(raw, str):
            return None
        return "".join(c if c.isprintable() else " " * c.isspace() for c in raw).strip()


@dataclass(frozen=True, slots=True)
class ObjectIdentifier:
    """Dotted numbers, as the engines decode them."""

    octets: int = 32

    def read(self, raw: object) -> str | None:
        return raw if isinstance(raw, str) and raw.replace(".", "").isdecimal() and raw.isascii() else None


E = TypeVar("E", bound=Enum)


@dataclass(frozen=True, slots=True)
class Enumerated(Generic[E]):
    """A named number (RFC 2578 7.1.1); a number without a name is nonsense."""

    names: Mapping[int, E]
    octets: int = 1

    def read(self, raw: object) -> E | None:
        return self.names.get(raw) if isinstance(raw, int) and not isinstance(raw, bool) else None


Counter64 = Unsigned(64)
Counter32 = Unsigned(32)
Gauge32 = Unsigned(32)
TimeTicks = Unsigned(32)
Integer31 = Unsigned(31)
"""InterfaceIndex, IANAifType, snmpEngineBoots: INTEGER (0..2147483647)."""
STATUS = Enumerated(dict(enumerate(InterfaceStatus, start=1)))
"""ifAdminStatus and ifOperStatus (RFC 2863): up is 1, lowerLayerDown 7."""


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column, by the MIB's name for it. ``otherwise`` is what says the same on devices without it."""

    name: str
    oid: str
    syntax: Syntax[T]
    otherwise: "Column[T] | None" = None

    def read(self, values: Mapping[str, object]) -> T | None:
        """From the raw values of one row, keyed by column name."""
        return self.syntax.read(values.get(self.name))


def by_name(*columns: Column[Any]) -> dict[str, str]:
    """The OIDs of columns and of those that stand in for them, by name."""
    found: dict[str, str] = {}
    for column in columns:
        found[column.name] = column.oid
        if column.otherwise is not None:
            found[column.otherwise.name] = column.otherwise.oid
    return found


def index_of(column_oid: str, oid: str) -> int | None:
    """The row that an OID belongs to; None if it is no row of a table with one integer for its index."""
    index = oid.removeprefix(column_oid + ".")
    return int(index) if index.isdecimal() and index.isascii() and int(index) < 1 << 31 else None
