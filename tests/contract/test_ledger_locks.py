"""SQLite's locks are the process's (POSIX): whoever opens and closes the file beside SQLite drops them all.

Then the next process to finish believes that it is the last, deletes the write-ahead log that others still use, and the
ledger forgets, or reads as malformed. So it takes two connections here and a whole process there to see the fault.
"""

import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import URL

from netmon.store.ledger import SqlLedger
from netmon.store.ledger.database import Database

CREATE = """
import sys
from datetime import UTC, datetime
from sqlalchemy.engine import URL
from netmon.store.ledger import SqlLedger
from netmon.store.ports import Role
ledger = SqlLedger(URL.create("sqlite", database=sys.argv[1]))
ledger.migrate()
print(ledger.tokens.create("rina", Role.VIEWER, datetime.now(UTC))[1])
ledger.close()
"""


def test_many_connections_of_a_process_keep_their_log_when_others_come_and_go(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    database = Database(URL.create("sqlite", database=str(path)))
    ledger = SqlLedger(URL.create("sqlite", database=str(path)))
    ledger.migrate()
    with ExitStack() as together:
        for _ in range(3):  # as three threads have them
            together.enter_context(database.reading())
    for _ in range(3):
        made = subprocess.run([sys.executable, "-c", CREATE, str(path)], capture_output=True, text=True, check=True)
        assert (tmp_path / "ledger.db-wal").exists()
        assert ledger.tokens.verify(made.stdout.strip(), datetime.now(UTC)) is not None
    ledger.close()
    database.close()


def test_a_new_file_is_private_from_its_first_instant(tmp_path: Path) -> None:
    ledger = SqlLedger(URL.create("sqlite", database=str(tmp_path / "var" / "ledger.db")))
    ledger.migrate()
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in (tmp_path / "var").iterdir()} == {
        name: "0o600" for name in ("ledger.db", "ledger.db-shm", "ledger.db-wal")
    }
    ledger.close()
