"""What the wiring gets for a configuration."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from netmon.model.sample import Batch
from netmon.store.config import StoreConfig
from netmon.store.open import open_ledger, open_series, open_spool
from netmon.store.ports import SpoolEntry, StoreUnavailable
from tests.samples import link_sample


def test_everything_lies_beneath_the_path_even_an_odd_one(tmp_path: Path) -> None:
    config = StoreConfig(path=tmp_path / "var 100%" / "a?b#c")
    spool, series, ledger = open_spool(config, "collect-1"), open_series(config), open_ledger(config)
    ledger.migrate()
    spool.commit(SpoolEntry(Batch((link_sample(),))))
    series.write(Batch((link_sample(),)))
    assert series.latest_links(link_sample().at) == {"palu-poso": link_sample()}
    names = {str(file.relative_to(config.path)) for file in config.path.rglob("*.db")}
    assert names == {"spool-collect-1.db", "series/2026-11-21.db", "ledger.db"}
    for store in (spool, series, ledger):
        store.close()


def test_collectors_have_a_spool_each(tmp_path: Path) -> None:
    config = StoreConfig(path=tmp_path)
    first, second = open_spool(config, "collect-1"), open_spool(config, "collect-2")
    first.commit(SpoolEntry(Batch((link_sample(),))))
    assert second.depth()[0] == 0
    first.close()
    second.close()


def test_a_path_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    config = StoreConfig(path=tmp_path / "file" / "var")
    for opening in (lambda: open_spool(config, "collect-1"), lambda: open_series(config), open_ledger(config).migrate):
        with pytest.raises(StoreUnavailable, match="file/var"):
            opening()


def test_a_ledger_elsewhere_keeps_its_secret(tmp_path: Path) -> None:
    ledger = open_ledger(StoreConfig(path=tmp_path, ledger=SecretStr("postgresql://netmon:geheim@127.0.0.1:1/netmon")))
    with pytest.raises(StoreUnavailable) as caught:
        ledger.migrate()
    assert "geheim" not in str(caught.value)
