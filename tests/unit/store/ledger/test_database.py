"""The ledger's database: private, patient with rivals, and discreet about passwords."""

import stat
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from netmon.store.ledger import SqlLedger
from netmon.store.ledger.database import Database
from netmon.store.ports import AuditRow, Role, StoreUnavailable, WatchCommit
from tests.samples import NOON, finding


def test_only_its_own_user_can_read_it(tmp_path: Path) -> None:
    ledger = SqlLedger(f"sqlite:///{tmp_path / 'var' / 'ledger.db'}")
    assert list(tmp_path.iterdir()) == []  # a constructor does nothing
    ledger.migrate()
    folder = tmp_path / "var"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    ledger.close()


def test_every_connection_is_durable_and_holds_to_its_references(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'ledger.db'}")
    with database.reading() as connection:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        assert [connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in names] == ["wal", 2, 1, 5000]
    database.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://netmon:geheim@127.0.0.1:1/netmon",
        "postgres://netmon:geheim@127.0.0.1:1/netmon",
        "postgresql+psycopg://netmon@127.0.0.1:1/netmon?password=geheim",
    ],
)
def test_a_server_that_does_not_answer_is_named_without_its_password(url: str) -> None:
    ledger = SqlLedger(url)
    with pytest.raises(StoreUnavailable) as caught:
        ledger.ping()
    assert "127.0.0.1:1/netmon" in str(caught.value)
    assert "see that the server runs" in str(caught.value)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "geheim",
        "mysql://netmon:geheim@db/netmon",
        "://geheim",
        "geheim://db",
        "postgresql+geheim://db",
        "postgresql://netmon:geheim@db:port/netmon",
    ],
)
def test_a_bad_url_is_refused_with_the_mend_and_without_its_text(url: str) -> None:
    with pytest.raises(ValueError, match=r"store\.ledger .*postgresql") as caught:
        SqlLedger(url)
    assert "geheim" not in str(caught.value)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreUnavailable, match=r"ledger\.db: file is not a database"):
        SqlLedger(f"sqlite:///{tmp_path / 'ledger.db'}").migrate()


def test_rival_writers_wait_for_one_another(tmp_path: Path) -> None:
    """Two collectors, the watch and the API write at once: nobody meets "database is locked"."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    SqlLedger(url).migrate()
    failures: list[BaseException] = []

    def write(name: str) -> None:
        ledger = SqlLedger(url)
        try:
            for n in range(15):
                ledger.findings.record([finding(NOON + timedelta(seconds=n), name)])
                ledger.audit.append(AuditRow(NOON, name, "seen", "clock"))
                ledger.events.commit(WatchCommit([f.seq for f in ledger.findings.unhandled(1)]))
        except BaseException as error:
            failures.append(error)
        ledger.close()

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(SqlLedger(url).audit.newest(1000)) == 60


def test_token_texts_are_nowhere_in_the_file(tmp_path: Path) -> None:
    ledger = SqlLedger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.migrate()
    token, bearer = ledger.tokens.create("siti", Role.ADMIN, NOON)
    cookie = ledger.tokens.open_session(token, NOON, timedelta(hours=1))
    ledger.close()
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"siti" in kept
    assert bearer.encode() not in kept
    assert bearer.removeprefix("netmon_").encode() not in kept
    assert cookie.encode() not in kept
