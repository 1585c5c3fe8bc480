"""SNMP messages as octets and back (X.690, RFC 3416), for agents that tests make: written apart from ``wire.py``, so
that it shares none of its faults, and willing to encode nonsense."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

Oid = tuple[int, ...]
Typed = tuple[int, bytes]
"""A value: its tag and its content octets."""

GET, GETNEXT, RESPONSE, GETBULK = 0xA0, 0xA1, 0xA2, 0xA5
INTEGER, OCTETS, NULL, OID, COUNTER32, GAUGE32, TICKS, COUNTER64 = 0x02, 0x04, 0x05, 0x06, 0x41, 0x42, 0x43, 0x46
NO_SUCH_INSTANCE, END_OF_MIB_VIEW = 0x81, 0x82
TOO_BIG, NO_SUCH_NAME, GEN_ERR = 1, 2, 5
_SEQUENCE = 0x30


def tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def digits(value: int) -> bytes:
    """Two's complement in as few octets as do."""
    return value.to_bytes((value if value >= 0 else ~value).bit_length() // 8 + 1, "big", signed=True)


def number(value: int, tag: int = INTEGER) -> bytes:
    return tlv(tag, digits(value))


def oid_digits(parts: Oid) -> bytes:
    encoded = [parts[0] * 40 + parts[1]]
    for part in parts[2:]:
        septets = [part & 0x7F]
        while part := part >> 7:
            septets.insert(0, part & 0x7F | 0x80)
        encoded += septets
    return bytes(encoded)


def oid_of(text: str) -> Oid:
    return tuple(int(part) for part in text.split("."))


def oid_bytes(text: str) -> bytes:
    """An OID in dotted text, whole: tag, length, content."""
    return tlv(OID, oid_digits(oid_of(text)))


@dataclass(frozen=True)
class Asked:
    """A request. ``first`` and ``second`` are GETBULK's non-repeaters and max-repetitions."""

    version: int
    community: bytes
    kind: int
    request_id: int
    first: int
    second: int
    oids: tuple[Oid, ...]


@dataclass
class Response:
    """An answer that may yet be spoilt before it is encoded."""

    version: int
    community: bytes
    request_id: int
    error: int = 0
    index: int = 0
    rows: list[tuple[Oid, Typed]] = field(default_factory=list)

    def octets(self) -> bytes:
        rows = b"".join(tlv(_SEQUENCE, tlv(OID, oid_digits(oid)) + tlv(*value)) for oid, value in self.rows)
        pdu = number(self.request_id) + number(self.error) + number(self.index) + tlv(_SEQUENCE, rows)
        return tlv(_SEQUENCE, number(self.version) + tlv(OCTETS, self.community) + tlv(RESPONSE, pdu))


def asked(datagram: bytes) -> Asked:
    """A request taken apart. Raises where it is not a proper one: those who ask here ought to know better."""
    (_, message), *rest = parts(datagram)
    (_, version), (_, community), (kind, pdu) = parts(message)
    (_, request_id), (_, first), (_, second), (_, rows) = parts(pdu)
    if rest:
        raise ValueError("there are octets after the request")
    oids = []
    for _, row in parts(rows):
        (name, oid), value = parts(row)
        if name != OID or value != (NULL, b""):
            raise ValueError("a request whose varbind is not an OID and NULL")
        oids.append(_oid(oid))
    numbers = [int.from_bytes(octets, "big", signed=True) for octets in (version, request_id, first, second)]
    return Asked(numbers[0], community, kind, *numbers[1:], tuple(oids))


def parts(octets: bytes) -> Sequence[tuple[int, bytes]]:
    """The TLVs that stand side by side here."""
    return list(_each(octets))


def _each(octets: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(octets):
        tag, size, at = octets[at], octets[at + 1], at + 2
        if size & 0x80:
            size, at = int.from_bytes(octets[at : at + (size & 0x7F)], "big"), at + (size & 0x7F)
        if at + size > len(octets):
            raise ValueError("a request that is cut off")
        yield tag, octets[at : at + size]
        at += size


def _oid(octets: bytes) -> Oid:
    found, part = [octets[0] // 40, octets[0] % 40], 0
    for septet in octets[1:]:
        part = part << 7 | septet & 0x7F
        if septet < 0x80:
            found.append(part)
            part = 0
    return tuple(found)
