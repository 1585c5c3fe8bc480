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
