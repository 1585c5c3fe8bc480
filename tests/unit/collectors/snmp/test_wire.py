"""The codec against pysnmp's, against arbitrary and damaged octets, and against what a real snmpd sends."""

import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder  # type: ignore[import-untyped]
from pysnmp.proto import api, rfc1902, rfc1905
from pysnmp.proto.api import v1, v2c

from collectors.snmp import wire
from collectors.snmp.session import Value
from collectors.snmp.wire import WireError
from tests.real import components
from tests.real.components import require
from tests.real.snmpd import running_snmpd
from tests.unit.collectors.udp_agent import number, oid_bytes, tlv

Rows = list[tuple[str, tuple[object, Value]]]

UPTIME = "1.3.6.1.2.1.1.3.0"
OIDS = [f"1.3.6.1.2.1.31.1.1.1.6.{n}" for n in (1, 127, 128, 16384, 2**32 - 1)]

roots = st.sampled_from(["1.3", "0.39", "2.5", "2.999"])
oids = st.tuples(roots, st.lists(st.integers(0, 2**32 - 1), max_size=12)).map(
    lambda made: ".".join([made[0], *map(str, made[1])])
)
values = st.one_of(
    st.integers(0, 2**32 - 1).flatmap(
        lambda n: st.sampled_from([(rfc1902.Counter32(n), n), (rfc1902.Gauge32(n), n), (rfc1902.TimeTicks(n), n)])
    ),
    st.integers(0, 2**64 - 1).map(lambda n: (rfc1902.Counter64(n), n)),
    st.integers(-(2**31), 2**31 - 1).map(lambda n: (rfc1902.Integer32(n), n)),
    st.binary(max_size=300).map(lambda octets: (rfc1902.OctetString(octets), octets)),
    st.binary(max_size=20).map(lambda octets: (rfc1902.Opaque(octets), octets)),
    st.binary(min_size=4, max_size=4).map(lambda ip: (rfc1902.IpAddress(ip), ".".join(map(str, ip)))),
    oids.map(lambda oid: (rfc1902.ObjectIdentifier(oid), oid)),
    st.sampled_from([rfc1905.noSuchObject, rfc1905.noSuchInstance, rfc1905.endOfMibView, rfc1905.unSpecified]).map(
        lambda nothing: (nothing, None)
    ),
)


def response(rows: list[tuple[str, object]], request_id: int = 7, error: int = 0, index: int = 0) -> bytes:
    """As pysnmp writes it."""
    pdu = v2c.GetResponsePDU()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_request_id(pdu, request_id)
    v2c.apiPDU.set_error_status(pdu, error)
    v2c.apiPDU.set_error_index(pdu, index)
    v2c.apiPDU.set_varbinds(pdu, rows)
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, "public")
    v2c.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


def read(datagram: bytes) -> list[tuple[str, Value]]:
    return wire.varbinds(datagram, wire.opened(datagram)[1])


@given(st.lists(st.tuples(oids, values), max_size=20), st.integers(-(2**31), 2**31 - 1))
def test_what_pysnmp_writes_is_read_exactly(rows: Rows, request_id: int) -> None:
    datagram = response([(oid, value) for oid, (value, _) in rows], request_id)
    said, reply = wire.opened(datagram)
    assert (said, reply.version, reply.community) == (request_id, wire.V2C, b"public")
    assert (reply.error_status, reply.error_index) == (0, 0)
    assert read(datagram) == [(oid, plain) for oid, (_, plain) in rows]


@given(
    st.sampled_from([(wire.V1, v1), (wire.V2C, v2c)]),
    st.binary(max_size=200),
    st.lists(oids, max_size=40),
    st.sampled_from([wire.GET, wire.GETNEXT]),
    st.integers(2**23, 2**31 - 1),
)
def test_pysnmp_reads_every_request(
    version: tuple[int, object], community: bytes, asked: list[str], kind: int, request_id: int
) -> None:
    number, module = version
    datagram = wire.request(number, community, wire.asked(asked), kind).datagram(request_id)
    message, rest = decoder.decode(datagram, asn1Spec=module.Message())  # type: ignore[attr-defined]
    pdu = module.apiMessage.get_pdu(message)  # type: ignore[attr-defined]
    assert (rest, bytes(module.apiMessage.get_community(message))) == (b"", community)  # type: ignore[attr-defined]
    assert int(module.apiPDU.get_request_id(pdu)) == request_id  # type: ignore[attr-defined]
    assert [str(oid) for oid, _ in module.apiPDU.get_varbinds(pdu)] == asked  # type: ignore[attr-defined]
    assert api.decodeMessageVersion(datagram) == number


