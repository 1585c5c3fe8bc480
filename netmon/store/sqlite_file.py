"""One SQLite file: opened durably and privately, its errors told in words that name the file and the mend."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkstemp

import structlog

from netmon.store.ports import StoreUnavailable

BUSY_TIMEOUT_S = 5.0
_WAL_LIMIT_BYTES = 16 * 2**20

_MENDS = {
    sqlite3.SQLITE_FULL: "the disk is full: free space on it; netmon goes on by itself",
    sqlite3.SQLITE_BUSY: "another process holds it: stop the second netmon that uses the same folder",
    sqlite3.SQLITE_LOCKED: "another process holds it: stop the second netmon that uses the same folder",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: see that the folder exists and belongs to netmon's user",
    sqlite3.SQLITE_READONLY: "it may not be written: see that file and folder belong to netmon's user",
    sqlite3.SQLITE_PERM: "it may not be opened: see that file and folder belong to netmon's user",
    sqlite3.SQLITE_IOERR: "the disk answers with errors: see the kernel's log",
    sqlite3.SQLITE_CORRUPT: "it is damaged: restart netmon, which sets it aside and begins a new one",
    sqlite3.SQLITE_NOTADB: "it is not a database: restart netmon, which sets it aside and begins a new one",
}


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn whatever SQLite or the file system raises into StoreUnavailable."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        mend = _MENDS.get(code & 0xFF, "see netmon's log") if code is not None else "see netmon's log"
        raise StoreUnavailable(f"{path}: {error} ({mend})") from error
    except OSError as error:
        mend = "see that the folder belongs to netmon's user"
        raise StoreUnavailable(f"{path}: {error.strerror or error} ({mend})") from error


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All or nothing. IMMEDIATE, so that a rival writer is waited for at the start instead of failing half-way."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # some errors, a full disk among them, have rolled back already
            db.execute("ROLLBACK")
        raise


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file of ours looks like inside: statements divided by semicolons, and their version."""

    schema: str
    version: int
    exclusive: bool = False
    """Keep every other process out for as long as it is open."""
    busy_timeout_s: float = BUSY_TIMEOUT_S


def open_file(path: Path, layout: Layout) -> sqlite3.Connection:
    """Open or create a file for writing; a damaged one is set aside, with a word in the log, and a new one begun.
    The connection may cross threads under the caller's lock."""
    with told(path):
        try:
            return _opened(path, layout)
        except sqlite3.DatabaseError as error:
            if not _damaged(error):
                raise
            _set_aside(path, error)
            return _opened(path, layout)


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A reader's connection: it never blocks the writer, and the file must exist."""
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    db.execute("PRAGMA query_only = ON")
    return db


def remove_file(path: Path) -> None:
    """Delete a database with its write-ahead log."""
    with told(path):
        for suffix in ("-wal", "-shm", ""):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def make_private_folder(folder: Path) -> None:
    """What netmon keeps is for its own user alone."""
    for missing in reversed([f for f in (folder, *folder.parents) if not f.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)


def create_private_file(path: Path) -> None:
    """An empty file for SQLite to begin with, where there is none; its -wal and -shm will have the same mode.

    A file that is there is never opened here: closing it would drop every POSIX lock that SQLite holds on it in this
    process, and another process's last connection would then delete the log that ours goes on reading (SQLite, "How To
    Corrupt An SQLite Database File", 2.2). For the same reason a new one is closed before it has its name.
    """
    if path.exists():
        return
    make_private_folder(path.parent)
    handle, unnamed = mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mode 0600
    os.close(handle)
    try:
        with suppress(FileExistsError):
            os.link(unnamed, path)
    finally:
        os.unlink(unnamed)


def _opened(path: Path, layout: Layout) -> sqlite3.Connection:
    create_private_file(path)
    db = sqlite3.connect(path, timeout=layout.busy_timeout_s, isolation_level=None, check_same_thread=False)
    try:
        _prepare(db, path, layout)
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection, path: Path, layout: Layout) -> None:
    if layout.exclusive:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
    db.execute("PRAGMA auto_vacuum = INCREMENTAL")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT_BYTES}")
    with transaction(db):
        found = db.execute("PRAGMA user_version").fetchone()[0]
        if found > layout.version:
            raise StoreUnavailable(
                f"{path}: written by a newer netmon (layout {found}, this one knows {layout.version})"
            )
        if found == 0:
            for statement in layout.schema.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {layout.version}")
    if layout.exclusive and db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise _damage("quick_check found damaged pages")


def _damage(text: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(text)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def _damaged(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _set_aside(path: Path, error: Exception) -> None:
    aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    structlog.get_logger().error("store.damaged_file_set_aside", file=str(path), kept_as=str(aside), error=str(error))
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
