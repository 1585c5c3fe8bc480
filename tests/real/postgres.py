"""A PostgreSQL server of our own, for the ledger: the machine's programs or unpacked ones, a throw-away data folder."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.real import components
from tests.real.components import Component, Missing

_NOBODY = 65534


def initdb() -> Component:
    """The server's ``initdb``, with ``pg_ctl`` beside it; Missing where there is none or its user cannot reach it."""
    found = components.postgres()
    try:
        _run(found, "initdb", "--version")
    except RuntimeError as refused:
        raise Missing(f"PostgreSQL does not run here: {refused}") from refused
    return found


@contextmanager
def server() -> Iterator[str]:
    """A running server's SQLAlchemy URL. It listens on a socket in its own folder and on no port."""
    programs = initdb()
    folder = Path(tempfile.mkdtemp(prefix="netmon-pg-"))
    if os.getuid() == 0:
        os.chown(folder, _NOBODY, _NOBODY)
    try:
        data = folder / "data"
        _run(programs, "initdb", "-D", data, "-A", "trust", "-U", "netmon", "-E", "UTF8", "--no-locale", "-N")
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        _run(programs, "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://netmon@/postgres?host={folder}"
        finally:
            _run(programs, "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(programs: Component, name: str, *arguments: str | Path) -> None:
    """PostgreSQL refuses to run as root: then it runs as nobody."""
    prefix = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"] if os.getuid() == 0 else []
    done = subprocess.run(
        [*prefix, str(programs.path.with_name(name)), *map(str, arguments)],
        env=programs.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd="/",
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise RuntimeError(f"{name} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-500:]}")
