"""What netmon says about a wrong configuration: one line for each fault, exactly as a person reads it."""

import sys

import pytest

from netmon.configuration import Configuration
from netmon.model.access import Engine
from netmon.settings.check import check
from netmon.settings.load import Loaded
from tests.unit.settings.conftest import SOUND, LoadText, Spoilt

EXACT = [
    ("id: rtr-poso, address", "id: rtr-poso, adress", '11: devices[1].adress: unknown key; did you mean "address"?'),
    (
        'region: "72.10", uplink',
        "region: 72.10, uplink",
        '12: devices[2].region: must be text, not 72.10; quote it: "72.10"',
    ),
    ('code: "72", name', "code: 72, name", '1: province.code: must be text, not 72; quote it: "72"'),
    ("poll_interval_s: 30", "poll_interval_s: 0", "2: poll_interval_s: must be 1 or more, not 0"),
    ("store: {path: ./var}", "store: {}", "4: store.path: is required, but missing"),
    (
        "path: ./var",
        "path: ./var, ledger: 'postgresql//netmon:geheim@db/netmon'",
        '4: store.ledger: is no URL; write "postgresql+psycopg://user:${env:PASSWORD}@host/db"',
    ),
    (
        "path: ./var",
        "path: ./var, ledger: 'mysql://netmon:geheim@db/netmon'",
        "4: store.ledger: is of no database that netmon knows; "
        'write "postgresql+psycopg://user:${env:PASSWORD}@host/db", or leave it out for SQLite',
    ),
    (
        "path: ./var",
        'path: ./var, ledger: "${env:NOPE}"',
        "4: store.ledger: the environment variable NOPE is not set; export NOPE=... before starting",
    ),
    ("community: geheim-community", "community: 12345", "3: snmp.community: must be text, not a number; quote it"),
    ("{version: 2c, community: geheim-community}", "geheim", "3: snmp: must be a mapping of keys, not text"),
    (
        "version: 2c, community: geheim-community",
        "version: 2c",
        "3: snmp.community: SNMP version 2c needs a community; 3 device(s) rely on it; "
        'for example community: "${env:NETMON_COMMUNITY}"',
    ),
    (
        "version: 2c",
        "version: 3, user: u, privacy: aes128, privacy_key: geheim-key",
        "3: snmp.privacy: privacy without authentication does not exist in SNMPv3; 3 device(s) rely on it; "
        "add auth and auth_key",
    ),
    ("version: 2c", "version: 3, user: u, auth: sha512", '3: snmp.auth: must be sha1 or sha256, not "sha512"'),
    (
        "id: rtr-sigi",
        "id: rtr-poso",
        '12: devices[2].id: "rtr-poso" is given twice; first at main.yaml:11; ids are unique',
    ),
    (
        "device: rtr-poso",
        "device: rtr-posso",
        '21: sites[0].device: unknown device "rtr-posso"; did you mean "rtr-poso"?',
    ),
    (
        "uplink: palu-poso",
        "uplink: palu-posso",
        '11: devices[1].uplink: unknown link "palu-posso"; did you mean "palu-poso"?',
    ),
    ("uplink: palu-poso", "uplink: {a: b}", "11: devices[1].uplink: must be text or a list, not a mapping"),
    (
        "if_name: ether4",
        "if_name: ether3",
        '17: links[1].if_name: "ether3" on "core-palu" is already link "palu-poso"; first at main.yaml:14; '
        "an interface is one link",
    ),
    (
        "{down: 200, up: 200}",
        "{down: 200000000, up: 200}",
        "14: links[0].contract_mbps.down: 200000000 Mbps is not a possible rate; 200000000 bps would be 200",
    ),
    ("{down: 200, up: 200}", "{down: 0, up: 1}", "14: links[0].contract_mbps.down: must be more than 0, not 0"),
    (
        "{down: 200, up: 200}",
        "{down: 2, up: 1}, physical_mbps: 1",
        "14: links[0].contract_mbps.down: 2 Mbps is more than the medium carries (physical_mbps: 1); "
        "correct one of the two",
    ),
    (
        "from: 2026-07-01",
        "from: 1 Juli 2026",
        "19: links[1].contract_mbps[1].from: must be a date such as 2026-01-31, or a time such as "
        '2026-01-31T00:00:00+08:00, not "1 Juli 2026"',
    ),
    (
        "{down: 50, up: 50}",
        "{from: 2026-08-01, down: 50, up: 50}",
        "19: links[1].contract_mbps[1].from: 2026-07-01 is before the contract above it; "
        "contracts ascend, each from its own date",
    ),
    (
        "from: 2026-07-01",
        "form: 2026-07-01",
        '19: links[1].contract_mbps[1].form: unknown key; did you mean "from"?',
    ),
    (
        "10.30.1.0/24",
        "10.30.1.5/24",
        '23: agencies[0].prefixes[0]: "10.30.1.5/24" has bits set beyond its length; did you mean "10.30.1.0/24"?',
    ),
    (
        "[10.30.1.0/24]",
        "[10.30.1.0/24, 10.30.1.128/25]",
        '23: agencies[0].prefixes[1]: 10.30.1.128/25 lies within 10.30.1.0/24 of agency "bappeda"; '
        "first at main.yaml:23; prefixes of agencies must not overlap",
    ),
    (
        "10.20.2.1",
        "10.20.0.1",
        '11: devices[1].address: 10.20.0.1:161 is already "core-palu"; first at main.yaml:10; '
        "give each device its own address or port",
    ),
    (
        "10.20.2.1",
        "10.20.2.256",
        '11: devices[1].address: "10.20.2.256" is not an address; an IPv4 address is four numbers from 0 to 255',
    ),
    (
        "10.20.2.1",
        '"10.20.2.1:161"',
        '11: devices[1].address: "10.20.2.1:161" is not an address; the port has a key of its own: port: 161',
    ),
    (
        "[-1.39, 120.75]",
        "[120.75, -1.39]",
        "21: sites[0].position: [120.75, -1.39] is not on the globe; latitude comes first: [-1.39, 120.75]",
    ),
    ("[-1.39, 120.75]", "[-1.39]", "21: sites[0].position: must have at least 2 entries"),
    (
        "name: Sulawesi Tengah",
        "name: S, timezone: WITA",
        '1: province.timezone: unknown time zone "WITA"; did you mean "Asia/Makassar"?',
    ),
    (
        'region: "72.02", device',
        'region: "72.03", device',
        '21: sites[0].region: unknown region "72.03"; correct it, or declare it under regions',
    ),
    (
        'region: "72.02", device',
        'region: "72.2", device',
        '21: sites[0].region: "72.2" is not a region code; did you mean "72.02"?',
    ),
    (
        'region: "72.02", device',
        'region: "73.02", device',
        '21: sites[0].region: region "73.02" is not in province "72"; did you mean "72.02"?',
    ),
    (
        "type: email",
        "type: emial",
        '25: channels[0].type: must be one of email, telegram, webhook, apprise, not "emial"; did you mean "email"?',
    ),
    ("to: [noc@example.go.id]", "to: noc@example.go.id", "25: channels[0].to: must be a list, not text"),
    (
        "to: [noc-mail]",
        "to: [noc-mial]",
        '28: alerts.routes[0].to[0]: unknown channel "noc-mial"; did you mean "noc-mail"?',
    ),
    (
        "snmp: {",
        "snmp: {deadline_s: 30, ",
        "3: snmp.deadline_s: 30 s is not shorter than poll_interval_s (30 s); "
        "a poll must be over before the next is due",
    ),
    (
        "poll_interval_s: 30",
        "signals: {saturation: {default: {warning_percent: 95}}}",
        "2: signals.saturation.default: thresholds must rise: close_percent <= warning_percent <= critical_percent, "
        "not 75 / 95 / 90",
    ),
    ("devices:\n", "devices:\n  - core\n", "10: devices[0]: must be a mapping of keys, not text"),
    (
        "geheim-community",
        "*geheim",
        "3: an alias (*) of something that is not defined before it; quote a value that begins with *",
    ),
    (
        "alerts:\n",
        "poll_interval_s: 60\nalerts:\n",
        "26: poll_interval_s: given twice; first at main.yaml:2; keep one of them",
    ),
]


