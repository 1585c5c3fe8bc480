"""Secrets come from the environment or a file, and come out nowhere: no fault, repr, difference or dump shows one."""

from pathlib import Path

import pytest

from netmon.configuration import CHECKS, Configuration
from netmon.settings.check import check
from netmon.settings.difference import difference
from netmon.settings.load import Loaded, load
from tests.unit.settings.conftest import SOUND, LoadText, Spoilt, Write

SECRET = "s3cr3t-Pass"


def community(loaded: Loaded[Configuration]) -> str | None:
    secret = loaded.registry.devices["rtr-poso"].snmp.community
    return secret.reveal() if secret else None


def test_a_variable_anywhere_in_a_text(load_text: LoadText) -> None:
    loaded = load_text(SOUND.replace("geheim-community", '"pre-${env:ONE}-${env:TWO}"'), ONE="1", TWO="2")
    assert community(loaded) == "pre-1-2"


def test_two_dollars_are_a_plain_one(load_text: LoadText) -> None:
    assert community(load_text(SOUND.replace("geheim-community", '"$${env:ONE} $5"'))) == "${env:ONE} $5"


def test_what_a_variable_brings_is_not_looked_into_again(load_text: LoadText) -> None:
    loaded = load_text(SOUND.replace("geheim-community", '"${env:ONE}"'), ONE="${env:TWO}", TWO="no")
    assert community(loaded) == "${env:TWO}"


def test_a_file_is_relative_to_the_configuration_and_loses_its_last_newline(write: Write) -> None:
    path = write(SOUND.replace("geheim-community", '"${file:keys/community}"'))
    Path("keys").mkdir()
    secret = Path("keys/community")
    secret.write_text(f"{SECRET}\n")
    secret.chmod(0o600)
    loaded = load(path.absolute(), Configuration, CHECKS, {})
    assert community(loaded) == SECRET
    assert loaded.warnings == ()


def test_a_file_that_everybody_can_read_is_a_warning(write: Write) -> None:
    path = write(SOUND.replace("geheim-community", '"${file:community}"'))
    Path("community").write_text(SECRET)
    Path("community").chmod(0o644)
    (warning,) = load(path, Configuration, CHECKS, {}).warnings
    said = (
        "main.yaml:3: snmp.community: the file community can be read by everybody on this machine; chmod o= community"
    )
    assert str(warning) == said


@pytest.mark.parametrize(
    ("reference", "line"),
    [
        ("${env:NOPE}", "the environment variable NOPE is not set; export NOPE=... before starting"),
        ("${env:EMPTY}", "the environment variable EMPTY is empty; export EMPTY=... before starting"),
        ("${file:nope}", "the file nope: no such file; a relative path is relative to the configuration file"),
        ("${vault:x}", "a ${...} that is not understood; write ${env:NAME} or ${file:PATH}; $${ is a plain ${"),
        ("${env:NOPE", "a ${...} that is not understood; write ${env:NAME} or ${file:PATH}; $${ is a plain ${"),
    ],
)
def test_a_reference_that_brings_nothing(spoilt: Spoilt, reference: str, line: str) -> None:
    lines = spoilt("geheim-community", f'"{reference}"', EMPTY="")
    assert lines == [f"main.yaml:3: snmp.community: {line}", "1 fault"]


SPOILT = [
    ("community: geheim-community", "comunity: {s}"),
    ("community: geheim-community", "community: [{s}]"),
    ("{version: 2c, community: geheim-community}", "{s}"),
    ("snmp: {", "snmp: {s}\nsnmp2: {"),
    ("community: geheim-community", "version: 3, user: u, auth: sha1, auth_key: {s}, privacy_key: {s}"),
    ("to: [noc@example.go.id]", "password: {{a: {s}}}"),
    ("type: email", "type: telegram, token: {s}"),
    ("type: email", "type: webhook, url: {s}, headers: {s}"),
    ("geheim-community", "*{s}"),
    ("geheim-community", "!{s}"),
    ("geheim-community", "!{s}!x y"),
    ("geheim-community", "'{s}"),
    ("geheim-community", "%{s}"),
    ("geheim-community", "{s}: {s}: x"),
    ("store: {path: ./var}", "store: {path: ./var, ledger: {s}, retention: {s}}"),
    ("devices:\n", "devices:\n  - {s}\n"),
    ("channels:\n", "channels: {s}\nx:\n"),
]


@pytest.mark.parametrize(("old", "new"), SPOILT)
def test_no_fault_shows_a_secret_that_stands_in_the_file(spoilt: Spoilt, old: str, new: str) -> None:
    lines = spoilt(old, new.replace("{{", "{").replace("}}", "}").replace("{s}", SECRET))
    assert lines[-1].endswith(("fault", "faults")), "the configuration was meant to be spoilt"
    assert not any(SECRET in line for line in lines)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("10.20.2.1", "{s}!"),
        ("id: rtr-sigi", "id: {s}, address: 1"),
        ("palu-poso", "{s}"),
        ("poll_interval_s: 30", "poll_interval_s: {s}"),
        ("type: email", "type: {s}"),
        ("severity: critical", "severity: {s}"),
        ('"72.02", uplink', "{s}, uplink"),
        ("10.30.1.0/24", "{s}"),
        ("version: 2c", "version: {s}"),
    ],
)
def test_no_fault_shows_what_came_from_the_environment(write: Write, old: str, new: str) -> None:
    assert old in SOUND
    _, lines = check(
        write(SOUND.replace(old, new.replace("{s}", '"${env:S}"'), 1)), Configuration, CHECKS, {"S": SECRET}
    )
    assert lines[-1].endswith(("fault", "faults")), "the configuration was meant to be spoilt"
    assert not any(SECRET in line for line in lines)


def test_no_repr_or_dump_shows_a_secret(load_text: LoadText) -> None:
    loaded = load_text(SOUND.replace("geheim-community", '"${env:S}"'), S=SECRET)
    for text in (
        repr(loaded),
        str(loaded),
        repr(loaded.configuration),
        repr(loaded.registry),
        loaded.configuration.model_dump_json(),
        str(loaded.configuration.model_dump()),
    ):
        assert SECRET not in text


def test_the_fingerprint_is_of_what_is_declared_and_not_of_secrets(load_text: LoadText) -> None:
    one, same = load_text().registry, load_text(SOUND.replace("geheim-community", SECRET)).registry
    other = load_text(SOUND.replace("down: 200", "down: 201")).registry
    elsewhere = load_text(SOUND.replace("./var", "./elsewhere")).registry
    assert one.fingerprint == same.fingerprint == elsewhere.fingerprint != other.fingerprint


def test_a_difference_says_of_a_secret_only_that_it_changed(load_text: LoadText) -> None:
    old = load_text()
    new = load_text(
        SOUND.replace("geheim-community", '"${env:S}"').replace("127.0.0.1:25", "${env:H}:25"), S=SECRET, H="mail"
    )
    assert difference(old, new) == ["snmp.community: changed", "channels.noc-mail.smtp: changed"]
