"""A PostgreSQL server of our own, for the ledger's contract: the machine's binaries, a throw-away data folder."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.real.components import Component, Missing

_NOBODY = 65534
_PROGRAMS = ("initdb", "pg_ctl")


def initdb() -> Component:
    """The newest server's ``initdb``, with ``pg_ctl`` beside it; Missing where there is none."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: -float(folder.parent.name))
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        if all((folder / program).exists() for program in _PROGRAMS):
            return Component(folder / "initdb", "system")
    raise Missing("no PostgreSQL server here: initdb and pg_ctl come with the Debian package postgresql")


@contextmanager
def server() -> Iterator[str]:
    """A running server's SQLAlchemy URL. It listens on a socket in its own folder and on no port."""
    programs = initdb().path.parent
    folder = Path(tempfile.mkdtemp(prefix="netmon-pg-"))
    if os.getuid() == 0:
        os.chown(folder, _NOBODY, _NOBODY)
    try:
        data = folder / "data"
        _run([programs / "initdb", "-D", data, "-A", "trust", "-U", "netmon", "-E", "UTF8", "--no-locale", "-N"])
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        _run([programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start"])
        try:
            yield f"postgresql+psycopg://netmon@/postgres?host={folder}"
        finally:
            _run([programs / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str | Path]) -> None:
    """PostgreSQL refuses to run as root: then it runs as nobody."""
    prefix = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"] if os.getuid() == 0 else []
    done = subprocess.run(
        [*prefix, *map(str, command)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd="/",
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-500:]}")