def test_getbulk_says_how_many() -> None:
    datagram = wire.request(wire.V2C, b"public", wire.asked(OIDS), wire.GETBULK, (1, 20)).datagram(2**30)
    message, _ = decoder.decode(datagram, asn1Spec=v2c.Message())
    pdu = v2c.apiMessage.get_pdu(message)
    assert isinstance(pdu, v2c.GetBulkRequestPDU)
    assert (int(v2c.apiBulkPDU.get_non_repeaters(pdu)), int(v2c.apiBulkPDU.get_max_repetitions(pdu))) == (1, 20)


def test_only_the_request_id_differs_between_two_sendings() -> None:
    asked = wire.request(wire.V2C, b"public", wire.asked(OIDS))
    first, second = asked.datagram(0x11111111), asked.datagram(0x22222222)
    assert first.replace(b"\x11\x11\x11\x11", b"\x22\x22\x22\x22") == second


@given(st.binary(max_size=400))
def test_arbitrary_octets_are_read_or_refused(datagram: bytes) -> None:
    _read_or_refused(datagram)


@given(st.lists(st.tuples(oids, values), min_size=1, max_size=8), st.data())
def test_damaged_responses_are_read_or_refused(rows: Rows, data: st.DataObject) -> None:
    datagram = bytearray(response([(oid, value) for oid, (value, _) in rows]))
    for _ in range(data.draw(st.integers(1, 4))):
        datagram[data.draw(st.integers(0, len(datagram) - 1))] = data.draw(st.integers(0, 255))
    _read_or_refused(bytes(datagram[: data.draw(st.integers(0, len(datagram)))]))
    _read_or_refused(bytes(datagram))


def _read_or_refused(datagram: bytes) -> None:
    """Nothing but WireError, and no more varbinds than octets."""
    try:
        rows = read(datagram)
    except WireError:
        return
    assert len(rows) * 4 <= len(datagram)


@given(st.lists(st.tuples(oids, values), min_size=1, max_size=4), st.data())
def test_a_response_that_is_cut_off_anywhere_is_refused(rows: Rows, data: st.DataObject) -> None:
    datagram = response([(oid, value) for oid, (value, _) in rows])
    with pytest.raises(WireError):
        read(datagram[: data.draw(st.integers(0, len(datagram) - 1))])


def message(rows: bytes, *, error: bytes = number(0)) -> bytes:
    pdu = tlv(0xA2, number(7) + error + number(0) + tlv(0x30, rows))
    return tlv(0x30, number(1) + tlv(0x04, b"public") + pdu)


def row(value: bytes, oid: bytes = oid_bytes(UPTIME)) -> bytes:
    return tlv(0x30, oid + value)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (b"\x41\x04\xff\xff\xff\xff", 2**32 - 1),  # agents that forget the sign octet
        (b"\x46\x08" + b"\xff" * 8, 2**64 - 1),
        (b"\x41\x09" + bytes(8) + b"\x05", 5),  # not minimal
        (b"\x02\x05" + bytes(4) + b"\x05", 5),
        (b"\x02\x08" + b"\xff" * 8, -1),
        (b"\x04\x84\x00\x00\x00\x03abc", b"abc"),  # a length longer than it need be
        (b"\x05\x00", None),
    ],
)
def test_what_odd_agents_write_is_understood(value: bytes, plain: Value) -> None:
    assert read(message(row(value) + row(b"\x02\x01\x09"))) == [(UPTIME, plain), (UPTIME, 9)]
    assert read(message(row(value)) + b"after the message") == [(UPTIME, plain)]


def test_a_length_of_two_octets_around_a_varbind_is_understood() -> None:
    inside = oid_bytes(UPTIME) + b"\x02\x01\x09"
    assert read(message(b"\x30\x82\x00" + bytes([len(inside)]) + inside)) == [(UPTIME, 9)]


