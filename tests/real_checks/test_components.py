"""Fetching says what it uses, needs nothing a second time, and says plainly what it cannot get."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.real import components
from tests.real.components import PROJECT, Missing


def _fetch(folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name != components.REQUIRED}
    return subprocess.run(
        [sys.executable, "-m", "tests.real.fetch", "iperf3"],
        cwd=PROJECT,
        env=inherited | {"NETMON_REAL_DIR": str(folder)} | env,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def without_iperf3(tmp_path: Path) -> Path:
    """A folder with nothing in it, on a machine that has no iperf3 of its own."""
    if any(Path(folder, "iperf3").exists() for folder in ("/usr/bin", "/usr/local/bin", "/bin")):
        pytest.skip("iperf3 is installed on this machine: nothing can be missing")
    return tmp_path / "real"


def test_without_apt_it_says_what_is_missing_and_does_not_fail(without_iperf3: Path, tmp_path: Path) -> None:
    done = _fetch(without_iperf3, PATH=str(tmp_path))
    assert done.returncode == 0
    assert "iperf3: MISSING" in done.stdout
    assert "apt-get is not on this machine" in done.stdout


def test_where_real_components_are_required_it_fails(without_iperf3: Path, tmp_path: Path) -> None:
    assert _fetch(without_iperf3, PATH=str(tmp_path), NETMON_REQUIRE_REAL="1").returncode == 1


def test_a_skipped_test_repeats_the_reason(
    without_iperf3: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fetch(without_iperf3, PATH=str(tmp_path))
    monkeypatch.setenv("NETMON_REAL_DIR", str(without_iperf3))
    with pytest.raises(Missing, match=r"python -m tests\.real\.fetch.*apt-get is not on this machine"):
        components.iperf3()
    monkeypatch.delenv(components.REQUIRED, raising=False)
    with pytest.raises(pytest.skip.Exception, match="real component missing: iperf3"):
        components.require(components.iperf3)
    monkeypatch.setenv(components.REQUIRED, "1")
    with pytest.raises(pytest.fail.Exception, match="iperf3"):
        components.require(components.iperf3)


def test_a_second_fetch_takes_well_under_a_second_and_names_the_origin() -> None:
    program = components.require(components.iperf3)
    started = time.monotonic()
    done = _fetch(components.real_dir())
    assert time.monotonic() - started < 1.0
    assert done.stdout.startswith(f"real: iperf3: {program.origin} ")
    assert done.stdout.count("\n") == 1
