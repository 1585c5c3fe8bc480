"""The ledger's database: one engine, short transactions, errors told in words without a password in them."""

import importlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url, text
from sqlalchemy import exc as sql_errors
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL

from netmon.store.ports import StoreUnavailable
from netmon.store.sqlite_file import BUSY_TIMEOUT_S, create_private_file

_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")
_POOL = {"pool_size": 5, "max_overflow": 35, "pool_timeout": 10}
_MENDS = {
    "sqlite": "see that the disk has space and the folder belongs to netmon's user",
    "postgresql": "see that the server runs and lets netmon's user in",
}
_POSTGRESQL = "postgresql+psycopg"
_DRIVERS = ("sqlite", "sqlite+pysqlite", _POSTGRESQL)
_EXAMPLE = '"postgresql+psycopg://user:${env:PASSWORD}@host/db"'

Row = Mapping[str, Any]


class Database:
    """SQLite beneath a path, or PostgreSQL, by the same statements. Nothing is opened before the first use."""

    def __init__(self, url: str | URL) -> None:
        self._url = _checked(url)
        self._engine = _engine(self._url)
        self._writing = self._engine.execution_options(netmon_writes=True)

    @property
    def shown(self) -> str:
        """The address as it may be seen: without password and options."""
        return self._url.set(query={}).render_as_string(hide_password=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._told(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """All or nothing, durable at the end. On SQLite the file is taken at the start (BEGIN IMMEDIATE), so that a
        rival is waited for and never met half-way."""
        with self._told(), self._writing.begin() as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sql_errors.IntegrityError, sql_errors.DataError):
            raise  # a fault of ours, not of the store
        except (sql_errors.DBAPIError, sql_errors.TimeoutError, OSError) as error:
            said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            mend = _MENDS[self._url.get_backend_name()]
            raise StoreUnavailable(f"ledger {self.shown}: {said} ({mend})") from error


def insert_new(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert; what is there already, by any key of the table, stays as it is."""
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), list(rows))


def upsert(connection: Connection, table: Table, key: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert, or overwrite the row with the same key."""
    if rows:
        statement = _insert(connection, table)
        others = {name: statement.excluded[name] for name in rows[0] if name not in key}
        connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=others), list(rows))


def take_lock(connection: Connection, number: int) -> None:
    """Until the end of this write, no other process passes here. SQLite's writes exclude each other anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def _insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def address_fault(url: str | URL) -> str | None:
    """What is wrong with a ledger's address, with the mend and without any of its text; None if nothing is."""
    try:
        driver = _parsed(url).drivername
    except (sql_errors.ArgumentError, ValueError):  # its own text might show the password
        return f"is no URL; write {_EXAMPLE}"
    if driver not in _DRIVERS:
        return f"is of no database that netmon knows; write {_EXAMPLE}, or leave it out for SQLite"
    if driver == _POSTGRESQL:
        try:
            importlib.import_module("psycopg")
        except ImportError:
            return "is PostgreSQL, whose driver psycopg is not installed; pip install 'netmon[postgres]'"
    return None


def _checked(url: str | URL) -> URL:
    fault = address_fault(url)
    if fault is not None:
        raise ValueError(f"store.ledger {fault}")
    return _parsed(url)


def _parsed(url: str | URL) -> URL:
    parsed = make_url(url)
    return parsed.set(drivername=_POSTGRESQL) if parsed.drivername in ("postgres", "postgresql") else parsed


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 5}, **_POOL)
    path = Path(url.database or "")
    engine = create_engine(url, creator=lambda: _sqlite_connection(path), **_POOL)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _sqlite_connection(path: Path) -> sqlite3.Connection:
    create_private_file(path)
    db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    for pragma in _PRAGMAS:
        db.execute(f"PRAGMA {pragma}")
    return db


def _begin_sqlite(connection: Connection) -> None:
    """The driver begins nothing by itself (isolation_level None): snapshots and holds begin here."""
    writes = connection.get_execution_options().get("netmon_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
