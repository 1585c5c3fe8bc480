"""Just enough of the Basic Encoding Rules for the responder's answers, apart from the codec that is measured."""

from collections.abc import Iterator, Sequence

_MAX_NAME = 127


class Improper(Exception):
    """These octets are no proper request."""


def tlv(tag: int, content: bytes) -> bytes:
    """Tag, the shortest length, content."""
    size = len(content)
    if size > 0xFF:
        return bytes((tag, 0x82, size >> 8, size & 0xFF)) + content
    return (bytes((tag, 0x81, size)) if size > 0x7F else bytes((tag, size))) + content


def integer(n: int, tag: int = 0x02) -> bytes:
    """A number that is not negative."""
    return tlv(tag, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def text(s: str) -> bytes:
    """An OCTET STRING."""
    return tlv(0x04, s.encode())


def oid(arcs: Sequence[int]) -> bytes:
    """An OBJECT IDENTIFIER, its first two numbers being one."""
    return tlv(0x06, arc_octets(arcs))


def arc_octets(arcs: Sequence[int]) -> bytes:
    """Its content octets."""
    octets = bytearray()
    for arc in arcs:
        octets += bytes(arc >> shift & 0x7F | 0x80 for shift in (28, 21, 14, 7) if arc >> shift)
        octets.append(arc & 0x7F)
    return bytes(octets)


def split(octets: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the TLV that comes first, and what is behind it."""
    if len(octets) < 2 or octets[0] != tag:
        raise Improper
    size, at = octets[1], 2
    if size & 0x80:
        at += size & 0x7F
        if not 3 <= at <= 6 or len(octets) < at:
            raise Improper
        size = int.from_bytes(octets[2:at], "big")
    if size > len(octets) - at:
        raise Improper
    return octets[at : at + size], octets[at + size :]


def inside(octets: bytes, tag: int) -> bytes:
    """The content of the TLV that comes first."""
    return split(octets, tag)[0]


def number(octets: bytes) -> tuple[int, bytes]:
    """The INTEGER that comes first, and what is behind it."""
    content, rest = split(octets, 0x02)
    if not 1 <= len(content) <= 8:
        raise Improper
    return int.from_bytes(content, "big", signed=True), rest


def names(varbinds: bytes) -> Iterator[tuple[bytes, tuple[int, ...]]]:
    """The OIDs of a request's varbinds as octets and as numbers; what their values are does not matter."""
    while varbinds:
        varbind, varbinds = split(varbinds, 0x30)
        name = inside(varbind, 0x06)
        if not 1 <= len(name) <= _MAX_NAME or name[-1] & 0x80:
            raise Improper
        yield name, tuple(_arcs(name))


def _arcs(name: bytes) -> Iterator[int]:
    arc = 0
    for octet in name:
        arc = arc << 7 | octet & 0x7F
        if arc > 0xFFFF_FFFF:
            raise Improper
        if not octet & 0x80:
            yield arc
            arc = 0
