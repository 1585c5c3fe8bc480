"""What must hold for any octets that arrive: the functions that the fuzzer and the unit test both drive.

An input is one octet that chooses a seed and how the rest is meant: as a datagram of its own, or as changes to the
seed's response: how many octets are cut off its end (one octet), and then three octets for each that is another (where,
two octets; what). The second keeps within reach what random octets never find: responses that are nearly right.
"""

from __future__ import annotations

from functools import cache

from collectors.snmp import wire
from collectors.snmp.session import Value
from collectors.snmp.shapes import Asked, Group, Heads, Unlike
from collectors.snmp.wire import WireError
from tests.fuzz.seeds import Seed, seeds

AS_CHANGES = 0x80
_TEXT_PER_OCTET = 11
"""An octet of an OID may become as many characters: "4294967295." is five octets, ".1" is one."""


Head = tuple[int, wire.Reply]
Rows = list[tuple[str, Value]]
Refused = type[WireError] | type[Unlike]


def one_input(data: bytes) -> None:
    """All targets on one input. An AssertionError, or anything but WireError and Unlike, is a finding."""
    if data:
        number = (data[0] & ~AS_CHANGES) % len(seeds())
        whole = seeds()[number].datagram
        datagram = _changed(whole, data[1:]) if data[0] & AS_CHANGES else data[1:]
        _readers(number).agree(datagram, *careful(datagram))


def careful(datagram: bytes) -> tuple[Head | None, Rows | None]:
    """Nothing but WireError, which is None here, and no result larger than a small multiple of what came in."""
    try:
        head = wire.opened(datagram)
    except WireError:
        return None, None
    assert 0 <= head[1].at <= head[1].end <= len(datagram)
    try:
        rows = wire.varbinds(datagram, head[1])
    except WireError:
        return head, None
    assert 4 * len(rows) <= len(datagram)
    assert sum(len(oid) + _size(value) for oid, value in rows) <= _TEXT_PER_OCTET * len(datagram)
    return head, rows


class Readers:
    """The quick readers after a seed's own answer: what they make of a datagram is what the careful ones make of it.
    Kept over inputs, for to make them anew costs ten times the rest; the seed's answer is read before each."""

    def __init__(self, seed: Seed) -> None:
        self._seed = seed
        self._heads = Heads()
        self._asked = asked(seed)
        self._oids = [oid for group in seed.groups for oid in group]
        self._sizes = [len(group) for group in seed.groups]
        self._proper = self._quick(seed.datagram)
        self.agree(seed.datagram, *careful(seed.datagram))

    def agree(self, datagram: bytes, head: Head | None, rows: Rows | None) -> None:
        """``head`` and ``rows``: what the careful readers said."""
        assert self._quick(self._seed.datagram) == self._proper  # nothing that was seen meanwhile spoils what is proper
        quick_head, groups = self._quick(datagram)
        assert quick_head == head
        if isinstance(groups, list):
            assert rows is not None
            assert [oid for oid, _ in rows] == self._oids
            assert [len(group) for group in groups] == self._sizes
            quick = [value for group in groups for value in group]
            assert quick == [value for _, value in rows]
            assert [type(value) for value in quick] == [type(value) for _, value in rows]
        elif groups is WireError:
            assert rows is None

    def _quick(self, datagram: bytes) -> tuple[Head | None, list[tuple[Value, ...]] | Refused]:
        try:
            head = self._heads.opened(datagram)
        except WireError:
            return None, WireError
        try:
            return head, self._asked.read(datagram, head[1])
        except WireError:
            return head, WireError
        except Unlike:
            return head, Unlike


def asked(seed: Seed) -> Asked:
    """The PDU that the seed answers, as the engine keeps it."""
    groups = tuple(map(Group, seed.groups))
    return Asked(groups, wire.request(wire.V2C, b"public", b"".join(group.asked for group in groups)))


@cache
def _readers(number: int) -> Readers:
    return Readers(seeds()[number])


def _changed(datagram: bytes, changes: bytes) -> bytes:
    octets = bytearray(datagram)
    for at in range(1, len(changes) - 2, 3):
        octets[int.from_bytes(changes[at : at + 2], "big") % len(octets)] = changes[at + 2]
    return bytes(octets[: len(octets) - changes[0]] if changes else octets)


def _size(value: Value) -> int:
    """Of a number its octets, of text and octets their length."""
    if isinstance(value, int):
        return value.bit_length() // 8
    return len(value) if value else 0
