"""Where the real programs are, and what environment each needs to run.

A program installed on the machine is preferred; otherwise the one that `python -m tests.real.fetch` unpacked.
`Component.origin` says which of the two it is, so that no test leans on a hand-made machine unnoticed.
"""

from __future__ import annotations

import functools
import json
import os
import platform
import re
import shutil
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

PROJECT = Path(__file__).resolve().parents[2]
REQUIRED = "NETMON_REQUIRE_REAL"
SKIP_PREFIX = "real component missing: "

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Missing(Exception):
    """A real component cannot be had here; the message is the reason, fit for a skipped test."""


@dataclass(frozen=True)
class Recipe:
    """How one component is named: its programs on a machine, the same unpacked, and the packages that hold them."""

    name: str
    packages: tuple[str, ...]
    system: tuple[str, ...]
    unpacked: tuple[str, ...]
    version_flag: str = "--version"
    folders: str = ""
    """Where the programs are when they are on nobody's path: a pattern beneath the root, the newest last. `unpacked`
    is then relative to it."""


_SERVER = ("initdb", "pg_ctl", "postgres")

RECIPES = (
    Recipe("snmpd", ("snmpd",), ("snmpd",), ("usr/sbin/snmpd",), "-v"),
    Recipe("snmp", ("snmp",), ("snmpget",), ("usr/bin/snmpget",), "-V"),
    Recipe("iperf3", ("iperf3",), ("iperf3",), ("usr/bin/iperf3",)),
    Recipe("chromium", ("chromium", "fonts-dejavu-core"), ("chromium",), ("usr/lib/chromium/chromium",)),
    Recipe("iproute2", ("iproute2",), ("ip", "tc"), ("bin/ip", "sbin/tc"), "-V"),
    Recipe("postgresql", ("postgresql",), (*_SERVER,), (*_SERVER,), folders="usr/lib/postgresql/*/bin"),
)


@dataclass(frozen=True)
class Component:
    """A runnable program: start `path` with `environment()`."""

    path: Path
    origin: Literal["system", "unpacked"]
    env: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """This process's environment with what the component needs on top."""
        return os.environ | self.env

    def run(self, *arguments: str, timeout_s: float = 30.0) -> str:
        """Run to the end and return standard output; a failure raises with what the program said."""
        command = [str(self.path), *arguments]
        done = subprocess.run(
            command, env=self.environment(), capture_output=True, text=True, timeout=timeout_s, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
        return done.stdout


def real_dir() -> Path:
    """The folder that the fetched components live in: `NETMON_REAL_DIR`, or `.build/real` of the project."""
    return Path(os.environ.get("NETMON_REAL_DIR") or PROJECT / ".build" / "real").resolve()


def snmpd() -> Component:
    """The Net-SNMP agent."""
    return _component("snmpd", 0)


def snmp_tool(name: str) -> Component:
    """A Net-SNMP client tool such as `snmptrap`, `snmpinform` or `snmpwalk`."""
    get = _component("snmp", 0)
    path = get.path.with_name(name)
    if not path.exists():
        raise Missing(f"{name} is not beside {get.path}: the Debian package snmp has no such tool")
    return Component(path, get.origin, get.env)


def iperf3() -> Component:
    """The traffic generator."""
    return _component("iperf3", 0)


def chromium() -> Component:
    """The browser; give `path` to Playwright as `executable_path` and `env` as its `env`."""
    return _component("chromium", 0)


def ip() -> Component:
    """`ip` of iproute2."""
    return _component("iproute2", 0)


def tc() -> Component:
    """`tc` of iproute2."""
    return _component("iproute2", 1)


@functools.cache
def netns_obstacle() -> str | None:
    """Why network namespaces cannot be made here, or None when they can; found out by making one."""
    try:
        tool = ip()
    except Missing as missing:
        return str(missing)
    name = f"nm-probe-{os.getpid()}"
    try:
        tool.run("netns", "add", name)
    except RuntimeError as refused:
        return f"network namespaces need root or CAP_SYS_ADMIN and CAP_NET_ADMIN: {str(refused)[-160:]}"
    try:
        tool.run("link", "add", f"nmp{os.getpid()}", "type", "veth", "peer", "name", "peer", "netns", name)
    except RuntimeError as refused:
        return f"this kernel makes no veth pairs: {str(refused)[-160:]}"
    finally:
        tool.run("netns", "del", name)
    return None


def netns_available() -> Component:
    """`ip`, once it is certain that it can make namespaces; raises `Missing` with the obstacle otherwise."""
    if obstacle := netns_obstacle():
        raise Missing(obstacle)
    return ip()


def postgres() -> Component:
    """``initdb`` of a PostgreSQL server, with ``pg_ctl`` and ``postgres`` beside it."""
    return _component("postgresql", 0)


def require(component: Callable[[], Component]) -> Component:
    """The component, or a skipped test that says why; under NETMON_REQUIRE_REAL=1 a failed one."""
    try:
        return component()
    except Missing as missing:
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"{REQUIRED}=1 and a real component is missing: {missing}", pytrace=False)
        pytest.skip(f"{SKIP_PREFIX}{missing}")


