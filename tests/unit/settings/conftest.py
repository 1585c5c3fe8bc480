"""A small sound configuration, and ways to spoil it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from netmon.configuration import CHECKS, Configuration
from netmon.settings.check import check
from netmon.settings.load import Loaded, load

SOUND = """\
province: {code: "72", name: Sulawesi Tengah}
poll_interval_s: 30
snmp: {version: 2c, community: geheim-community}
store: {path: ./var}
regions:
  - {code: "72.71", name: Kota Palu}
  - {code: "72.02", name: Poso}
  - {code: "72.10", name: Sigi}
devices:
  - {id: core-palu, address: 10.20.0.1, region: "72.71"}
  - {id: rtr-poso, address: 10.20.2.1, region: "72.02", uplink: palu-poso}
  - {id: rtr-sigi, address: 10.20.10.1, region: "72.10", uplink: [palu-sigi]}
links:
  - {id: palu-poso, device: core-palu, if_name: ether3, region: "72.02", contract_mbps: {down: 200, up: 200}}
  - id: palu-sigi
    device: core-palu
    if_name: ether4
    region: "72.10"
    contract_mbps: [{down: 50, up: 50}, {from: 2026-07-01, down: 100, up: 100}]
sites:
  - {id: poso-setda, name: Kantor Bupati Poso, region: "72.02", device: rtr-poso, position: [-1.39, 120.75]}
agencies:
  - {id: bappeda, name: Bappeda, region: "72.71", prefixes: [10.30.1.0/24]}
channels:
  - {id: noc-mail, type: email, to: [noc@example.go.id], smtp: "127.0.0.1:25"}
alerts:
  routes:
    - {match: {severity: critical}, to: [noc-mail]}
"""

Write = Callable[..., Path]
Spoilt = Callable[..., list[str]]
LoadText = Callable[..., Loaded[Configuration]]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write files into an empty folder, which is the current one, and return the first one's path."""
    monkeypatch.chdir(tmp_path)

    def write_files(main: str = SOUND, **others: str) -> Path:
        for name, text in {"main": main, **others}.items():
            Path(f"{name}.yaml").write_text(text, encoding="utf-8")
        return Path("main.yaml")

    return write_files


@pytest.fixture
def spoilt(write: Write) -> Spoilt:
    """The lines that ``netmon check`` prints once one text of the sound configuration was replaced by another."""

    def lines(old: str, new: str, **environment: str) -> list[str]:
        assert old in SOUND
        _, said = check(write(SOUND.replace(old, new, 1)), Configuration, CHECKS, environment)
        return said

    return lines


@pytest.fixture
def load_text(write: Write) -> LoadText:
    """The configuration that a text makes."""

    def loaded(text: str = SOUND, **environment: str) -> Loaded[Configuration]:
        return load(write(text), Configuration, CHECKS, environment)

    return loaded