@pytest.mark.parametrize(("old", "new", "line"), EXACT, ids=[new[:40] for _, new, _ in EXACT])
def test_one_fault_is_one_line_with_file_key_and_mend(spoilt: Spoilt, old: str, new: str, line: str) -> None:
    assert spoilt(old, new) == [f"main.yaml:{line}", "1 fault"]


def test_a_postgresql_ledger_without_its_driver_is_a_fault(spoilt: Spoilt, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where netmon was installed without its extra: importing psycopg fails."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert spoilt("path: ./var", "path: ./var, ledger: 'postgresql://netmon:geheim@db/netmon'") == [
        "main.yaml:4: store.ledger: is PostgreSQL, whose driver psycopg is not installed; "
        "pip install 'netmon[postgres]'",
        "1 fault",
    ]


def test_a_postgresql_ledger_is_sound(load_text: LoadText) -> None:
    pytest.importorskip("psycopg")
    url = "postgresql://netmon:${env:PASSWORD}@db/netmon"
    assert not load_text(SOUND.replace("path: ./var", f'path: ./var, ledger: "{url}"'), PASSWORD="geheim").warnings


def test_all_faults_are_told_in_one_go(spoilt: Spoilt) -> None:
    """A misspelt key, a wrong type, an unknown device and an overlap: a type that does not fit hides no cross-check."""
    text = SOUND.replace("id: rtr-poso, address", "id: rtr-poso, adress").replace("device: rtr-poso", "device: nowhere")
    text = text.replace("[10.30.1.0/24]", "[10.30.1.0/24, 10.30.0.0/16]").replace("poll_interval_s: 30", "watchh: 1")
    lines = spoilt(SOUND, text)
    assert [line.split(": ")[1] for line in lines[:-1]] == [
        "watchh",
        "devices[1].adress",
        "sites[0].device",
        "agencies[0].prefixes[0]",
    ]


