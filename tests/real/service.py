"""The whole of netmon as a stranger starts it: `netmon run CONFIG` in a process of its own, asked over HTTP."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from typing import Any, TypeVar

import httpx
import psutil
import yaml

T = TypeVar("T")
NETMON = [sys.executable, "-m", "netmon"]


def free_port() -> int:
    """A TCP port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def netmon(
    *arguments: str, timeout_s: float = 60.0, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [*NETMON, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        env=os.environ | (env or {}),
        stdin=subprocess.DEVNULL,
    )


def wait_for(what: str, ask: Callable[[], T], within_s: float, every_s: float = 0.1) -> T:
    """The first true answer, or a failure that says what was waited for and what the last answer was."""
    deadline_s = time.monotonic() + within_s
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline_s:
            raise AssertionError(f"{what}: not within {within_s:g} s; last answer {answer!r}")
        time.sleep(every_s)


class Service:
    """One running netmon. `configuration` is the parsed CONFIG; a free API port is added to it."""

    def __init__(self, folder: Path, configuration: dict[str, Any]) -> None:
        self.config = folder / "netmon.yaml"
        self.log = folder / "netmon.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.configuration = configuration | {"api": {"port": self.port}}
        self._process: subprocess.Popen[bytes] | None = None
        self._http: httpx.Client | None = None
        self.write()

    def write(self) -> None:
        """Put the configuration on disk, as an editor would."""
        self.config.write_text(yaml.safe_dump(self.configuration, sort_keys=False), encoding="utf-8")

    def start(self) -> None:
        """Start and wait until it is ready."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*NETMON, "run", str(self.config)], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        wait_for("the service is ready", self._is_ready, 40)
        if self._http is None:
            self._http = httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.token('viewer')}"})

    def token(self, role: str, name: str = "test") -> str:
        """A new token by the command line, as an administrator makes one."""
        made = netmon("token", "create", name, "--role", role, "--config", str(self.config))
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()

    def get(self, path: str, **params: Any) -> Any:
        """An API answer as JSON; any status but 200 is a failure that shows the problem."""
        assert self._http is not None
        answer = self._http.get(path, params=params)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def events(self, **params: Any) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.get("/api/v1/events", **params)["items"]
        return items

    def child(self, name: str) -> int:
        """The process id of `collect`, `watch` or `serve`; 0 while it is down."""
        assert self._process is not None
        for child in psutil.Process(self._process.pid).children():
            try:
                if child.cmdline()[2:4] == ["netmon", name]:
                    return int(child.pid)
            except (psutil.Error, OSError):
                continue
        return 0

    def kill(self, name: str) -> None:
        """kill -9 one of the children, or the supervisor, whose name is `run`: after that, `start()` again."""
        if name == "run":
            assert self._process is not None
            self._process.kill()
            self._process.wait()
            self._process = None
        elif pid := self.child(name):
            os.kill(pid, SIGKILL)

    def send(self, number: Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self, number: Signals = SIGTERM) -> int:
        """Ask it to end, wait, and return its exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(number)
        code = self._process.wait(30)
        self._process = None
        return code

    def _is_ready(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"netmon ended with {self._process.returncode}:\n{self.log.read_text()[-4000:]}")
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False


@contextmanager
def running_command(log: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """One netmon command that runs on, its words appended to a file; asked to end when the body is left."""
    with log.open("ab") as words:
        process = subprocess.Popen([*NETMON, *arguments], stdout=words, stderr=words, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def running_service(folder: Path, configuration: dict[str, Any]) -> Iterator[Service]:
    """A service for as long as the body runs."""
    service = Service(folder, configuration)
    try:
        service.start()
        yield service
    finally:
        service.stop()
