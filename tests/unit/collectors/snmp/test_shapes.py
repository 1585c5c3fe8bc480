"""The quick way through responses says what the careful way says, or nothing."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.snmp import wire
from collectors.snmp.session import Value
from collectors.snmp.shapes import Asked, Group, Heads, Shape, Unlike
from collectors.snmp.wire import WireError
from tests.unit.collectors.udp_agent import number, oid_bytes, tlv

OIDS = [f"1.3.6.1.2.1.31.1.1.1.{column}.7" for column in (1, 6, 10, 15)]

counters = st.integers(0, 2**64 - 1)
lengths = st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8])


def unsigned(value: int, tag: int = 0x46) -> bytes:
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def varbinds(oids: Sequence[str], values: Sequence[bytes]) -> bytes:
    pairs = zip(oids, values, strict=True)
    return b"".join(tlv(0x30, oid_bytes(oid) + value) for oid, value in pairs)


def response(body: bytes, request_id: int = 2**30, community: bytes = b"public") -> bytes:
    pdu = tlv(2, request_id.to_bytes(4, "big")) + number(0) + number(0) + tlv(0x30, body)
    return tlv(0x30, number(1) + tlv(4, community) + tlv(0xA2, pdu))


def careful(datagram: bytes) -> list[Value]:
    return [value for _, value in wire.varbinds(datagram, wire.opened(datagram)[1])]


def quick(asked: Asked, datagram: bytes) -> list[Value]:
    return [value for group in asked.read(datagram, wire.opened(datagram)[1]) for value in group]


def parsed(group: Group, body: bytes) -> Shape | None:
    return group.parsed(body, 0, len(body))[2]


def row(name: bytes, ins: int, outs: int, speed: int) -> bytes:
    return varbinds(OIDS, [tlv(4, name), unsigned(ins), unsigned(outs), unsigned(speed, 0x42)])


rows = st.tuples(st.binary(max_size=20), counters, counters, st.integers(0, 2**32 - 1))


@given(st.lists(rows, min_size=2, max_size=6))
def test_each_answer_is_read_as_if_it_were_the_first(
    several: list[tuple[bytes, int, int, int]],
) -> None:
    asked = Asked((Group(OIDS),), wire.request(wire.V2C, b"public", b""))
    for each in several:
        assert quick(asked, response(row(*each))) == list(each)


@given(rows, st.integers(-3, 3), st.integers(-(2**31), 2**31 - 1), st.integers(0, 255), st.integers(0, 200))
def test_what_differs_in_any_octet_is_read_as_the_careful_way_reads_it(
    first: tuple[bytes, int, int, int], step: int, signed: int, octet: int, place: int
) -> None:
    asked = Asked((Group(OIDS),), wire.request(wire.V2C, b"public", b""))
    statuses = varbinds(OIDS, [tlv(4, first[0]), unsigned(first[1]), number(signed), number(signed % 3)])
    near = row(first[0], max(0, first[1] + step) % 2**64, first[2], first[3])
    for body in (row(*first), near, statuses):
        quick(asked, response(body))
        datagram = bytearray(response(body))
        datagram[place % len(datagram)] = octet
        try:
            expected: list[Value] | None = careful(bytes(datagram))
        except WireError:
            expected = None
        try:
            said: list[Value] | None = quick(asked, bytes(datagram))
        except (WireError, Unlike):
            said = None
        assert said is None or said == expected


def test_a_shape_serves_until_a_length_changes_and_is_shared_by_devices() -> None:
    group = Group(OIDS)
    shape = parsed(group, row(b"ether1", 1000, 70_000, 5))
    assert shape is not None
    assert shape.read(row(b"ether1", 2000, 90_000, 9), 0) == (b"ether1", 2000, 90_000, 9)
    assert shape.read(row(b"ether2", 2000, 90_000, 9), 0) is None
    assert shape.read(row(b"ether1", 2000, 90_000_000, 9), 0) is None
    assert shape.read(row(b"ether1", 2000, 90_000, 9)[:-1], 0) is None
    assert parsed(group, row(b"ether1", 1, 2, 3)) is not shape
    assert parsed(group, row(b"ether1", 3000, 65_536, 0)) is shape


def test_an_integer_that_turns_negative_is_not_taken_for_a_large_number() -> None:
    group = Group(OIDS[:2])
    shape = parsed(group, varbinds(OIDS[:2], [number(100), number(100)]))
    assert shape is not None
    assert shape.read(varbinds(OIDS[:2], [number(101), number(127)]), 0) == (101, 127)
    assert shape.read(varbinds(OIDS[:2], [number(-1), number(100)]), 0) is None


def test_a_counter_with_its_sign_octet_keeps_to_its_width() -> None:
    group = Group(OIDS[:1])
    body = varbinds(OIDS[:1], [tlv(0x41, b"\x00\xff\xff\xff\xff")])
    shape = parsed(group, body)
    assert shape is not None
    assert shape.read(varbinds(OIDS[:1], [tlv(0x41, b"\x00\x80\x00\x00\x01")]), 0) == (2**31 + 1,)
    assert shape.read(varbinds(OIDS[:1], [tlv(0x41, b"\x01\x00\x00\x00\x00")]), 0) is None


def test_a_missing_object_leaves_no_shape_and_is_read_each_time() -> None:
    asked = Asked((Group(OIDS[:2]),), wire.request(wire.V2C, b"public", b""))
    for octets in (5, 6):
        assert quick(asked, response(varbinds(OIDS[:2], [unsigned(octets), b"\x81\x00"]))) == [octets, None]


@pytest.mark.parametrize(
    "oids", [OIDS[:1], [*OIDS, "1.3.6.1.9"], [OIDS[1], OIDS[0], *OIDS[2:]], [OIDS[0], *OIDS[:3]], []]
)
def test_other_oids_than_were_asked_are_said_to_be_unlike(oids: list[str]) -> None:
    asked = Asked((Group(OIDS),), wire.request(wire.V2C, b"public", b""))
    with pytest.raises(Unlike):
        quick(asked, response(varbinds(oids, [unsigned(1)] * len(oids))))


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.binary(max_size=40), st.integers(0, 2**32 - 1), st.binary(max_size=300)), max_size=5),
    st.integers(0, 400),
    st.integers(0, 255),
)
def test_heads_seen_before_are_opened_as_the_careful_way_opens_them(
    several: list[tuple[bytes, int, bytes]], place: int, octet: int
) -> None:
    heads = Heads()
    for community, request_id, body in several:
        plain = response(body, request_id, community)
        damaged = bytearray(plain)
        damaged[place % len(plain)] = octet
        for datagram in (plain, plain, bytes(damaged), bytes(damaged), plain[:-1], plain + b"x"):
            assert _opened(heads.opened, datagram) == _opened(wire.opened, datagram)


def _opened(how: object, datagram: bytes) -> object:
    try:
        return how(datagram)  # type: ignore[operator]
    except WireError:
        return None
