"""What stands in config/ is what people copy: it loads, without a warning."""

from pathlib import Path

import pytest

from netmon.configuration import CHECKS, Configuration
from netmon.settings.check import check
from netmon.settings.load import load

CONFIG = Path(__file__).parents[3] / "config"


@pytest.fixture
def environment() -> dict[str, str]:
    return {"NETMON_COMMUNITY": "not-public"}


def test_the_minimal_example_loads(environment: dict[str, str]) -> None:
    loaded = load(CONFIG / "minimal.yaml", Configuration, CHECKS, environment)
    assert loaded.warnings == ()
    assert loaded.registry.parents("rtr-poso") == ("core-palu",)
    assert loaded.registry.links["palu-poso"].contracts[0].down_bps == 200_000_000
    assert loaded.configuration.store.path == CONFIG / "var"
    community = loaded.registry.devices["rtr-poso"].snmp.community
    assert community is not None
    assert community.reveal() == "not-public"


def test_the_minimal_example_names_the_variable_that_it_lacks() -> None:
    code, lines = check(CONFIG / "minimal.yaml", Configuration, CHECKS, {})
    assert code == 2
    assert [line for line in lines if "NETMON_COMMUNITY is not set" in line]


SULTENG_SECRETS = {
    "NETMON_COMMUNITY": "not-public",
    "NETMON_AUTH_KEY": "authentication",
    "NETMON_PRIVACY_KEY": "privacy-phrase",
    "NETMON_TELEGRAM_TOKEN": "12345:token",
}


def test_the_province_loads_without_a_warning() -> None:
    registry = (loaded := load(CONFIG / "sulteng" / "netmon.yaml", Configuration, CHECKS, SULTENG_SECRETS)).registry
    assert loaded.warnings == ()
    assert len(registry.regions) == 13
    assert registry.regions["72.10"].name == "Sigi"
    assert (len(registry.devices), len(registry.links), len(registry.agencies)) == (40, 61, 20)
    assert set(registry.sites_by_region) == set(registry.regions)
    assert registry.parents("rtr-parigi") == ("core-palu", "rtr-poso")


def test_the_province_shows_dated_contracts_and_snmp_v3() -> None:
    registry = load(CONFIG / "sulteng" / "netmon.yaml", Configuration, CHECKS, SULTENG_SECRETS).registry
    before, since = registry.links["palu-poso"].contracts
    assert (before.down_bps, before.effective_from) == (150_000_000, None)
    assert since.effective_from is not None
    assert since.effective_from.isoformat() == "2025-12-31T16:00:00+00:00", "midnight in WITA"
    assert registry.devices["core-palu"].snmp.version == "3"
    assert registry.devices["core-palu"].snmp.community is None
    assert registry.devices["rtr-poso"].snmp.version == "2c"


def test_the_province_names_each_secret_that_it_lacks() -> None:
    _, lines = check(CONFIG / "sulteng" / "netmon.yaml", Configuration, CHECKS, {})
    assert lines[-1] == "4 faults"
    assert all(any(f"{name} is not set" in line for line in lines) for name in SULTENG_SECRETS)
