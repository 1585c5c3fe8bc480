"""The commands as a person types them: exit codes, sentences, and nothing secret on the way."""

from __future__ import annotations

import json
import os
import pty
import sys
import time
from pathlib import Path

import pytest

from tests.real.fixtures import V3_USER
from tests.real.service import netmon
from tests.real.snmpd import Agent

GOOD = """
province: {code: "72", name: Sulawesi Tengah}
store: {path: ./var}
"""

FAULTY = """
province: {code: "72", name: Sulawesi Tengah}
store: {path: ./var}
poll_intervall_s: 30
devices:
  - {id: a, address: 127.0.0.1, region: "72.01"}
  - {id: a, address: 127.0.0.2, region: "72.01"}
links:
  - {id: l, device: b, if_name: e1, region: "72.01"}
  - {id: m, device: a, if_name: e1, region: "72.01", contract_mbps: {down: -1, up: 5}}
snmp: {community: "${env:NETMON_TEST_ABSENT}"}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "netmon.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_check_passes_a_good_configuration(config: Path) -> None:
    done = netmon("check", str(config))
    assert (done.returncode, done.stderr) == (0, "")
    assert "good" in done.stdout


def test_check_names_every_fault_on_a_line_of_its_own(config: Path) -> None:
    config.write_text(FAULTY, encoding="utf-8")
    done = netmon("check", str(config))
    assert done.returncode == 2
    lines = done.stdout.splitlines()
    for expected in (
        "poll_intervall_s",
        "devices[1].id",
        "links[0].device",
        "links[1].contract_mbps.down",
        "NETMON_TEST",
    ):
        assert [line for line in lines if expected in line and str(config) in line], (expected, lines)
    assert any('did you mean "poll_interval_s"' in line for line in lines)


def test_a_missing_file_is_said_plainly() -> None:
    done = netmon("check", "/nowhere/netmon.yaml")
    assert done.returncode == 2
    assert "no such file" in done.stdout
    assert "Traceback" not in done.stderr


def test_run_refuses_a_faulty_configuration(config: Path) -> None:
    config.write_text(FAULTY, encoding="utf-8")
    assert netmon("run", str(config)).returncode == 2


def test_poll_answers_in_json(snmpd_agent: Agent) -> None:
    done = netmon("poll", f"{snmpd_agent.address}:{snmpd_agent.port}", "--community", "public", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert set(answer) == {"device", "interfaces", "elapsed_s"}
    assert set(answer["device"]) == {"sys_name", "sys_descr", "sys_object_id", "uptime_s"}
    lo = next(i for i in answer["interfaces"] if i["if_name"] == "lo")
    assert lo["oper_status"] == "up"
    assert lo["counter_bits"] == 64
    assert lo["in_octets"] > 0
    assert set(lo) >= {"if_index", "if_descr", "if_alias", "if_type", "admin_status", "speed_bps", "out_octets"}
    assert set(lo) >= {"in_errors", "out_errors", "in_discards", "out_discards"}


def test_poll_shows_a_table(snmpd_agent: Agent) -> None:
    done = netmon("poll", f"{snmpd_agent.address}:{snmpd_agent.port}", "--community", "public")
    assert done.returncode == 0, done.stderr
    assert "lo" in done.stdout
    assert "octets" in done.stdout


@pytest.mark.parametrize(("chosen", "asks"), [((), "batch"), (("--engine", "gufo"), "gufo")])
def test_poll_says_which_engine_asked(snmpd_agent: Agent, chosen: tuple[str, ...], asks: str) -> None:
    done = netmon("poll", f"{snmpd_agent.address}:{snmpd_agent.port}", "--community", "public", *chosen)
    assert f" s by {asks}\n" in done.stdout


def test_poll_by_the_batch_engine_does_not_speak_v3() -> None:
    done = netmon("poll", "127.0.0.1", "--user", "netmon", "--engine", "batch")
    assert done.returncode == 2
    assert "say --engine gufo" in done.stderr


def test_poll_speaks_v3_with_keys_from_the_environment(snmpd_agent: Agent) -> None:
    keys = {"A_KEY": V3_USER.auth_passphrase, "P_KEY": V3_USER.priv_passphrase}
    who = ("--user", V3_USER.name, "--auth", "sha1", "--auth-key-env", "A_KEY", "--privacy-key-env", "P_KEY")
    done = netmon("poll", f"{snmpd_agent.address}:{snmpd_agent.port}", *who, "--json", env=keys)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["interfaces"]


def test_poll_speaks_v1(snmpd_agent: Agent) -> None:
    where = f"{snmpd_agent.address}:{snmpd_agent.port}"
    done = netmon("poll", where, "--community", "public", "--version", "1", "--json")
    assert done.returncode == 0, done.stderr
    assert any(i["if_name"] == "lo" for i in json.loads(done.stdout)["interfaces"])


def test_poll_asks_for_a_community_that_nobody_gave(snmpd_agent: Agent) -> None:
    where = f"{snmpd_agent.address}:{snmpd_agent.port}"
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-m", "netmon", "poll", where])
    shown = b""
    while b"Community:" not in shown:
        shown += os.read(terminal, 1000)
    time.sleep(0.5)  # the prompt stands before the echo is off, and turning it off flushes what was typed
    os.write(terminal, b"public\n")
    while part := _read(terminal):
        shown += part
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert b"octets" in shown
    assert b"public" not in shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1000)
    except OSError:  # Linux says EIO when the other side has closed
        return b""


def test_poll_of_nobody_is_exit_1_and_a_sentence(snmpd_agent: Agent) -> None:
    snmpd_agent.pause()
    started_s = time.monotonic()
    where = f"{snmpd_agent.address}:{snmpd_agent.port}"
    done = netmon("poll", where, "--community", "geheim-9", "--timeout-s", "0.3", "--deadline-s", "1")
    assert done.returncode == 1
    assert time.monotonic() - started_s < 10
    assert len(done.stderr.strip().splitlines()) == 1
    assert "geheim-9" not in done.stderr + done.stdout


@pytest.mark.parametrize("host", ["", "h:0", "h:99999", "h:x", "[::1]:x"])
def test_poll_refuses_a_host_that_is_none(host: str) -> None:
    done = netmon("poll", host, "--community", "public")
    assert done.returncode == 2
    assert "HOST[:PORT]" in done.stderr


def test_a_token_is_shown_once_listed_and_revoked(config: Path) -> None:
    where = ("--config", str(config))
    made = netmon("token", "create", "Rina", "--role", "operator", *where)
    assert made.returncode == 0, made.stderr
    text = made.stdout.strip()
    assert made.stdout.count("\n") == 1
    assert text not in made.stderr
    (token,) = json.loads(netmon("token", "list", "--json", *where).stdout)
    assert (token["name"], token["role"], token["revoked_at"]) == ("Rina", "operator", None)
    assert netmon("token", "revoke", token["id"], *where).returncode == 0
    again = netmon("token", "revoke", token["id"], *where)
    assert again.returncode == 1
    assert "no live token" in again.stderr
    everything = b"".join(f.read_bytes() for f in (config.parent / "var").rglob("*") if f.is_file())
    assert text.encode() not in everything


def test_a_token_needs_a_name(config: Path) -> None:
    assert netmon("token", "create", "  ", "--role", "viewer", "--config", str(config)).returncode == 2


def test_unknown_roles_are_refused_by_name(config: Path) -> None:
    done = netmon("token", "create", "x", "--role", "king", "--config", str(config))
    assert done.returncode == 2
    assert "viewer" in done.stderr