HIDDEN_BEFORE = [
    (
        "device: core-palu, if_name: ether3",
        "down: 200, up: 200",
        "device: nowhere, if_name: ether3",
        "down: -1, up: 99999999",
        ["links[0].device", "links[0].contract_mbps.down", "links[0].contract_mbps.up"],
    ),
    (
        "address: 10.20.2.1",
        'region: "72.02", uplink',
        "adress: 10.20.2.1, answers_from: [rtr]",
        'region: "73.02", uplink',
        ["devices[1].adress", "devices[1].answers_from[0]", "devices[1].region"],
    ),
    (
        "{down: 50, up: 50}",
        "down: 100, up: 100",
        "{down: x, up: 1e12}",
        "down: 100, up: 1e12",
        ["links[1].contract_mbps[0].down", "links[1].contract_mbps[0].up", "links[1].contract_mbps[1].up"],
    ),
    (
        "[10.30.1.0/24]",
        "to: [noc-mail]",
        "[17, 10.30.1.5/24]",
        "to: [17, noc-mial]",
        ["agencies[0].prefixes[0]", "agencies[0].prefixes[1]", "alerts.routes[0].to[0]", "alerts.routes[0].to[1]"],
    ),
    (
        "id: palu-poso, device: core-palu",
        "    device: core-palu\n    if_name: ether4",
        "id: palu-poso, device: [a]",
        "    device: [a]\n    if_name: ether3",
        ["links[0].device", "links[1].device"],
    ),
    ('code: "72"', "device: rtr-poso", "code: 72", "device: nowhere", ["province.code", "sites[0].device"]),
]


@pytest.mark.parametrize(("first", "second", "new_first", "new_second", "paths"), HIDDEN_BEFORE)
def test_a_faulty_value_hides_no_other_fault_of_its_entry(
    spoilt: Spoilt, first: str, second: str, new_first: str, new_second: str, paths: list[str]
) -> None:
    """And none is made up: what is told in one go is what would have been told one by one."""
    assert first in SOUND
    assert second in SOUND
    lines = spoilt(SOUND, SOUND.replace(first, new_first, 1).replace(second, new_second, 1))
    assert sorted(line.split(": ")[1] for line in lines[:-1]) == sorted(paths)
    assert not any("(faulty" in line for line in lines)


def test_a_faulty_device_does_not_make_what_refers_to_it_look_wrong(spoilt: Spoilt) -> None:
    assert len(spoilt("id: core-palu, address: 10.20.0.1", "id: core-palu, address: [1]")) == 2


def test_indices_of_later_entries_stay_right_when_an_earlier_one_is_faulty(spoilt: Spoilt) -> None:
    lines = spoilt(SOUND, SOUND.replace("address: 10.20.0.1", "port: 99999").replace("10.20.10.1", "10.20.2.300"))
    assert any(line.startswith("main.yaml:12: devices[2].address:") for line in lines)


def test_a_ring_of_uplinks_is_cut_off_from_the_core(spoilt: Spoilt) -> None:
    ring = 'links:\n  - {id: poso-sigi, device: rtr-poso, if_name: e1, region: "72.10"}\n'
    ring += '  - {id: sigi-poso, device: rtr-sigi, if_name: e1, region: "72.02"}\n'
    text = SOUND.replace("links:\n", ring).replace("uplink: palu-poso", "uplink: sigi-poso")
    lines = spoilt(SOUND, text.replace("[palu-sigi]", "[poso-sigi]"))
    assert len(lines) == 3
    assert '"rtr-poso" never reaches the core: its uplinks lead to rtr-sigi' in lines[0]


