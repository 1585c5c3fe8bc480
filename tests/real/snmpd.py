"""A real Net-SNMP agent in the foreground, on a port of its own, that can be stopped, restarted and frozen."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.real import components

# An SNMPv3 discovery request (RFC 3414 §4): every agent answers it with a report, whoever asks.
_DISCOVERY = bytes.fromhex(
    "3039020103300e02024a69020205dc040104020103"
    "0410300e0400020100020100040004000400"
    "301204000400a00c020237f00201000201003000"
)


@dataclass(frozen=True)
class V3User:
    """A USM user (RFC 3414); an empty passphrase means that the service is not used. Passphrases: 8 characters up."""

    name: str
    auth_passphrase: str = ""
    priv_passphrase: str = ""
    auth_protocol: str = "SHA"
    priv_protocol: str = "AES"

    def directives(self) -> str:
        """The two lines of snmpd.conf that create the user and let it read everything."""
        create, level = f"createUser {self.name}", "noauth"
        if self.auth_passphrase:
            create, level = f'{create} {self.auth_protocol} "{self.auth_passphrase}"', "auth"
        if self.priv_passphrase:
            create, level = f'{create} {self.priv_protocol} "{self.priv_passphrase}"', "priv"
        return f"{create}\nrouser {self.name} {level}\n"


class Agent:
    """One snmpd process and its configuration folder; `running_snmpd` makes and ends it."""

    def __init__(self, folder: Path, address: str, port: int, conf: str, namespace: str | None) -> None:
        self.address = address
        self.port = port
        self.engine_boots = 0
        self.log = folder / "snmpd.log"
        self._folder = folder
        self._conf = conf
        self._namespace = namespace
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the running agent."""
        return self._running().pid

    def start(self, engine_boots: int | None = None) -> None:
        """Start and wait until it answers; snmpEngineBoots.0 reads `engine_boots`, else one more than last time."""
        program = components.snmpd()
        conf = self._folder / "snmpd.conf"
        self.engine_boots = engine_boots or self.engine_boots + 1
        boots = f"engineBoots {self.engine_boots - 1}\n"  # snmpd counts its own start on top.
        conf.write_text(self._conf + boots, encoding="utf-8")
        inside = [] if self._namespace is None else [str(components.ip().path), "netns", "exec", self._namespace]
        listen = f"udp:{self.address}:{self.port}" if self._namespace is None else f"udp:{self.port}"
        flags = ["-f", "-Lo", "-C", "-c", str(conf), "-I", "-smux", listen]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*inside, str(program.path), *flags],
                env=program.environment() | {"SNMP_PERSISTENT_DIR": str(self._folder / "state")},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait_until_it_answers()

    def stop(self) -> None:
        """End the process; its port is closed afterwards. Harmless when it has ended."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def restart(self, engine_boots: int | None = None) -> None:
        """Stop and start: sysUpTime begins again, engine time too; the engine id stays."""
        self.stop()
        self.start(engine_boots)

    def pause(self) -> None:
        """Freeze it: requests arrive and nothing answers, as with a hung device."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen agent go on; it then answers what has queued up meanwhile."""
        self._running().send_signal(signal.SIGCONT)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the agent is not running: call start() first")
        return self._process

    def _wait_until_it_answers(self, deadline_s: float = 10.0) -> None:
        until = time.monotonic() + deadline_s
        while not answers(self.address, self.port, _DISCOVERY):
            ended = self._running().poll()
            if ended is not None or time.monotonic() > until:
                self.stop()
                what = f"ended with {ended}" if ended is not None else f"did not answer in {deadline_s} s"
                raise RuntimeError(f"snmpd {what}: {self.log.read_text(errors='replace')[-800:]}")


@contextmanager
def running_snmpd(
    tmp_path: Path,
    *,
    address: str = "127.0.0.1",
    port: int | None = None,
    communities: Sequence[str] = ("public",),
    v3_users: Sequence[V3User] = (),
    engine_boots: int | None = None,
    namespace: str | None = None,
    extra_conf: str = "",
) -> Iterator[Agent]:
    """A real agent that answers; ended when the body is left.

    `extra_conf` is snmpd.conf text (`sysName …`, `view …`, `trap2sink …`). In a `namespace` the agent listens on every
    address there and `address` is the one it is reached by from here. Raises `Missing` if there is no snmpd.
    """
    number = port or components.free_port(socket.SOCK_DGRAM)
    folder = tmp_path / f"snmpd-{namespace or 'loopback'}-{number}"
    (folder / "state").mkdir(parents=True, exist_ok=True)
    # Fixed over restarts, as a device's is (RFC 3411 §5); without the old one snmpd begins its boots again at 1.
    engine_id = f"80001f8804{os.urandom(8).hex()}"
    conf = f"exactEngineID 0x{engine_id}\noldEngineID 0x{engine_id}\n"
    conf += "".join(f"rocommunity {name}\n" for name in communities)
    conf += "".join(user.directives() for user in v3_users)
    agent = Agent(folder, address, number, conf + extra_conf.rstrip() + "\n", namespace)
    try:
        agent.start(engine_boots)
        yield agent
    finally:
        agent.stop()


def answers(address: str, port: int, request: bytes, wait_s: float = 0.1) -> bool:
    """Whether anything comes back for one UDP request; a closed port answers no, after a short breath."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(wait_s)
        probe.connect((address, port))
        try:
            probe.send(request)
            return bool(probe.recv(65535))
        except TimeoutError:
            return False
        except OSError:  # Refused: nothing is bound yet.
            time.sleep(0.01)
            return False
