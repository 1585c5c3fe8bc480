"""Every implementation of a store's port, opened and empty; and samples to fill them with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from netmon.store.memory import MemorySeries, MemorySpool
from netmon.store.ports import SeriesStore, Spool
from netmon.store.spool import SqliteSpool
from netmon.store.sqlite import SqliteSeries


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
