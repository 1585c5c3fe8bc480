"""``netmon run``: the other processes as children of one. It writes nothing; it starts, restarts and stops.

A child that dies is restarted with backoff, and said so. One that refuses its configuration at its first start (exit
code 2) is not: trying again cannot help, so everything stops with the same code. Later it can: somebody is editing the
file, the others go on with what they have read, and one that died meanwhile comes back when the file is good again.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

LIFELINE = "NETMON_LIFELINE_FD"
"""Environment variable: a pipe's read end whose other end the supervisor holds. When it closes, that one is gone."""

FIRST_BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 30.0
HEALTHY_AFTER_S = 60.0
READY_WITHIN_S = 30.0
STOP_WITHIN_S = 15.0
CONFIGURATION_FAULT = 2
"""Exit code of every netmon command whose configuration is not accepted."""


@dataclass
class Child:
    """One child process and the history that its backoff needs."""

    name: str
    command: Sequence[str]
    ready: Callable[[], bool] | None = None
    """The next child starts when this says yes, or after a while all the same; None: at once."""
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    starts: int = 0
    restart_at_s: float = 0.0
    backoff_s: float = FIRST_BACKOFF_S


def netmon_child(name: str, *arguments: str) -> Child:
    """A child that runs ``netmon NAME ARGUMENTS`` with this very interpreter."""
    return Child(name, [sys.executable, "-m", "netmon", name, *arguments])


def how_it_ended(code: int) -> str:
    """An exit code in words: ``exit code 1`` or ``killed by SIGKILL``."""
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


class Supervisor:
    """Keeps children alive until asked to stop. ``say`` is told, in sentences, whatever a person should know."""

    def __init__(self, children: Sequence[Child], say: Callable[[str], None]) -> None:
        self._children = children
        self._say = say
        self._stop = threading.Event()
        self._lifeline: tuple[int, int] | None = None

    def request_stop(self) -> None:
        self._stop.set()

    def pass_on(self, number: signal.Signals) -> None:
        """Send a signal to every living child."""
        for child in self._children:
            if child.process and child.process.poll() is None:
                child.process.send_signal(number)

    def run(self) -> int:
        """Start all, keep them, and return an exit code when a stop was asked for or a child refused."""
        self._lifeline = os.pipe()
        try:
            for child in self._children:
                self._start(child)
                self._wait_until_ready(child)
            while not self._stop.wait(0.1):
                for child in self._children:
                    refused = self._look_after(child)
                    if refused:
                        return CONFIGURATION_FAULT
            return 0
        finally:
            self._end_all()

    def _start(self, child: Child) -> None:
        assert self._lifeline is not None
        reading, _ = self._lifeline
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])  # kept for a child until it listens
        try:
            child.process = subprocess.Popen(  # noqa: S603 -- our own command line
                child.command,
                env={**os.environ, LIFELINE: str(reading)},
                pass_fds=[reading],
                start_new_session=True,  # Ctrl-C reaches us alone; we then stop them in order
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        child.started_s = time.monotonic()
        child.starts += 1

    def _wait_until_ready(self, child: Child) -> None:
        deadline_s = time.monotonic() + READY_WITHIN_S
        while child.ready and not child.ready() and time.monotonic() < deadline_s:
            if self._stop.wait(0.1):
                return

    def _look_after(self, child: Child) -> bool:
        """Restart a dead child when its time has come; True where it refused its configuration at its first start."""
        now_s = time.monotonic()
        if child.process is None:
            if now_s >= child.restart_at_s:
                self._start(child)
            return False
        code = child.process.poll()
        if code is None:
            return False
        child.process = None
        if code == CONFIGURATION_FAULT and child.starts == 1 and now_s - child.started_s < READY_WITHIN_S:
            self._say(f"{child.name} refuses its configuration; stopping everything")
            return True
        if now_s - child.started_s >= HEALTHY_AFTER_S:
            child.backoff_s = FIRST_BACKOFF_S
        child.restart_at_s = now_s + child.backoff_s
        self._say(f"{child.name} died ({how_it_ended(code)}); starting it again in {child.backoff_s:g} s")
        child.backoff_s = min(child.backoff_s * 2, LONGEST_BACKOFF_S)
        return False

    def _end_all(self) -> None:
        """Ask politely, in reverse order of start, all at once; insist after a while."""
        self.pass_on(signal.SIGTERM)
        deadline_s = time.monotonic() + STOP_WITHIN_S
        for child in reversed(self._children):
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.0, deadline_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._say(f"{child.name} does not stop; killing it")
                child.process.kill()
                child.process.wait()
        assert self._lifeline is not None
        for fd in self._lifeline:
            os.close(fd)
