"""The peers that are programs: Debian packages, unpacked without root beside the test suite's real components."""

import fcntl
import json
from collections.abc import Callable
from pathlib import Path

from tests.real.apt import PrivateApt, unpack
from tests.real.components import Component, Recipe, locate, real_dir, stamp, stamp_path

COLLECTD = Recipe(
    "collectd", ("collectd-core", "libsnmp40"), ("/nowhere/collectd",), ("usr/sbin/collectd",), version_flag="-h"
)
"""Never the machine's own: its plugins and types are looked for beneath the root that we unpacked."""
SNMP_EXPORTER = Recipe(
    "snmp_exporter",
    ("prometheus-snmp-exporter",),
    ("/nowhere/prometheus-snmp-exporter",),
    ("usr/bin/prometheus-snmp-exporter",),
)


def unpacked(recipe: Recipe, say: Callable[[str], None]) -> tuple[Component, str]:
    """The program and its version, downloaded when it is first asked for. Raises AptFailed."""
    folder = real_dir()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not locate(recipe, folder):
            _fetch(recipe, folder, say)
    return locate(recipe, folder)[0], stamp(recipe, folder)[recipe.packages[0]]


def _fetch(recipe: Recipe, folder: Path, say: Callable[[str], None]) -> None:
    apt = PrivateApt(folder / "apt")
    apt.update(say)
    packages = apt.closure(recipe.packages)
    for deb in apt.download(packages, say):
        unpack(deb, folder / "root")
    apt.forget_downloads()
    (folder / "snmp-state").mkdir(exist_ok=True)
    versions = {package.name: package.version for package in packages}
    stamp_path(recipe, folder).write_text(json.dumps(versions, indent=1) + "\n", encoding="utf-8")