def locate(recipe: Recipe, folder: Path) -> list[Component]:
    """The recipe's programs: all of the system's, or all of the unpacked ones with a stamp; empty if neither."""
    system = [shutil.which(name, path=_search_path(recipe)) for name in recipe.system]
    if all(system):
        return [Component(Path(path), "system", environment(None)) for path in system if path]
    root = folder / "root"
    home = _newest(root, recipe) or root
    paths = [home / name for name in recipe.unpacked]
    if not stamp_path(recipe, folder).exists() or not all(path.exists() for path in paths):
        return []
    env = environment(root)
    return [Component(path, "unpacked", env) for path in paths]


def environment(root: Path | None) -> dict[str, str]:
    """What every component runs with: no MIB files, no state outside our folder, and unpacked libraries."""
    state = real_dir() / "snmp-state"
    env = {"MIBS": "", "MIBDIRS": "", "SNMP_PERSISTENT_DIR": str(state), "SNMPCONFPATH": str(state)}
    if root is None:
        return env
    triplet = f"{platform.machine()}-linux-gnu"
    libraries = [f"{root}/usr/lib/{triplet}", f"{root}/lib/{triplet}", f"{root}/usr/lib/{triplet}/pulseaudio"]
    return env | {"LD_LIBRARY_PATH": ":".join(libraries), "FONTCONFIG_FILE": str(real_dir() / "fonts.conf")}


def stamp_path(recipe: Recipe, folder: Path) -> Path:
    """The file that says which package versions a finished unpacking holds."""
    return folder / f"{recipe.name}.json"


def obstacle_path(recipe: Recipe, folder: Path) -> Path:
    """The file in which a failed fetch leaves its reason for the tests to report."""
    return folder / f"{recipe.name}.missing"


def stamp(recipe: Recipe, folder: Path) -> dict[str, str]:
    """The package versions of an unpacked component by package name."""
    versions: dict[str, str] = json.loads(stamp_path(recipe, folder).read_text(encoding="utf-8"))
    return versions


def free_port(kind: socket.SocketKind) -> int:
    """A port of loopback that nothing is bound to at this moment; `kind` is SOCK_DGRAM (UDP) or SOCK_STREAM (TCP)."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def _component(name: str, index: int) -> Component:
    recipe = next(recipe for recipe in RECIPES if recipe.name == name)
    folder = real_dir()
    if found := locate(recipe, folder):
        return found[index]
    reason = obstacle_path(recipe, folder)
    why = f" (last fetch: {reason.read_text(encoding='utf-8').strip()})" if reason.exists() else ""
    raise Missing(f"{name} is neither installed nor unpacked: run `python -m tests.real.fetch`{why}")


def _search_path(recipe: Recipe) -> str:
    first = _newest(Path("/"), recipe)
    return ":".join([*([str(first)] if first else []), os.environ.get("PATH", ""), _SYSTEM_PATH])


def _newest(root: Path, recipe: Recipe) -> Path | None:
    """The folder of the highest version number that the recipe's pattern finds."""
    found = root.glob(recipe.folders) if recipe.folders else ()
    return max(found, key=lambda folder: [int(part) for part in re.findall(r"\d+", folder.parent.name)], default=None)
