"""A private apt: resolve and download Debian packages as an ordinary user, the machine's own state untouched.

apt needs root only for the system's lists, cache and locks. Pointed at a folder of our own for these three, and at
the machine's dpkg status read-only, it resolves against what is installed here and downloads only the rest.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

Progress = Callable[[str], None]

_DEBIAN_SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
_INST = re.compile(r"^Inst (?P<name>\S+) (?:\[[^]]*\] )?\((?P<version>\S+) ")
_URI = re.compile(r"^'[^']+' \S+ (?P<size>\d+)", re.MULTILINE)


class AptFailed(Exception):
    """apt is absent, has no network, or cannot satisfy a request; the message is apt's own."""


@dataclass(frozen=True)
class Package:
    """One Debian package at the version apt chose."""

    name: str
    version: str


class PrivateApt:
    """apt-get over `folder`; nothing is written outside it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._conf = folder / "apt.conf"

    def update(self, progress: Progress) -> None:
        """Download the package lists (about 10 MB) into the private state."""
        for tool in ("apt-get", "dpkg"):
            if shutil.which(tool) is None:
                raise AptFailed(f"{tool} is not on this machine: real components come from Debian packages")
        for part in ("state/lists/partial", "cache/archives/partial"):
            (self._folder / part).mkdir(parents=True, exist_ok=True)
        self._conf.write_text(self._configuration(), encoding="utf-8")
        with _ticking(progress, lambda s: f"apt: refreshing the package lists ({s} s)"):
            self._run("update")

    def closure(self, names: tuple[str, ...]) -> list[Package]:
        """The named packages and every dependency of theirs that this machine has not installed."""
        planned = self._run("install", "-s", "--no-install-recommends", *names)
        found = (_INST.match(line) for line in planned.splitlines())
        return [Package(m["name"], m["version"]) for m in found if m]

    def download(self, packages: list[Package], progress: Progress) -> list[Path]:
        """Fetch the packages' .deb files; apt checks their signatures and hashes."""
        into = self._folder / "debs"
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir(parents=True)
        wanted = [f"{package.name}={package.version}" for package in packages]
        total = sum(int(size) for size in _URI.findall(self._run("download", "--print-uris", *wanted)))

        def line(_elapsed_s: int) -> str:
            return f"downloaded {_folder_bytes(into) / 1e6:.0f} of {total / 1e6:.0f} MB"

        with _ticking(progress, line):
            self._run("download", *wanted, cwd=into)
        return sorted(into.glob("*.deb"))

    def forget_downloads(self) -> None:
        """Free the disk space of the .deb files once they are unpacked."""
        shutil.rmtree(self._folder / "debs", ignore_errors=True)

    def _configuration(self) -> str:
        lines = [
            f'Dir::State "{self._folder}/state";',
            f'Dir::State::lists "{self._folder}/state/lists";',
            'Dir::State::status "/var/lib/dpkg/status";',
            f'Dir::Cache "{self._folder}/cache";',
            'Debug::NoLocking "1";',
            'APT::Sandbox::User "";',
            'Acquire::Languages "none";',
            'Acquire::Retries "2";',
            'Acquire::http::Timeout "20";',
            "#clear APT::Update::Post-Invoke;",
            "#clear APT::Update::Post-Invoke-Success;",
        ]
        if _DEBIAN_SOURCES.exists():  # Third-party sources beside it are slow, may fail, and hold nothing we need.
            lines += [f'Dir::Etc::SourceList "{_DEBIAN_SOURCES}";', 'Dir::Etc::SourceParts "/dev/null";']
        return "\n".join(lines) + "\n"

    def _run(self, *arguments: str, cwd: Path | None = None) -> str:
        done = subprocess.run(
            ["apt-get", "-c", str(self._conf), "-q", *arguments],
            cwd=cwd,
            env=os.environ | {"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
            capture_output=True,
            text=True,
            check=False,
        )
        complaints = [line for line in done.stderr.splitlines() if line.startswith(("E:", "W: Failed to fetch"))]
        if done.returncode != 0 or (arguments[0] == "update" and complaints):
            raise AptFailed(f"apt-get {arguments[0]}: " + ("; ".join(complaints[:3]) or done.stderr.strip()[-300:]))
        return done.stdout


def unpack(deb: Path, root: Path) -> None:
    """Unpack one .deb into `root` as files only: no maintainer scripts run, nothing is installed."""
    done = subprocess.run(["dpkg", "-x", str(deb), str(root)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AptFailed(f"dpkg -x {deb.name}: {done.stderr.strip()[-300:]}")


def _folder_bytes(folder: Path) -> int:
    return sum(entry.stat().st_size for entry in os.scandir(folder) if entry.is_file())


@contextmanager
def _ticking(progress: Progress, line: Callable[[int], str], every_s: float = 1.0) -> Iterator[None]:
    """Say `line(elapsed seconds)` once a second while the body runs: nobody should watch a silent minute."""
    over = threading.Event()
    started = time.monotonic()

    def tick() -> None:
        while not over.wait(every_s):
            progress(line(round(time.monotonic() - started)))

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
