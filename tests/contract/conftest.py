"""Every implementation of a store's port, opened and empty; and samples to fill them with."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from netmon.store.ledger import SqlLedger
from netmon.store.memory import MemorySeries, MemorySpool
from netmon.store.ports import Ledger, SeriesStore, Spool
from netmon.store.spool import SqliteSpool
from netmon.store.sqlite import SqliteSeries
from tests.real import postgres
from tests.real.components import require


@pytest.fixture(params=["memory", "sqlite"])
def spool(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Spool]:
    if request.param == "memory":
        yield MemorySpool()
        return
    spool = SqliteSpool(tmp_path / "spool.db")
    spool.open()
    yield spool
    spool.close()


@pytest.fixture(params=["memory", "sqlite"])
def series(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SeriesStore]:
    if request.param == "memory":
        yield MemorySeries()
        return
    series = SqliteSeries(tmp_path)
    series.open()
    yield series
    series.close()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """One server for the run."""
    require(postgres.initdb)
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    url: str = request.getfixturevalue("postgres_url")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return url


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    ledger = SqlLedger(ledger_url)
    ledger.migrate()
    yield ledger
    ledger.close()
