"""Bring the real components that this machine lacks into `.build/real/`, without root.

    python -m tests.real.fetch [component ...]

Called by `make test`. What is already here is left alone, so a second run takes a moment and needs no network.
When something cannot be had the run says so and still ends with 0: the tests that need it skip with the reason.
With NETMON_REQUIRE_REAL=1 it ends with 1.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.real.apt import AptFailed, PrivateApt, unpack
from tests.real.components import (
    RECIPES,
    REQUIRED,
    Component,
    Recipe,
    locate,
    obstacle_path,
    real_dir,
    stamp,
    stamp_path,
)

_FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">{root}/etc/fonts/fonts.conf</include>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>{root}/usr/share/fonts</dir>
  <cachedir>{folder}/font-cache</cachedir>
</fontconfig>
"""


def main(arguments: Sequence[str]) -> int:
    """Fetch the named components, or all of them; the exit status is for `make`."""
    recipes = [recipe for recipe in RECIPES if not arguments or recipe.name in arguments]
    if unknown := set(arguments) - {recipe.name for recipe in RECIPES}:
        known = ", ".join(recipe.name for recipe in RECIPES)
        _say(f"unknown component {', '.join(sorted(unknown))}; there are: {known}")
        return 2
    folder = real_dir()
    folder.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(folder):
        lacking = [recipe for recipe in recipes if not _report_present(recipe, folder)]
        failures = _fetch_all(lacking, folder) if lacking else {}
    for name, reason in failures.items():
        _say(f"{name}: MISSING, its tests will be skipped: {reason}")
    return 1 if failures and os.environ.get(REQUIRED) == "1" else 0


def _fetch_all(recipes: list[Recipe], folder: Path) -> dict[str, str]:
    """Fetch each recipe; the result maps those that failed to the reason."""
    apt = PrivateApt(folder / "apt")
    try:
        apt.update(_say)
    except AptFailed as failed:
        failures = {recipe.name: str(failed) for recipe in recipes}
    else:
        failures = {}
        for recipe in recipes:
            try:
                _fetch(recipe, folder, apt)
            except AptFailed as failed:
                failures[recipe.name] = str(failed)
    for recipe in recipes:
        if reason := failures.get(recipe.name):
            obstacle_path(recipe, folder).write_text(reason + "\n", encoding="utf-8")
        else:
            obstacle_path(recipe, folder).unlink(missing_ok=True)
    return failures


def _fetch(recipe: Recipe, folder: Path, apt: PrivateApt) -> None:
    """Download and unpack one component, and stamp it only once its programs have been seen to run."""
    packages = apt.closure(recipe.packages)
    if not packages:
        raise AptFailed(f"the packages {', '.join(recipe.packages)} are installed, yet their programs are not found")
    _say(f"{recipe.name}: {len(packages)} packages to fetch")
    debs = apt.download(packages, lambda line: _say(f"{recipe.name}: {line}"))
    root = folder / "root"
    for number, deb in enumerate(debs, 1):
        if deb.stat().st_size > 20_000_000 or number == len(debs):
            _say(f"{recipe.name}: unpacking {number} of {len(debs)}")
        unpack(deb, root)
    apt.forget_downloads()
    (folder / "fonts.conf").write_text(_FONTS_CONF.format(root=root, folder=folder), encoding="utf-8")
    (folder / "snmp-state").mkdir(exist_ok=True)
    versions = {package.name: package.version for package in packages}
    stamp_path(recipe, folder).write_text(json.dumps(versions, indent=1) + "\n", encoding="utf-8")
    try:
        _prove_it_runs(recipe, locate(recipe, folder))
    except (RuntimeError, OSError) as failed:
        stamp_path(recipe, folder).unlink()
        raise AptFailed(f"unpacked, but it does not run: {failed}") from failed
    _report_present(recipe, folder)


def _prove_it_runs(recipe: Recipe, found: list[Component]) -> None:
    """Start every program once: the proof that its libraries are all there."""
    if not found:
        raise RuntimeError(f"{', '.join(recipe.unpacked)} did not come out of the packages")
    for program in found:
        program.run(recipe.version_flag)


def _report_present(recipe: Recipe, folder: Path) -> bool:
    found = locate(recipe, folder)
    if not found:
        return False
    program = found[0]
    version = stamp(recipe, folder).get(recipe.packages[0], "") if program.origin == "unpacked" else program.path
    _say(f"{recipe.name}: {program.origin} {version}")
    return True


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Two test runs in one checkout must not unpack over each other."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _say(line: str) -> None:
    print(f"real: {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
