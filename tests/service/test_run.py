"""`netmon run` as a whole: Ctrl-C, a port that is taken, a second run, and a ledger on a real PostgreSQL."""

from __future__ import annotations

import os
import pty
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from signal import SIGINT, SIGTERM

import psutil
import pytest

from tests.real import postgres
from tests.real.components import require
from tests.real.http import HttpReceiver
from tests.real.service import Service, netmon, running_command, running_service, wait_for
from tests.real.simulated import Network, running_network

EMPTY = {"province": {"code": "72", "name": "Sulawesi Tengah"}}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running_network(tmp_path_factory.mktemp("agents"), leaves=4) as running:
        yield running


def empty(folder: Path) -> Service:
    """A service without a single device, not started."""
    return Service(folder, EMPTY | {"store": {"path": str(folder / "var")}})


def test_ctrl_c_at_a_terminal_stops_everything_within_seconds(tmp_path: Path, network: Network) -> None:
    service = Service(tmp_path, network.configuration(tmp_path))
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-m", "netmon", "run", str(service.config)])
    shown = b""
    while b"listening" not in shown:
        shown += os.read(terminal, 4096)
    children = psutil.Process(pid).children(recursive=True)
    assert len(children) == 3
    os.write(terminal, b"\x03")
    asked_s = time.monotonic()
    while part := _read(terminal):
        shown += part
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert time.monotonic() - asked_s < 6
    assert [child for child in children if child.is_running()] == []
    assert b"Traceback" not in shown
    assert shown.rstrip().endswith(b"stopped")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux says EIO when the other side has closed
        return b""


@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
@pytest.mark.parametrize("command", ["collect", "watch", "serve"])
def test_each_process_alone_stops_when_asked(tmp_path: Path, command: str, number: int) -> None:
    service = empty(tmp_path)
    with running_command(service.log, command, str(service.config)) as process:
        wait_for("its ledger", lambda: (tmp_path / "var" / "ledger.db-wal").exists(), 15)
        time.sleep(1)
        process.send_signal(number)
        assert process.wait(10) == 0
    assert "Traceback" not in service.log.read_text()


def test_a_port_that_is_taken_is_a_sentence_and_polling_goes_on(tmp_path: Path, network: Network) -> None:
    service = Service(tmp_path, network.configuration(tmp_path))
    said = f"netmon: cannot listen on 127.0.0.1:{service.port}: Address already in use. Set api.port"
    with socket.create_server(("127.0.0.1", service.port)):
        alone = netmon("serve", str(service.config))
        assert alone.returncode == 1
        assert alone.stderr.startswith(said)
        assert len(alone.stderr.splitlines()) == 1
        with running_command(service.log, "run", str(service.config)):
            again = "serve died (exit code 1); starting it again in 1 s"
            wait_for("a second try", lambda: again in service.log.read_text(), 20)
            wait_for("samples all the same", lambda: list((tmp_path / "var" / "series").glob("*.db")), 10)
    assert said in service.log.read_text()
    assert "Traceback" not in service.log.read_text()


WITH_A_FAULT = """
import sys
import netmon.main, uvicorn
from netmon.cli import app

class Faulty(uvicorn.Server):
    async def on_tick(self, counter):
        if counter == 5:
            {fault}
        return await super().on_tick(counter)

netmon.main.uvicorn.Server = Faulty
app(["serve", sys.argv[1]])
"""


@pytest.mark.parametrize("fault", ["raise OSError('no more')", "return True", "raise SystemExit(0)"])
def test_a_server_that_ends_by_itself_ends_its_process_with_a_failure(tmp_path: Path, fault: str) -> None:
    """So that the supervisor starts it again; the server is uvicorn, brought down from within after half a second."""
    command = [sys.executable, "-c", WITH_A_FAULT.format(fault=fault), str(empty(tmp_path).config)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
    assert ended.returncode == 1
    assert "listening" in ended.stderr
    assert "the server ended although nobody asked" in ended.stderr


def test_a_second_run_on_the_same_store_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    with running_service(tmp_path, EMPTY | {"store": {"path": str(tmp_path / "var")}}) as first:
        (tmp_path / "second").mkdir()
        second = Service(tmp_path / "second", first.configuration)
        refused = netmon("run", str(second.config))
        assert refused.returncode == 1
        assert refused.stderr.splitlines()[0].startswith(f"netmon: another netmon runs on {tmp_path / 'var'}")
        alone = netmon("collect", str(second.config))
        assert alone.returncode == 1
        assert "stop the second netmon that uses the same folder" in alone.stderr
        assert "Traceback" not in alone.stderr
        assert first.get("/api/v1/regions") is not None
    assert netmon("check", str(first.config)).returncode == 0


def test_a_store_that_may_not_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    service = Service(tmp_path, EMPTY | {"store": {"path": str(tmp_path / "file" / "var")}})
    for command in ("run", "collect", "watch", "serve"):
        refused = netmon(command, str(service.config))
        assert refused.returncode == 1, command
        assert "Not a directory" in refused.stderr, command
        assert "Traceback" not in refused.stderr, command


def test_a_ledger_on_postgresql_serves_a_whole_run(
    tmp_path: Path, network: Network, http_receiver: HttpReceiver
) -> None:
    """Events, deliveries, tokens and heartbeats in a real server; the watch is killed once on the way."""
    require(postgres.initdb)
    with postgres.server() as url:
        configuration = network.configuration(
            tmp_path,
            store={"path": str(tmp_path / "var"), "ledger": url},
            channels=[{"id": "hook", "type": "webhook", "url": http_receiver.url}],
            alerts={"routes": [{"match": {}, "to": ["hook"]}]},
        )
        with running_service(tmp_path, configuration) as service:
            wait_for("rates", lambda: all(link["down"]["rate_bps"] for link in service.get("/api/v1/links")), 20)
            network.order(down={"core/leaf-01"})
            (event,) = wait_for("the cut's event", service.events, 20)
            service.kill("watch")
            network.order(down=set())
            wait_for("its close", lambda: service.events()[0]["closed_at"], 30)
            assert [e["id"] for e in service.events()] == [event["id"]]
            wait_for("both messages", lambda: len(http_receiver.requests) >= 2, 10)
        assert not (tmp_path / "var" / "ledger.db").exists()
        assert url not in service.log.read_text()
        assert "Traceback" not in service.log.read_text()
