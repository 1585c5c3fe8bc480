"""SNMPv1 and v2c as octets: requests that are encoded once, responses that are decoded in one pass.

The Basic Encoding Rules as far as SNMP uses them (RFC 3417 8: definite lengths, primitive types). Read with some
patience, for agents encode as they please (padded integers, long lengths, octets after the message), and never past
the datagram: whatever is wrong with it is a ``WireError``, and nothing is made that is larger than what came in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from collectors.snmp.session import Value

V1: Final = 0
V2C: Final = 1

GET: Final = 0xA0
GETNEXT: Final = 0xA1
GETBULK: Final = 0xA5
_RESPONSE: Final = 0xA2

TOO_BIG: Final = 1
NO_SUCH_NAME: Final = 2

_SEQUENCE: Final = 0x30
INTEGER: Final = 0x02
_OCTETS: Final = 0x04
_NULL: Final = 0x05
_OID: Final = 0x06
_IP_ADDRESS: Final = 0x40
_BYTES: Final = (_OCTETS, 0x44, 0x45)  # OCTET STRING, Opaque, NsapAddress
_NOTHING: Final = (_NULL, 0x80, 0x81, 0x82)  # NULL, noSuchObject, noSuchInstance, endOfMibView
UNSIGNED: Final = {
    0x41: 4,  # Counter32
    0x42: 4,  # Gauge32
    0x43: 4,  # TimeTicks
    0x46: 8,  # Counter64
    0x47: 4,  # UInteger32 (RFC 1442), still sent by old agents
}
"""The types of unsigned numbers, and in how many octets each of them fits."""
_MAX_SUB_IDENTIFIER: Final = 2**32 - 1  # RFC 2578 3.5
_MAX_SUB_IDENTIFIERS: Final = 128
_MAX_INTEGER_OCTETS: Final = 9  # 64 bits and a sign octet; some agents pad


class WireError(Exception):
    """These octets are no SNMP response, or these numbers no OID."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Request:
    """A PDU but for its request-id, which stands in four octets of their own, so that each sending is a joining of
    three pieces and no encoding."""

    head: bytes
    tail: bytes

    def datagram(self, request_id: int) -> bytes:
        """``request_id`` of 31 bits (RFC 3416 3: Integer32)."""
        return b"%b%b%b" % (self.head, request_id.to_bytes(4, "big"), self.tail)


class Reply(NamedTuple):
    """What stands before a response's varbinds but for its request-id, and where those are in the datagram."""

    version: int
    community: bytes
    id_at: int
    """Where the request-id's content begins."""
    error_status: int
    error_index: int
    at: int
    end: int


def asked(oids: Sequence[str]) -> bytes:
    """Varbinds as they stand in a request: each OID with a NULL for its value. Raises WireError."""
    return b"".join(_tlv(_SEQUENCE, _tlv(_OID, oid_octets(oid)) + b"\x05\x00") for oid in oids)


def request(
    version: int, community: bytes, varbinds: bytes, kind: int = GET, repeaters: tuple[int, int] = (0, 0)
) -> Request:
    """A request for what was ``asked``. ``repeaters`` are GETBULK's non-repeaters and max-repetitions. Raises
    WireError."""
    tail = _int(repeaters[0]) + _int(repeaters[1]) + _tlv(_SEQUENCE, varbinds)
    pdu = _tlv(kind, b"\x02\x04" + bytes(4) + tail)  # the length is right with any four octets for a request-id
    message = _tlv(_SEQUENCE, _int(version) + _tlv(_OCTETS, community) + pdu)
    return Request(message[: -len(tail) - 4], message[-len(tail) :])


def opened(datagram: bytes) -> tuple[int, Reply]:
    """A response's request-id, and the rest up to its varbinds: enough to know whose it is. Octets after the message
    are ignored. Raises WireError."""
    at, end = _inside(datagram, 0, len(datagram), _SEQUENCE)
    version, at = _integer(datagram, at, end)
    community_at, at = _inside(datagram, at, end, _OCTETS)
    community = datagram[community_at:at]
    at, end = _inside(datagram, at, end, _RESPONSE)
    id_at, after = _inside(datagram, at, end, INTEGER)
    request_id, at = _signed(datagram[id_at:after]), after
    error_status, at = _integer(datagram, at, end)
    error_index, at = _integer(datagram, at, end)
    at, stop = _inside(datagram, at, end, _SEQUENCE)
    if stop != end:
        raise WireError("there is something after the varbinds")
    return request_id, Reply(version, community, id_at, error_status, error_index, at, end)


def varbinds(datagram: bytes, reply: Reply) -> list[tuple[str, Value]]:
    """Every (oid, value) of an opened response, in its order. Raises WireError."""
    found: list[tuple[str, Value]] = []
    at = reply.at
    while at < reply.end:
        oid_at, tag_at, value_at, stop = varbind(datagram, at, reply.end)
        found.append((oid_text(datagram[oid_at:tag_at]), value(datagram[tag_at], datagram[value_at:stop])))
        at = stop
    return found


