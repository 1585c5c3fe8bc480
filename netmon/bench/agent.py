"""One device of the responder, in Python: an answer for a request, octet by octet what responder.c says.

It serves where there is no compiler, and the tests hold the two against each other. SNMP v1 and v2c, GET, GETNEXT and
GETBULK (RFC 3416, RFC 3584); what is no proper request gets no answer.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from netmon.bench import ber, values
from netmon.bench.ber import Improper, integer, oid, text, tlv

MAX_REQUEST: Final = 8192
_MAX_LIST, _VALUE_ROOM, _MAX_COMMUNITY, _MAX_COLUMNS = 16000, 96, 255, 64
_GET, _GETNEXT, _RESPONSE, _GETBULK = 0xA0, 0xA1, 0xA2, 0xA5
_COUNTER32, _GAUGE32, _TICKS, _COUNTER64 = 0x41, 0x42, 0x43, 0x46
_NO_OBJECT, _NO_INSTANCE, _END_OF_VIEW = (bytes((tag, 0)) for tag in (0x80, 0x81, 0x82))
_TOO_BIG, _NO_SUCH_NAME = 1, 2
_LOW_32 = 0xFFFF_FFFF

Arcs = tuple[int, ...]
"""An OID as on the wire: its first two numbers are one."""


class _Object(NamedTuple):
    """Something to ask for. ``say`` gets the agent, and the ifIndex where it is a column."""

    base: Arcs
    say: "Callable[[Agent, int], bytes]"
    table: bool = False
    wide: bool = False


class _Stop(Exception):
    """The answer is an error-status, with the number of its varbind."""

    def __init__(self, status: int, index: int) -> None:
        self.status, self.index = status, index


class Place(NamedTuple):
    """An instance: which object, and its row (0 for a scalar)."""

    which: int
    row: int


@dataclass(frozen=True, slots=True)
class Agent:
    """The device at one address, at one step, with so many interfaces."""

    address: int
    interfaces: int
    step: int

    def answer(self, request: bytes) -> tuple[bytes, int] | None:
        """The reply and how many varbinds it carries; None for what is no request."""
        try:
            return self._answer(request)
        except Improper:
            return None

    def _answer(self, request: bytes) -> tuple[bytes, int] | None:
        message = ber.inside(request, 0x30)
        version, rest = ber.number(message)
        if version not in (0, 1):
            raise Improper
        community, rest = ber.split(rest, 0x04)
        if len(community) > _MAX_COMMUNITY or not rest:
            raise Improper
        kind = rest[0]
        request_id, rest = ber.split(ber.inside(rest, kind), 0x02)
        if not 1 <= len(request_id) <= 8:
            raise Improper
        first, rest = ber.number(rest)
        second, rest = ber.number(rest)
        asked = ber.inside(rest, 0x30)
        status = index = 0
        said = _List()
        try:
            if kind == _GET:
                self._get(asked, version == 0, said)
            elif kind == _GETNEXT:
                self._next(asked, version == 0, said)
            elif kind == _GETBULK and version == 1:
                self._bulk(asked, first, second, said)
            else:
                raise Improper
        except _Stop as stop:
            status, index = stop.status, stop.index
            said = _List([asked] if version == 0 else [])
        head = tlv(0x02, request_id) + integer(status) + integer(index)
        pdu = tlv(_RESPONSE, head + tlv(0x30, b"".join(said.varbinds)))
        reply = tlv(0x30, integer(version) + tlv(0x04, community) + pdu)
        return reply, 0 if status else len(said.varbinds)

    def _get(self, asked: bytes, v1: bool, said: "_List") -> None:
        for number, (name, arcs) in enumerate(ber.names(asked), start=1):
            which = next((i for i, each in enumerate(OBJECTS) if arcs[: len(each.base)] == each.base), None)
            if which is None or (v1 and OBJECTS[which].wide):
                value = _NO_OBJECT
            elif not self._exists(OBJECTS[which], arcs):
                value = _NO_INSTANCE
            else:
                value = OBJECTS[which].say(self, arcs[-1])
            if v1 and value in (_NO_OBJECT, _NO_INSTANCE):
                raise _Stop(_NO_SUCH_NAME, number)
            said.must(name, value)

    def _exists(self, each: _Object, arcs: Arcs) -> bool:
        last = arcs[-1]
        return len(arcs) == len(each.base) + 1 and (1 <= last <= self.interfaces if each.table else last == 0)

    def _next(self, asked: bytes, v1: bool, said: "_List") -> None:
        for number, (name, arcs) in enumerate(ber.names(asked), start=1):
            at = self._after(arcs, v1)
            if at is None and v1:
                raise _Stop(_NO_SUCH_NAME, number)
            said.must(*((name, _END_OF_VIEW) if at is None else self._instance(at)))

    def _bulk(self, asked: bytes, once: int, rows: int, said: "_List") -> None:
        columns: list[Iterator[tuple[bytes, bytes]]] = []
        for number, (name, arcs) in enumerate(ber.names(asked)):
            if len(columns) == _MAX_COLUMNS:
                raise Improper
            column = self._column(name, self._after(arcs, False))
            if number >= once:
                columns.append(column)
            elif not said.may(*next(column)):
                return
        for _ in range(rows if columns else 0):
            row = [next(column) for column in columns]
            if not all(said.may(*each) for each in row) or all(value == _END_OF_VIEW for _, value in row):
                return

    def _column(self, name: bytes, at: Place | None) -> Iterator[tuple[bytes, bytes]]:
        """A walk without end: behind the last instance comes endOfMibView, under the name before (RFC 3416 4.2.3)."""
        while at is not None:
            name, value = self._instance(at)
            yield name, value
            at = self._following(at)
        while True:
            yield name, _END_OF_VIEW

    def _instance(self, at: Place) -> tuple[bytes, bytes]:
        each = OBJECTS[at.which]
        return ber.arc_octets((*each.base, at.row)), each.say(self, at.row)

    def _following(self, at: Place) -> Place | None:
        if OBJECTS[at.which].table and at.row < self.interfaces:
            return Place(at.which, at.row + 1)
        which = at.which + 1
        return Place(which, int(OBJECTS[which].table)) if which < len(OBJECTS) else None

    def _after(self, arcs: Arcs, v1: bool) -> Place | None:
        """The first instance behind a name."""
        for which, each in enumerate(OBJECTS):
            if v1 and each.wide:
                continue
            within = arcs[: len(each.base)] == each.base
            if arcs <= each.base:
                return Place(which, int(each.table))
            if within and each.table and arcs[len(each.base)] < self.interfaces:
                return Place(which, arcs[len(each.base)] + 1)
        return None

    def seed(self, if_index: int) -> int:
        return int(values.seed(self.address, if_index))

    def octets(self, h: int) -> int:
        return values.first_octets(h) + self.step * int(values.octets_a_step(h))

    @property
    def sys_name(self) -> str:
        return "bench-" + "-".join(str(self.address >> shift & 255) for shift in (24, 16, 8, 0))


class _List:
    """The varbinds of an answer, up to what it may hold."""

    def __init__(self, varbinds: list[bytes] | None = None) -> None:
        self.varbinds = varbinds or []
        self._size = 0

    def may(self, name: bytes, value: bytes) -> bool:
        """Add one; False where it is full."""
        if self._size + len(name) + _VALUE_ROOM > _MAX_LIST:
            return False
        varbind = tlv(0x30, tlv(0x06, name) + value)
        self._size += len(varbind)
        self.varbinds.append(varbind)
        return True

    def must(self, name: bytes, value: bytes) -> None:
        if not self.may(name, value):
            raise _Stop(_TOO_BIG, 0)


def _arcs(dotted: str) -> Arcs:
    first, second, *rest = map(int, dotted.split("."))
    return (40 * first + second, *rest)


def _scalar(dotted: str, say: "Callable[[Agent], bytes]") -> _Object:
    return _Object(_arcs(dotted), lambda agent, _: say(agent))


def _column(entry: str, column: int, say: "Callable[[Agent, int], bytes]", *, wide: bool = False) -> _Object:
    return _Object((*_arcs(entry), column), say, table=True, wide=wide)


def _counted(figure: Callable[[int, int], int]) -> "Callable[[Agent, int], bytes]":
    return lambda agent, index: integer(figure(agent.seed(index), agent.step) & _LOW_32, _COUNTER32)


def _in_octets(agent: Agent, index: int) -> int:
    return agent.octets(agent.seed(index))


def _out_octets(agent: Agent, index: int) -> int:
    return agent.octets(values.mixed(agent.seed(index)))


_SYSTEM, _IF, _IFX, _ENGINE = "1.3.6.1.2.1.1", "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1", "1.3.6.1.6.3.10.2.1"
OBJECTS: Final = (
    _scalar(f"{_SYSTEM}.1", lambda agent: text(values.SYS_DESCR)),
    _scalar(f"{_SYSTEM}.2", lambda agent: oid(_arcs(values.SYS_OBJECT_ID))),
    _scalar(f"{_SYSTEM}.3", lambda agent: integer(values.FIRST_UPTIME_TICKS + agent.step & _LOW_32, _TICKS)),
    _scalar(f"{_SYSTEM}.5", lambda agent: text(agent.sys_name)),
    _scalar("1.3.6.1.2.1.2.1", lambda agent: integer(agent.interfaces)),
    _column(_IF, 1, lambda agent, index: integer(index)),
    _column(_IF, 2, lambda agent, index: text(values.if_name(index))),
    _column(_IF, 3, lambda agent, index: integer(values.IF_TYPE)),
    _column(_IF, 5, lambda agent, index: integer(values.SPEED_BPS, _GAUGE32)),
    _column(_IF, 7, lambda agent, index: integer(values.STATUS_UP)),
    _column(_IF, 8, lambda agent, index: integer(values.STATUS_UP)),
    _column(_IF, 10, lambda agent, index: integer(_in_octets(agent, index) & _LOW_32, _COUNTER32)),
    _column(_IF, 13, _counted(values.in_discards)),
    _column(_IF, 14, _counted(values.in_errors)),
    _column(_IF, 16, lambda agent, index: integer(_out_octets(agent, index) & _LOW_32, _COUNTER32)),
    _column(_IF, 19, _counted(values.out_discards)),
    _column(_IF, 20, _counted(values.out_errors)),
    _column(_IFX, 1, lambda agent, index: text(values.if_name(index))),
    _column(_IFX, 6, lambda agent, index: integer(_in_octets(agent, index), _COUNTER64), wide=True),
    _column(_IFX, 10, lambda agent, index: integer(_out_octets(agent, index), _COUNTER64), wide=True),
    _column(_IFX, 15, lambda agent, index: integer(values.SPEED_BPS // 1_000_000, _GAUGE32)),
    _column(_IFX, 18, lambda agent, index: text(values.if_alias(index))),
    _column(_IFX, 19, lambda agent, index: integer(values.discontinuity_ticks(agent.seed(index)), _TICKS)),
    _scalar("1.3.6.1.2.1.31.1.5", lambda agent: integer(values.LAST_CHANGE, _TICKS)),
    _scalar(f"{_ENGINE}.2", lambda agent: integer(values.BOOTS)),
    _scalar(f"{_ENGINE}.3", lambda agent: integer((values.FIRST_UPTIME_TICKS + agent.step) // 100)),
)
"""What there is to ask for, in the order of a walk."""
