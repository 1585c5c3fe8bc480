"""The simulated province: the example's map at loopback, quick, quiet towards people, and scripted by its map alone."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from netmon.cli.demo import province_folder
from netmon.configuration import load_configuration
from netmon.demo.incident import Incident, Script, Trouble
from netmon.demo.province import POLL_INTERVAL_S, Simulation, simulated
from netmon.demo.router import IFX_ENTRY, Port, Router, Syntax
from netmon.demo.traffic import Traffic
from netmon.model.access import SnmpVersion
from netmon.model.registry import Direction
from netmon.settings.document import read
from netmon.settings.faults import Fault
from netmon.settings.load import Loaded


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded[Any]:
    folder: Path = tmp_path_factory.mktemp("demo")
    faults: list[Fault] = []
    declared = read(str(province_folder() / "netmon.yaml"), faults).root.plain()
    ports = range(20_000, 20_000 + len(declared["devices"]))
    config = simulated(declared, list(ports), 8080, str(folder), "simulated")
    (folder / "netmon.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return load_configuration(folder / "netmon.yaml")


def test_it_is_the_whole_example_on_loopback(loaded: Loaded[Any]) -> None:
    registry = loaded.registry
    districts = [code for code in registry.regions if code.count(".") == 1]
    assert len(districts) == 13
    assert len(registry.devices) >= 40
    assert len(registry.links) >= 60
    assert {d.address for d in registry.devices.values()} == {"127.0.0.1"}
    assert len({d.port for d in registry.devices.values()}) == len(registry.devices)
    assert registry.poll_interval_s == POLL_INTERVAL_S
    assert {d.snmp.version for d in registry.devices.values()} == {SnmpVersion.V2C, SnmpVersion.V3}


def test_it_wakes_nobody(loaded: Loaded[Any]) -> None:
    assert loaded.configuration.channels == []
    assert loaded.configuration.alerts.routes == []


def test_within_the_first_minute_a_link_fills_and_a_district_goes_dark_and_returns(loaded: Loaded[Any]) -> None:
    script = Simulation.of(loaded.registry, 0.0, 0).script
    kinds = {incident.trouble: incident for incident in script.incidents}
    assert set(kinds) == {Trouble.SATURATION, Trouble.DARK}
    assert all(incident.from_s < 60 < incident.until_s for incident in script.incidents)
    filled, dark = kinds[Trouble.SATURATION].target, kinds[Trouble.DARK].target
    assert loaded.registry.links[filled].region != dark
    assert loaded.registry.sites_by_region[dark]


def test_a_filled_link_carries_nearly_its_contract(loaded: Loaded[Any]) -> None:
    simulation = Simulation.of(loaded.registry, 1000.0, 0)
    filled = next(i for i in simulation.script.incidents if i.trouble is Trouble.SATURATION)
    link = loaded.registry.links[filled.target]
    router = simulation.router(loaded.registry.devices[link.device])
    port = next(p for p in router.ports if p.if_name == link.if_name)
    contract_bps = link.contracts[-1].rate_bps(Direction.DOWN)
    assert port.out_bps(1000.0 + filled.from_s + 1) == pytest.approx(0.97 * contract_bps)
    assert port.out_bps(1000.0 + filled.until_s + 1) < 0.8 * contract_bps


def test_the_script_begins_again() -> None:
    script = Script((Incident(Trouble.DARK, "72.01", 10, 20),), repeat_s=100)
    assert [script.is_on(Trouble.DARK, "72.01", s) for s in (9, 10, 19, 20, 110)] == [False, True, True, False, True]
    assert not script.is_on(Trouble.DARK, "72.02", 15)


def test_days_are_busier_than_nights() -> None:
    traffic = Traffic(1e8, "x")
    night, day = (traffic.rate_bps(hour * 3600, 0) for hour in (3, 10))
    assert day > 3 * night > 0


def test_counters_are_the_integral_of_the_rate() -> None:
    port = Port("e1", "", 10**9, lambda t: 8e6, lambda t: 16e6)
    router = Router("r", "", [port], started_s=0.0)
    first, later = (router.get((*IFX_ENTRY, 10, 1), t) for t in (100.0, 130.0))
    assert first is not None
    assert later is not None
    assert later == (Syntax.COUNTER64, int(first[1]) + 2_000_000 * 30)


def test_getnext_walks_all_and_ends() -> None:
    router = Router("r", "", [Port("e1", "", 10**9, lambda t: 0, lambda t: 0)], started_s=0.0)
    seen, oid = [], (1,)
    while (found := router.after(oid, 1.0)) is not None:
        oid = found[0]
        seen.append(oid)
    assert seen == sorted(router.variables)