def varbind(datagram: bytes, at: int, end: int) -> tuple[int, int, int, int]:
    """Where a varbind's OID begins, and where its value's tag, content and end are. Raises WireError.

    Nearly every varbind has lengths of one octet each: those are taken apart by plain indexing, and that all lengths
    fit one another is a single comparison. What does not pass it goes the careful way."""
    if end - at > 5 and datagram[at] == _SEQUENCE and datagram[at + 1] < 0x80 and datagram[at + 2] == _OID:
        stop = at + 2 + datagram[at + 1]
        tag_at = at + 4 + datagram[at + 3]
        value_at = tag_at + 2
        if value_at <= stop <= end and value_at + datagram[tag_at + 1] == stop:
            return at + 4, tag_at, value_at, stop
    return _careful_varbind(datagram, at, end)


def value(tag: int, content: bytes) -> Value:
    """A value by its type. Raises WireError where such a content is none."""
    octets = UNSIGNED.get(tag)
    if octets is None:
        return _other_value(tag, content)
    number = int.from_bytes(content, "big")
    if number >> 8 * octets or not content:
        raise WireError(f"a number of type {tag:#x} in {len(content)} octets")
    return number


def oid_octets(oid: str) -> bytes:
    """Dotted text as the content octets of an OBJECT IDENTIFIER (X.690 8.19). Raises WireError."""
    try:
        first, second, *rest = (int(number) for number in oid.split("."))
    except ValueError:
        raise WireError(f"{oid!r} is no OID") from None
    if not 0 <= first <= 2 or not 0 <= second <= (39 if first < 2 else _MAX_SUB_IDENTIFIER - 80):
        raise WireError(f"{oid!r} is no OID")
    octets = bytearray()
    for number in (first * 40 + second, *rest):
        if not 0 <= number <= _MAX_SUB_IDENTIFIER:
            raise WireError(f"{oid!r} has a number that no OID can have")
        for shift in (28, 21, 14, 7):
            if number >> shift:
                octets.append(number >> shift & 0x7F | 0x80)
        octets.append(number & 0x7F)
    return bytes(octets)


def oid_text(octets: bytes) -> str:
    """Content octets as dotted text. Raises WireError."""
    numbers: list[int] = []
    number = 0
    for octet in octets:
        number = number << 7 | octet & 0x7F
        if number > _MAX_SUB_IDENTIFIER:
            raise WireError("an OID has a number above 2^32 - 1")
        if octet < 0x80:
            numbers.append(number)
            number = 0
    if not octets or octets[-1] >= 0x80 or len(numbers) >= _MAX_SUB_IDENTIFIERS:
        raise WireError("an OID is empty, cut off or too long")
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def place(oid: str) -> tuple[int, ...]:
    """An OID as agents order it: number by number, not as text."""
    return tuple(int(number) for number in oid.split("."))


def _other_value(tag: int, content: bytes) -> Value:
    """Every type but the unsigned numbers."""
    if tag in _BYTES:
        return content
    if tag == INTEGER:
        return _signed(content)
    if tag in _NOTHING:
        if content:
            raise WireError(f"{len(content)} octets in a value of type {tag:#x}, which has none")
        return None
    if tag == _OID:
        return oid_text(content)
    if tag == _IP_ADDRESS and len(content) == 4:
        return ".".join(map(str, content))
    raise WireError(f"a value of type {tag:#x} in {len(content)} octets")


def _careful_varbind(datagram: bytes, at: int, end: int) -> tuple[int, int, int, int]:
    """The same for lengths of any form."""
    at, stop = _inside(datagram, at, end, _SEQUENCE)
    oid_at, tag_at = _inside(datagram, at, stop, _OID)
    if tag_at >= stop:
        raise WireError("a varbind without a value")
    value_at, value_end = _inside(datagram, tag_at, stop, datagram[tag_at])
    if value_end != stop:
        raise WireError("there is something after a value")
    return oid_at, tag_at, value_at, stop


def _inside(datagram: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Where the content of the TLV at ``at`` begins and ends; all of it must lie before ``end``."""
    if end - at < 2:
        raise WireError("it is cut off")
    if datagram[at] != tag:
        raise WireError(f"there is type {datagram[at]:#x} where {tag:#x} should be")
    size, begin = datagram[at + 1], at + 2
    if size >= 0x80:
        octets = size & 0x7F
        if not 1 <= octets <= 4 or end - begin < octets:
            raise WireError("a length that is indefinite, too long or cut off")
        size, begin = int.from_bytes(datagram[begin : begin + octets], "big"), begin + octets
    if size > end - begin:
        raise WireError(f"it is cut off: {size} octets should come where {end - begin} are left")
    return begin, begin + size


def _integer(datagram: bytes, at: int, end: int) -> tuple[int, int]:
    begin, stop = _inside(datagram, at, end, INTEGER)
    return _signed(datagram[begin:stop]), stop


def _signed(content: bytes) -> int:
    if not 1 <= len(content) <= _MAX_INTEGER_OCTETS:
        raise WireError(f"an INTEGER of {len(content)} octets")
    return int.from_bytes(content, "big", signed=True)


def _int(number: int) -> bytes:
    return _tlv(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    if size > 0xFFFF:
        raise WireError(f"{size} octets do not fit into a datagram")
    return bytes((tag, 0x82)) + size.to_bytes(2, "big") + content
