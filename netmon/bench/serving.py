"""The responder as a process: compiled on the spot where there is a compiler, in Python where there is none."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from netmon.bench import values

SOURCE = Path(__file__).with_name("responder.c")


class ResponderFailed(Exception):
    """It did not start. The text says why."""


class Counts(NamedTuple):
    """What a responder has done since its start."""

    pdus: int
    varbinds: int
    cpu_s: float

    def since(self, before: "Counts") -> "Counts":
        return Counts(self.pdus - before.pdus, self.varbinds - before.varbinds, self.cpu_s - before.cpu_s)


class Responder:
    """Answers as ``devices`` addresses from ``base`` (IPv4 as a number) on, until it is left. Port 0: any that is free.

    ``say`` is told where it has to be the slow one."""

    def __init__(
        self,
        base: int,
        devices: int,
        interfaces: int,
        *,
        port: int = 0,
        dead: float = 0.0,
        step: int | None = None,
        compiled: bool = True,
        say: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        fixed = [] if step is None else [step]
        self._arguments = [*map(str, (port, interfaces, base, devices, values.dead_below(dead), *fixed))]
        self._compiled = compiled
        self._say = say
        self._process: subprocess.Popen[str] | None = None
        self.port = port

    def __enter__(self) -> Self:
        """In a session of its own: Ctrl-C is for whoever asks, who then leaves."""
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [*self._command(), *self._arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        ready = self._line()
        if not ready.startswith("ready "):
            _, why = self._process.communicate()
            raise ResponderFailed(why.strip() or f"the responder ended with {self._process.returncode}")
        self.port = int(ready.split()[1])
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process:
            self._process.terminate()
            self._process.communicate()

    def counts(self) -> Counts:
        """Of this moment. Raises ResponderFailed where it is gone."""
        if self._process is None or self._process.poll() is not None:
            raise ResponderFailed("the responder has ended")
        self._process.send_signal(signal.SIGUSR1)
        _, pdus, varbinds, cpu_s = self._line().split()
        return Counts(int(pdus), int(varbinds), float(cpu_s))

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def _line(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def _command(self) -> Sequence[str]:
        if self._compiled:
            try:
                return [str(program())]
            except ResponderFailed as failed:
                self._say(f"{failed}; the responder runs in Python, slower than what it is to measure")
        return [sys.executable, "-m", "netmon.bench.responder"]


def program() -> Path:
    """The compiled responder, from this user's cache, where each version of its source has its own file. Raises
    ResponderFailed where there is no compiler or it refuses."""
    source = SOURCE.read_bytes()
    folder = _cache()
    built = folder / f"responder-{hashlib.sha256(source).hexdigest()[:16]}"
    if built.exists():
        return built
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise ResponderFailed("there is no C compiler here (gcc or cc)")
    fresh = folder / f"{built.name}.{os.getpid()}"
    done = subprocess.run(  # noqa: S603 - our own source
        [compiler, "-O2", "-o", str(fresh), str(SOURCE)], capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode != 0:
        raise ResponderFailed(f"{compiler} does not compile the responder: {done.stderr.strip()[-300:]}")
    fresh.rename(built)
    return built


def _cache() -> Path:
    """A folder of this user's; a new one in the temporary folder where there is no home to write to."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "netmon" / "bench"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.access(folder, os.W_OK | os.X_OK):
            return folder
    except (OSError, RuntimeError):
        pass
    return Path(tempfile.mkdtemp(prefix="netmon-bench-"))