@pytest.mark.parametrize(
    "rows",
    [
        row(b"\x02\x00"),  # an INTEGER of nothing
        row(b"\x02\x0a" + bytes(10)),
        row(b"\x41\x00"),
        row(b"\x41\x05\x01\x00\x00\x00\x00"),  # a Counter32 above 2^32 - 1
        row(b"\x46\x09\x01" + bytes(8)),
        row(b"\x40\x03abc"),  # an IpAddress of three octets
        row(b"\x05\x01\x00"),
        row(b"\x82\x01\x00"),
        row(b"\x1f\x01\x00"),  # a type that SNMP does not have
        row(b"\x04\x80abc\x00\x00"),  # an indefinite length
        row(b"\x04\xff" + bytes(127)),
        row(b"\x04\x85\x00\x00\x00\x00\x01a"),
        row(b"\x04\x7fabc"),  # longer than the varbind
        row(b"\x04\x01abc"),  # shorter than the varbind
        row(b""),
        tlv(0x31, oid_bytes(UPTIME) + b"\x05\x00"),
        row(b"\x05\x00", oid=b"\x06\x00"),
        row(b"\x05\x00", oid=b"\x06\x02\x2b\x86"),  # an OID that stops within a number
        row(b"\x05\x00", oid=b"\x06\x06\x2b\x90\x80\x80\x80\x00"),  # 2^32
        row(b"\x05\x00", oid=tlv(0x06, b"\x2b" * 128)),
        row(b"\x06\x02\x2b\x86"),
        b"\x30",
    ],
)
def test_what_cannot_be_understood_is_refused(rows: bytes) -> None:
    with pytest.raises(WireError):
        read(message(rows))


def test_something_after_the_varbinds_is_refused_and_errors_are_told() -> None:
    pdu = tlv(0xA2, number(7) + number(2) + number(1) + tlv(0x30, b"") + number(5))
    with pytest.raises(WireError):
        wire.opened(tlv(0x30, number(1) + tlv(0x04, b"public") + pdu))
    with pytest.raises(WireError):
        wire.opened(message(b"", error=tlv(0x02, bytes(10))))
    request_id, reply = wire.opened(response([], error=2, index=3))
    assert (request_id, reply.error_status, reply.error_index) == (7, 2, 3)


@pytest.mark.parametrize("oid", ["", "1", "1.40.1", "3.1", "1.3.-1", "1.3.4294967296", "1.3.x", "1..3"])
def test_what_is_no_oid_is_not_sent(oid: str) -> None:
    with pytest.raises(WireError):
        wire.asked([oid])


def test_what_a_real_snmpd_sends_is_what_pysnmp_reads(tmp_path: Path) -> None:
    require(components.snmpd)
    table = "1.3.6.1.2.1.2.2.1"
    with running_snmpd(tmp_path) as agent, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(3)
        for root, repetitions in (("1.3.6.1.2.1.1", 30), (table, 40), ("1.3.6.1.2.1.31", 40), ("1.3.6.1.6.3", 50)):
            bulk = wire.request(wire.V2C, b"public", wire.asked([root]), wire.GETBULK, (0, repetitions))
            asking.sendto(bulk.datagram(2**30 + 5), (agent.address, agent.port))
            datagram = asking.recv(65535)
            assert wire.opened(datagram)[0] == 2**30 + 5
            rows = read(datagram)
            pdu = v2c.apiMessage.get_pdu(decoder.decode(datagram, asn1Spec=v2c.Message())[0])
            theirs = [(str(oid), _plain(value)) for oid, value in v2c.apiPDU.get_varbinds(pdu)]
            assert rows == theirs
            assert len(rows) > 5


def _plain(value: object) -> Value:
    """pysnmp's own notion of a value, as ours."""
    if isinstance(value, rfc1902.IpAddress):
        return str(value.prettyPrint())
    if isinstance(value, rfc1902.ObjectIdentifier | v2c.ObjectIdentifier):
        return str(value)
    if isinstance(value, rfc1902.OctetString):
        return bytes(value)
    if value.__class__.__name__ in ("Null", "NoSuchObject", "NoSuchInstance", "EndOfMibView"):
        return None
    return int(value)  # type: ignore[call-overload, no-any-return]
