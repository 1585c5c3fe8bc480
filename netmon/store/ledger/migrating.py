"""Schema migrations, run by the service itself at every start.

A new revision: ``alembic.command.revision(configuration(), "what it does")``, then write ``upgrade`` by hand.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from netmon.store.ledger.database import Database, take_lock
from netmon.store.ports import StoreUnavailable

_LOCK = 0x6E65746D6F6E
"""The advisory lock's number: "netmon" in ASCII."""


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration; nothing is read from a file or printed."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema to a revision in one transaction. Of several processes one works and the others find it done."""
    try:
        with database.writing() as connection:
            take_lock(connection, _LOCK)
            command.upgrade(configuration(connection), revision)
    except CommandError as error:
        raise StoreUnavailable(f"ledger {database.shown}: {error} (was it written by a newer netmon?)") from error


def downgrade(database: Database, revision: str) -> None:
    with database.writing() as connection:
        take_lock(connection, _LOCK)
        command.downgrade(configuration(connection), revision)