def test_a_ring_with_one_way_to_the_core_is_sound(load_text: LoadText) -> None:
    ring = 'links:\n  - {id: poso-sigi, device: rtr-poso, if_name: e1, region: "72.10"}\n'
    loaded = load_text(SOUND.replace("links:\n", ring).replace("[palu-sigi]", "[poso-sigi, palu-sigi]"))
    assert loaded.registry.parents("rtr-sigi") == ("rtr-poso", "core-palu")


def test_an_uplink_on_the_device_itself_is_a_fault(spoilt: Spoilt) -> None:
    (line, _) = spoilt("device: core-palu, if_name: ether3", "device: rtr-poso, if_name: ether3")
    assert 'link "palu-poso" is on "rtr-poso" itself; an uplink is the link at the core\'s end' in line


def test_a_host_name_is_a_warning(spoilt: Spoilt) -> None:
    first, last = spoilt("10.20.2.1", "rtr-poso.example")
    assert first.startswith('main.yaml:11: devices[1].address: "rtr-poso.example" is a host name; prefer the IP')
    assert first.endswith("(warning)")
    assert last == "main.yaml: good: regions 3, devices 3, links 2, sites 1, agencies 1"


def test_a_class_without_thresholds_is_a_warning(load_text: LoadText) -> None:
    (warning,) = load_text(SOUND.replace("if_name: ether3", "if_name: ether3, class: radio")).warnings
    assert 'class "radio" has no thresholds' in str(warning)


def test_a_missing_file_is_one_fault() -> None:
    assert check("nowhere.yaml", Configuration) == (2, ["nowhere.yaml: no such file", "1 fault"])


def test_a_class_without_thresholds_is_said_once_with_the_class_that_was_meant(load_text: LoadText) -> None:
    text = SOUND.replace("if_name: ether3", "if_name: ether3, class: radoi").replace(
        "if_name: ether4", "if_name: ether4\n    class: radoi"
    )
    text = text.replace("poll_interval_s: 30", "signals: {saturation: {radio: {}}}")
    (warning,) = load_text(text).warnings
    assert str(warning).endswith('judged as default; did you mean "radio"?')


def test_answers_from_is_a_warning_where_the_engine_cannot_heed_it(load_text: LoadText) -> None:
    wanted = SOUND.replace("address: 10.20.2.1", "address: 10.20.2.1, answers_from: [10.20.2.9]")
    by_gufo = wanted.replace("version: 2c, community", "engine: gufo, version: 2c, community")
    (warning,) = load_text(by_gufo).warnings
    assert "devices[1].answers_from: has no effect: the gufo engine" in str(warning)
    assert "write snmp: {engine: batch}" in str(warning)
    for heeded in (wanted, by_gufo.replace("gufo", "batch"), by_gufo.replace("gufo", "pysnmp")):
        assert load_text(heeded).warnings == ()


def test_on_v3_answers_from_is_heeded_by_pysnmp(load_text: LoadText) -> None:
    own = "address: 10.20.2.1, answers_from: [10.20.2.9], snmp: {version: 3, user: netmon}"
    (warning,) = load_text(SOUND.replace("address: 10.20.2.1", own)).warnings
    assert "write snmp: {engine: pysnmp}" in str(warning)
    assert (
        load_text(SOUND.replace("address: 10.20.2.1", own.replace("version: 3", "version: 3, engine: pysnmp"))).warnings
        == ()
    )


def test_the_fastest_engine_of_the_version_asks_unless_another_is_chosen(load_text: LoadText) -> None:
    v3 = "snmp: {version: 3, user: netmon}"
    mixed = SOUND.replace("address: 10.20.2.1", f"address: 10.20.2.1, {v3}")
    assert engines(load_text(mixed)) == {"core-palu": Engine.BATCH, "rtr-poso": Engine.GUFO, "rtr-sigi": Engine.BATCH}
    assert engines(load_text(mixed.replace("version: 2c", "version: 1"))) == engines(load_text(mixed))
    for engine in (Engine.GUFO, Engine.PYSNMP):
        chosen = mixed.replace("version: 2c, community", f"engine: {engine}, version: 2c, community")
        assert set(engines(load_text(chosen)).values()) == {engine}


def engines(loaded: Loaded[Configuration]) -> dict[str, Engine]:
    return {device.id: device.snmp.engine for device in loaded.registry.devices.values()}


def test_the_batch_engine_does_not_speak_v3(spoilt: Spoilt) -> None:
    own = "address: 10.20.2.1, snmp: {version: 3, user: netmon, engine: batch}"
    (line, _) = spoilt("address: 10.20.2.1", own)
    said = "devices[1].snmp.engine: the batch engine speaks SNMP 1 and 2c, not 3; write engine: gufo where the version"
    assert said in line
