"""IF-MIB rows: nonsense stops here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.tables import interfaces as if_mib
from collectors.tables.interfaces import Named, named, row, worth_asking
from netmon.model.poll import InterfaceRow, InterfaceStatus

ETHER1 = Named(1, "ether1", "ifName", "ether1")

raw = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=2**31 - 2, max_value=2**64 + 2),
    st.floats(),
    st.text(),
    st.binary(),
    st.lists(st.integers()),
)
rows = st.dictionaries(st.sampled_from([*if_mib.MOVING, *if_mib.SETTLED, "ifName", "ifDescr"]), raw)
counters = ("in_octets", "out_octets", "in_errors", "out_errors", "in_discards", "out_discards", "discontinuity_ticks")


@given(rows)
def test_whatever_a_device_sends_a_row_is_sound_or_silent(values: dict[str, object]) -> None:
    made = row(ETHER1, values, 1.0)
    for name in counters:
        value = getattr(made, name)
        bits = made.counter_bits if name.endswith("octets") else 32
        assert value is None or (type(value) is int and 0 <= value < 2**bits)
    assert made.counter_bits in (None, 32, 64)
    assert (made.counter_bits is None) == (made.in_octets is None and made.out_octets is None)
    assert made.admin_status is None or isinstance(made.admin_status, InterfaceStatus)
    assert made.speed_bps is None or made.speed_bps > 0
    assert made.if_alias is None or made.if_alias.isprintable()


@given(rows)
def test_what_is_worth_asking_again_gives_the_same_counters(values: dict[str, object]) -> None:
    asked = worth_asking(values)
    again = row(ETHER1, {name: value for name, value in values.items() if name in asked}, 1.0)
    made = row(ETHER1, values, 1.0)
    assert (again.in_octets, again.out_octets, again.counter_bits) == (
        made.in_octets,
        made.out_octets,
        made.counter_bits,
    )


@given(st.dictionaries(st.integers(0, 2**31 - 1), raw), st.dictionaries(st.integers(0, 2**31 - 1), raw))
def test_names_are_text_and_unique(names: dict[int, object], descriptions: dict[int, object]) -> None:
    found = named(names, descriptions)
    assert [each.if_index for each in found] == sorted({*names, *descriptions})
    assert all(each.if_name and each.if_name.isprintable() for each in found)


def test_a_repeated_name_gets_its_if_index() -> None:
    found = named({1: b"eth0", 3: b"eth0", 4: b"eth1"}, {})
    assert [each.if_name for each in found] == ["eth0#1", "eth0#3", "eth1"]
    assert [each.stated for each in found] == [b"eth0", b"eth0", b"eth1"]


def test_without_if_name_the_description_is_the_name() -> None:
    found = named({2: b""}, {1: b"lo\x00", 2: b"Serial 0\r\n", 3: b""})
    assert [(each.if_name, each.column) for each in found] == [
        ("lo", "ifDescr"),
        ("Serial 0", "ifDescr"),
        ("#3", "ifDescr"),
    ]


def test_foreign_bytes_in_a_name_do_not_stop_anything() -> None:
    assert named({1: b"ge\xff\x07-0/0"}, {})[0].if_name == "ge\ufffd-0/0"


@pytest.mark.parametrize(
    ("values", "octets"),
    [
        ({"ifHCInOctets": 2**63, "ifHCOutOctets": 5, "ifInOctets": 1, "ifOutOctets": 2}, (2**63, 5, 64)),
        ({"ifInOctets": 2**32 - 1, "ifOutOctets": 2}, (2**32 - 1, 2, 32)),
        ({"ifHCInOctets": 7, "ifInOctets": 1, "ifOutOctets": 2}, (1, 2, 32)),
        ({"ifHCInOctets": 7}, (7, None, 64)),
        ({"ifHCInOctets": -1, "ifHCOutOctets": 2**64}, (None, None, None)),
        ({"ifHCInOctets": b"\x00\x00\x00\x00\x00\x00\x00\x07", "ifHCOutOctets": b""}, (None, None, None)),
        ({"ifInOctets": 2**32, "ifOutOctets": -1}, (None, None, None)),
        ({"ifInOctets": 0, "ifOutOctets": 0}, (0, 0, 32)),
        ({}, (None, None, None)),
    ],
)
def test_octets_come_from_one_pair_of_columns(values: dict[str, object], octets: tuple[int | None, ...]) -> None:
    made = row(ETHER1, values, 1.0)
    assert (made.in_octets, made.out_octets, made.counter_bits) == octets


@pytest.mark.parametrize(
    ("high", "low", "speed_bps"),
    [
        (1000, 1_000_000_000, 1_000_000_000),
        (100_000, 4_294_967_295, 100_000_000_000),
        (0, 64_000, 64_000),
        (None, 100_000_000, 100_000_000),
        (0, 0, None),
        (None, 4_294_967_295, None),
        (None, None, None),
    ],
)
def test_speed(high: int | None, low: int | None, speed_bps: int | None) -> None:
    assert row(ETHER1, {"ifHighSpeed": high, "ifSpeed": low}, 1.0).speed_bps == speed_bps


def test_what_is_not_said_is_none_never_zero() -> None:
    made = row(ETHER1, {}, 4.5)
    assert made == InterfaceRow(if_index=1, if_name="ether1", arrived_s=4.5)


def test_status_numbers_have_their_names() -> None:
    made = row(ETHER1, {"ifAdminStatus": 2, "ifOperStatus": 7}, 1.0)
    assert (made.admin_status, made.oper_status) == (InterfaceStatus.DOWN, InterfaceStatus.LOWER_LAYER_DOWN)
    assert row(ETHER1, {"ifOperStatus": 8}, 1.0).oper_status is None


def test_only_what_an_interface_has_is_asked_again() -> None:
    values = {"ifHCInOctets": 1, "ifHCOutOctets": 1, "ifInOctets": 1, "ifOutOctets": 1, "ifOperStatus": 1}
    assert worth_asking(values) == ("ifHCInOctets", "ifHCOutOctets", "ifOperStatus")
    assert worth_asking({"ifInOctets": 1, "ifOutOctets": 1}) == ("ifInOctets", "ifOutOctets")


def test_an_interface_without_octets_is_asked_everything_again() -> None:
    assert worth_asking({"ifOperStatus": 2}) == tuple(if_mib.MOVING)
