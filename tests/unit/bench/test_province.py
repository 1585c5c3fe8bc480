"""Where the simulated devices are, and what is declared of them."""

import pytest

from netmon.bench import province
from netmon.bench.province import BadTarget, target
from netmon.model.access import Engine


def test_devices_are_the_consecutive_hosts_of_the_prefix() -> None:
    found = target("127.1.0.0/16:16100", 300)
    assert (found.addresses[0], found.addresses[254:257], found.port) == (
        "127.1.0.1",
        ("127.1.0.255", "127.1.1.0", "127.1.1.1"),
        16100,
    )


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("10.0.0.8/24:161", ("10.0.0.8", "10.0.0.9")),
        ("127.0.0.1/8:161", ("127.0.0.1", "127.0.0.2")),
        ("[fd00::1]/64:161", ("fd00::1", "fd00::2")),
        ("10.0.0.0/31:161", ("10.0.0.0", "10.0.0.1")),
    ],
)
def test_an_address_within_the_prefix_is_the_first_device(text: str, addresses: tuple[str, ...]) -> None:
    assert target(text, 2).addresses == addresses


def test_one_host_is_a_prefix_too() -> None:
    assert target("127.0.0.1/32:1161", 1).addresses == ("127.0.0.1",)


@pytest.mark.parametrize(
    "text",
    ["", "127.1.0.0", "127.1.0.0/16", "127.1.0.0:161", "127.1/16:161", "x/8:1", "127.1.0.0/16:0", "127.1.0.0/16:x"],
)
def test_what_is_no_target_is_told_what_one_looks_like(text: str) -> None:
    with pytest.raises(BadTarget, match=r"ADDRESS/PREFIX:PORT, for example 127\.1\.0\.0/16:16100"):
        target(text, 1)


def test_a_prefix_that_is_too_small_says_how_many_it_has() -> None:
    with pytest.raises(BadTarget, match=r"has 254 host addresses from .* on, not 255: ask for fewer devices"):
        target("127.1.0.0/24:161", 255)


def test_every_interface_is_a_link_with_a_contract_and_equal_things_are_one() -> None:
    devices = province.devices(province.own(3, 161), Engine.BATCH, "public")
    names = {device.id: ("ether1", "ether2") for device in devices}
    registry = province.registry(devices, names, 30)
    assert [link.if_name for link in registry.links_by_device["127.64.0.2"]] == ["ether1", "ether2"]
    links = list(registry.links.values())
    assert len(links) == 6
    assert len({id(link.contracts) for link in links}) == len({id(device.snmp) for device in devices}) == 1
    assert links[0].contracts[0].down_bps == 100_000_000
