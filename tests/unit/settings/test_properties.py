"""Whatever is written, ``load`` either builds a registry or says what is wrong: nothing else ever comes out of it."""

import copy
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netmon.configuration import CHECKS, Configuration
from netmon.settings.difference import difference
from netmon.settings.faults import Faulty
from netmon.settings.load import Loaded, load
from tests.unit.settings.conftest import SOUND

SECRET = "s3cr3t-Pass"
PROFILE = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TREE: dict[str, Any] = yaml.load(SOUND, Loader=yaml.BaseLoader)


def loaded(text: str, environment: Mapping[str, str] | None = None) -> Loaded[Configuration] | Faulty:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "main.yaml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            return load(path, Configuration, CHECKS, environment or {})
        except Faulty as faulty:
            refusal = faulty
    assert refusal.faults
    assert all(str(fault).isprintable() for fault in refusal.faults), "one fault is one line"
    return refusal


YAMLISH = st.text(alphabet="abn:-[]{}#&*!|>'\"%@`,?~ \n\t072.${}envfil/", max_size=60)


@PROFILE
@given(st.one_of(st.text(max_size=200), YAMLISH, st.binary(max_size=100).map(lambda b: b.decode("latin-1"))))
def test_no_text_whatsoever_breaks_the_loader(text: str) -> None:
    assert isinstance(loaded(text), Loaded | Faulty)


@PROFILE
@given(st.sampled_from(SOUND.splitlines()), YAMLISH)
def test_no_text_in_the_middle_of_a_configuration_breaks_the_loader(line: str, text: str) -> None:
    assert isinstance(loaded(SOUND.replace(line, text, 1)), Loaded | Faulty)


def paths(tree: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [above] * bool(above) + [path for step, child in children for path in paths(child, (*above, step))]


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=20),
        st.dates(),
        st.datetimes(),
        st.sampled_from(["1e400", "-1", "0", "inf", "nan", "0.0.0.0/0", "72.02", "::", "Asia", "../..", "0001-01-01"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)


@PROFILE
@given(st.sampled_from(paths(TREE)), VALUES)
def test_no_value_in_any_place_breaks_the_loader(path: tuple[Any, ...], value: Any) -> None:
    tree = copy.deepcopy(TREE)
    parent = tree
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = value
    text = yaml.dump(tree, Dumper=yaml.Dumper)
    assert isinstance(loaded(text), Loaded | Faulty)


@PROFILE
@given(st.sampled_from(paths(TREE)), st.sampled_from(["${env:S}", "pre${env:S}", ["${env:S}"], {"a": "${env:S}"}]))
def test_what_the_environment_brings_is_never_shown(path: tuple[Any, ...], value: Any) -> None:
    tree = copy.deepcopy(TREE)
    parent = tree
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = value
    result = loaded(yaml.safe_dump(tree), {"S": SECRET})
    assert SECRET not in str(result) + repr(result)
    if isinstance(result, Loaded):
        sound = loaded(SOUND)
        assert isinstance(sound, Loaded)
        assert not any(SECRET in line for line in difference(sound, result) + difference(result, sound))


@st.composite
def provinces(draw: st.DrawFn) -> dict[str, Any]:
    """A sound configuration: a tree of devices, each hanging on an earlier one."""
    count = draw(st.integers(1, 12))
    rates = st.floats(0.001, 10_000_000, allow_nan=False)
    devices: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []
    for n in range(count):
        device: dict[str, Any] = {"id": f"d{n}", "address": f"10.0.0.{n + 1}", "region": f"72.{n + 1:02}"}
        if n:
            parent = draw(st.integers(0, n - 1))
            contract = {"down": draw(rates), "up": draw(rates)}
            links.append({"id": f"l{n}", "device": f"d{parent}", "if_name": f"e{n}", "region": device["region"]})
            links[-1]["contract_mbps"] = contract if draw(st.booleans()) else [contract]
            device["uplink"] = f"l{n}" if draw(st.booleans()) else [f"l{n}"]
        devices.append(device)
    return {
        "province": {"code": "72", "name": draw(st.text(st.characters(categories=["L", "Nd"]), min_size=1))},
        "poll_interval_s": draw(st.integers(1, 3600)),
        "snmp": {"version": draw(st.sampled_from(["1", "2c", 1])), "community": "x"},
        "store": {"path": "var"},
        "devices": devices,
        "links": links,
    }


@PROFILE
@given(provinces())
def test_a_sound_configuration_loads_and_means_what_it_says(tree: dict[str, Any]) -> None:
    result = loaded(yaml.safe_dump(tree, allow_unicode=True))
    assert isinstance(result, Loaded), str(result)
    registry = result.registry
    assert list(registry.devices) == [d["id"] for d in tree["devices"]]
    assert sorted(registry.regions) == sorted({d["region"] for d in tree["devices"]})
    assert registry.province.name == tree["province"]["name"]
    for device in registry.devices.values():
        assert 0 < device.snmp.timeout_s <= device.snmp.deadline_s < registry.poll_interval_s
        assert bool(registry.parents(device.id)) == (device.id != "d0")
    assert all(link.contracts[0].down_bps > 0 for link in registry.links.values())
    assert difference(result, result) == []
