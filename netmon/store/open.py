"""The stores that a configuration asks for, ready for use: what the wiring calls."""

from sqlalchemy.engine import URL

from netmon.store.config import StoreConfig
from netmon.store.ledger import SqlLedger
from netmon.store.spool import SqliteSpool
from netmon.store.sqlite import SqliteSeries


def open_spool(config: StoreConfig, collector_name: str) -> SqliteSpool:
    """This collector's own file, held until it is closed; StoreUnavailable while another process holds it."""
    spool = SqliteSpool(config.path / f"spool-{collector_name}.db")
    spool.open()
    return spool


def open_series(config: StoreConfig) -> SqliteSeries:
    """The embedded series store. InfluxDB's seat is here."""
    series = SqliteSeries(config.path)
    series.open()
    return series


def open_ledger(config: StoreConfig) -> SqlLedger:
    """The ledger; call ``migrate()`` once at the start of a process. ValueError where its URL is none."""
    if config.ledger is not None:
        return SqlLedger(config.ledger.get_secret_value())
    return SqlLedger(URL.create("sqlite", database=str(config.path / "ledger.db")))
