"""A simulated router: its interfaces and what its MIB says at an instant. No SNMP here, only values."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Oid = tuple[int, ...]
SYSTEM = (1, 3, 6, 1, 2, 1, 1)
IF_NUMBER = (1, 3, 6, 1, 2, 1, 2, 1, 0)
IF_ENTRY = (1, 3, 6, 1, 2, 1, 2, 2, 1)
IFX_ENTRY = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
IF_TABLE_LAST_CHANGE = (1, 3, 6, 1, 2, 1, 31, 1, 5, 0)
ENGINE = (1, 3, 6, 1, 6, 3, 10, 2, 1)


class Syntax(StrEnum):
    INTEGER = "Integer32"
    TEXT = "OctetString"
    OID = "ObjectIdentifier"
    TICKS = "TimeTicks"
    GAUGE32 = "Gauge32"
    COUNTER32 = "Counter32"
    COUNTER64 = "Counter64"


Value = tuple[Syntax, int | str]
Rate = Callable[[float], float]
"""Bits per second at a Unix instant."""


@dataclass
class Port:
    """One interface. Octets are the integral of the rates, advanced in steps of at most a second."""

    if_name: str
    alias: str
    speed_bps: int
    in_bps: Rate
    out_bps: Rate
    in_octets: float = 0.0
    out_octets: float = 0.0
    advanced_to_s: float | None = None

    def advance(self, unix_s: float) -> None:
        """Let traffic flow until now; a long time unasked is walked in at most 600 steps."""
        if self.advanced_to_s is None:
            self.advanced_to_s = unix_s
        steps = min(600, max(1, int(unix_s - self.advanced_to_s)))
        step_s = (unix_s - self.advanced_to_s) / steps
        for n in range(steps):
            middle_s = self.advanced_to_s + (n + 0.5) * step_s
            self.in_octets += self.in_bps(middle_s) * step_s / 8
            self.out_octets += self.out_bps(middle_s) * step_s / 8
        self.advanced_to_s = unix_s


@dataclass
class Router:
    """What one agent answers with. ``variables`` are functions of the instant, by OID."""

    name: str
    description: str
    ports: list[Port]
    started_s: float
    variables: dict[Oid, Callable[[float], Value]] = field(default_factory=dict)
    order: list[Oid] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.variables = {**self._system(), **self._interfaces()}
        self.order = sorted(self.variables)

    def get(self, oid: Oid, unix_s: float) -> Value | None:
        variable = self.variables.get(oid)
        return variable(unix_s) if variable else None

    def after(self, oid: Oid, unix_s: float) -> tuple[Oid, Value] | None:
        """The next variable in lexicographic order, as GETNEXT wants it; None at the end of the view."""
        at = bisect_right(self.order, oid)
        if at == len(self.order):
            return None
        return self.order[at], self.variables[self.order[at]](unix_s)

    def _ticks(self, unix_s: float) -> Value:
        return Syntax.TICKS, int((unix_s - self.started_s) * 100) % 2**32

    def _system(self) -> Mapping[Oid, Callable[[float], Value]]:
        return {
            (*SYSTEM, 1, 0): _constant(Syntax.TEXT, self.description),
            (*SYSTEM, 2, 0): _constant(Syntax.OID, "1.3.6.1.4.1.8072.3.2.255"),
            (*SYSTEM, 3, 0): self._ticks,
            (*SYSTEM, 5, 0): _constant(Syntax.TEXT, self.name),
            IF_NUMBER: _constant(Syntax.INTEGER, len(self.ports)),
            IF_TABLE_LAST_CHANGE: _constant(Syntax.TICKS, 0),
            (*ENGINE, 2, 0): _constant(Syntax.INTEGER, 1),
            (*ENGINE, 3, 0): lambda unix_s: (Syntax.INTEGER, int(unix_s - self.started_s)),
        }

    def _interfaces(self) -> dict[Oid, Callable[[float], Value]]:
        table: dict[Oid, Callable[[float], Value]] = {}
        for index, port in enumerate(self.ports, start=1):
            mbps = port.speed_bps // 10**6
            columns: dict[Oid, Callable[[float], Value]] = {
                (*IF_ENTRY, 1): _constant(Syntax.INTEGER, index),
                (*IF_ENTRY, 2): _constant(Syntax.TEXT, port.if_name),
                (*IF_ENTRY, 3): _constant(Syntax.INTEGER, 6),  # ethernetCsmacd
                (*IF_ENTRY, 5): _constant(Syntax.GAUGE32, min(port.speed_bps, 2**32 - 1)),
                (*IF_ENTRY, 7): _constant(Syntax.INTEGER, 1),  # ifAdminStatus up
                (*IF_ENTRY, 8): _constant(Syntax.INTEGER, 1),  # ifOperStatus up
                (*IF_ENTRY, 10): _octets(port, inward=True, bits=32),
                (*IF_ENTRY, 16): _octets(port, inward=False, bits=32),
                **{(*IF_ENTRY, column): _constant(Syntax.COUNTER32, 0) for column in (13, 14, 19, 20)},
                (*IFX_ENTRY, 1): _constant(Syntax.TEXT, port.if_name),
                (*IFX_ENTRY, 6): _octets(port, inward=True, bits=64),
                (*IFX_ENTRY, 10): _octets(port, inward=False, bits=64),
                (*IFX_ENTRY, 15): _constant(Syntax.GAUGE32, mbps),
                (*IFX_ENTRY, 18): _constant(Syntax.TEXT, port.alias),
                (*IFX_ENTRY, 19): _constant(Syntax.TICKS, 0),
            }
            table.update({(*column, index): variable for column, variable in columns.items()})
        return table


def _constant(syntax: Syntax, value: int | str) -> Callable[[float], Value]:
    return lambda unix_s: (syntax, value)


def _octets(port: Port, *, inward: bool, bits: int) -> Callable[[float], Value]:
    syntax = Syntax.COUNTER64 if bits == 64 else Syntax.COUNTER32

    def read(unix_s: float) -> Value:
        port.advance(unix_s)
        return syntax, int(port.in_octets if inward else port.out_octets) % 2**bits

    return read
