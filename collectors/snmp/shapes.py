"""What came before need not be parsed again: the quick way through responses that look like earlier ones.

An agent asked for the same OIDs answers, poll after poll, with the same octets but for the values, while these keep
their lengths. A ``Shape`` is what one such answer looked like. To read the next one is then a comparison of all its
tags, lengths, OIDs and texts at once, as one large integer, and one cut for all its numbers: a tenth of the work of
parsing. Whatever is not exactly as before goes the careful way of ``wire`` and leaves its shape behind.

Shapes belong to groups of OIDs, and groups to all devices that are asked for them: thousands of routers of one model
share a few hundred shapes of some 900 octets each.
"""

import struct
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from collectors.snmp import wire
from collectors.snmp.session import Value
from collectors.snmp.wire import Reply, Request

_MOST_SHAPES = 64  # of one group; each is kept alive besides by the devices that answer in it
_MOST_HEADS = 10_000
_WORD = 8


class Unlike(Exception):
    """The response holds other OIDs than were asked for, or in another order."""


class Shape:
    """How the octets of one group stand in a response. ``lead`` are the values before its first number; they are
    compared like OIDs, for the name of an interface hardly ever changes."""

    __slots__ = ("lead", "mask", "size", "unpack", "want")

    def __init__(self, octets: bytes, lead: tuple[Value, ...], numbers: Sequence["_Number"]) -> None:
        free = bytearray(len(octets))  # ones where the octets may differ from what they were
        layout, at = ">", 0
        for number in numbers:
            free[number.begin : number.end] = b"\xff" * (number.end - number.begin)
            if number.tag == wire.INTEGER:
                free[number.begin] = 0x7F  # not its sign
            layout += f"{number.end - _WORD - at}xQ"  # the OID before a number leaves room for a word that ends with it
            at = number.end
        self.size = len(octets)
        self.lead = lead
        self.mask = int.from_bytes(free, "big") ^ (1 << 8 * len(octets)) - 1
        self.want = int.from_bytes(octets, "big") & self.mask
        self.unpack = struct.Struct(f"{layout}{len(octets) - at}x").unpack

    def read(self, datagram: bytes, at: int) -> tuple[Value, ...] | None:
        """The values of the group that begins at ``at``; None where it does not stand as before."""
        rest = int.from_bytes(datagram[at : at + self.size], "big") ^ self.want
        if rest & self.mask:
            return None
        return self.lead + self.unpack(rest.to_bytes(self.size, "big"))  # all but the numbers is zero now


class _Number(NamedTuple):
    """Where a number's octets stand in a group, leading zeros left out."""

    begin: int
    end: int
    tag: int


class Group:
    """A group of OIDs as octets, and the shapes in which answers to it have come."""

    __slots__ = ("__weakref__", "_oids", "_shapes", "asked")

    def __init__(self, oids: Sequence[str]) -> None:
        """Raises WireError for what is no OID."""
        self.asked = wire.asked(oids)
        self._oids = tuple(wire.oid_octets(oid) for oid in oids)
        self._shapes: dict[Hashable, Shape] = {}

    def parsed(self, datagram: bytes, at: int, end: int) -> tuple[tuple[Value, ...], int, Shape | None]:
        """The values of the group, where the next one begins, and the shape to look for next time: None where there
        is none, after a missing object for instance. Raises WireError and Unlike."""
        begin, values, numbers, last_other = at, list[Value](), list[_Number](), -1
        for index, oid in enumerate(self._oids):
            if at >= end:
                raise Unlike
            oid_at, tag_at, value_at, stop = wire.varbind(datagram, at, end)
            if datagram[oid_at:tag_at] != oid:
                raise Unlike
            tag = datagram[tag_at]
            values.append(wire.value(tag, datagram[value_at:stop]))
            number = _number(tag, datagram, value_at, stop, begin)
            if number is None:
                last_other = index
            else:
                numbers.append(number)
            at = stop
        shaped = len(numbers) == len(values) - 1 - last_other
        return tuple(values), at, self._shape(datagram[begin:at], tuple(values[: last_other + 1]), numbers, shaped)

    def _shape(self, octets: bytes, lead: tuple[Value, ...], numbers: Sequence[_Number], shaped: bool) -> Shape | None:
        """The shape of these octets, shared with every device that answers so."""
        if not shaped or not numbers:
            return None
        key = lead, *numbers
        shape = self._shapes.get(key)
        if shape is None:
            if len(self._shapes) >= _MOST_SHAPES:
                self._shapes.clear()
            shape = self._shapes[key] = Shape(octets, lead, numbers)
        return shape


def _number(tag: int, datagram: bytes, value_at: int, stop: int, begin: int) -> _Number | None:
    """Where a number's free octets are, counted from ``begin``; None for a value of another type."""
    if tag == wire.INTEGER:
        if stop - value_at > _WORD or datagram[value_at] > 0x7F:
            return None
        return _Number(value_at - begin, stop - begin, tag)
    octets = wire.UNSIGNED.get(tag)
    if octets is None:
        return None
    return _Number(max(value_at, stop - octets) - begin, stop - begin, tag)


class Asked:
    """A PDU as one device is asked it, and the shapes in which it answered last."""

    __slots__ = ("_groups", "_shapes", "request")

    def __init__(self, groups: tuple[Group, ...], request: Request) -> None:
        self.request = request
        self._groups = groups
        self._shapes: list[Shape | None] = [None] * len(groups)

    def read(self, datagram: bytes, reply: Reply) -> list[tuple[Value, ...]]:
        """The values, group by group. Raises Unlike and WireError."""
        found = []
        at = reply.at
        for index, shape in enumerate(self._shapes):
            values = shape.read(datagram, at) if shape is not None else None
            if shape is None or values is None:
                values, at, self._shapes[index] = self._groups[index].parsed(datagram, at, reply.end)
            else:
                at += shape.size
            found.append(values)
        if at != reply.end:
            raise Unlike
        return found


class Heads:
    """What stands before the varbinds of responses, known by its octets but for the request-id."""

    def __init__(self) -> None:
        self._known: dict[bytes, Reply] = {}

    def opened(self, datagram: bytes) -> tuple[int, Reply]:
        """``wire.opened``, and nearly always without the parsing. Raises WireError.

        The place of the request-id is guessed: it is right for responses of 256 octets and more, and a wrong guess
        finds nothing, for what is looked up holds every tag and length up to the varbinds."""
        id_at = 15 + datagram[8] if len(datagram) > 8 else 0
        after = id_at + 4
        looks = datagram[:id_at] + datagram[after : after + 10]
        known = self._known.get(looks)
        if known is not None and known.end == len(datagram):
            return int.from_bytes(datagram[id_at:after], "big", signed=True), known
        request_id, reply = wire.opened(datagram)
        right = reply.id_at == id_at and reply.at == after + 10 and datagram[id_at - 1] == 4  # the id's length
        if right and reply.end == len(datagram):
            if len(self._known) >= _MOST_HEADS:
                self._known.clear()
            self._known[looks] = reply
        return request_id, reply
