"""The ledger among several processes: leases, migrations and kill -9."""

import signal
import subprocess
import sys
from collections.abc import Sequence

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from netmon.store.ledger import SqlLedger
from netmon.store.ledger.database import Database
from netmon.store.ledger.migrating import downgrade, upgrade
from netmon.store.ledger.tables import metadata
from netmon.store.ports import EventQuery, Ledger, StoreUnavailable, WatchCommit

_MIGRATOR = """
import sys
from netmon.store.ledger import SqlLedger
from netmon.store.ports import AuditRow
from tests.samples import NOON
ledger = SqlLedger(sys.argv[1])
ledger.migrate()
ledger.audit.append(AuditRow(NOON, sys.argv[2], "migrated", "ledger"))
"""
_CONTENDER = """
import sys, time
from datetime import UTC, datetime, timedelta
from netmon.store.ledger import SqlLedger
ledger = SqlLedger(sys.argv[1])
ledger.ping()
print("ready", flush=True)
sys.stdin.readline()
held = [ledger.leases.acquire(f"job-{n}", sys.argv[2], timedelta(minutes=1), datetime.now(UTC)) for n in range(20)]
print("".join(str(int(one)) for one in held), flush=True)
"""
_WATCH = """
import itertools, sys
from datetime import timedelta
from netmon.events.event import Event, EventChange, EventKind
from netmon.model.finding import Severity, Subject, SubjectKind, Transition
from netmon.store.ledger import SqlLedger
from netmon.store.ports import Delivery, WatchCommit
from tests.samples import NOON
ledger = SqlLedger(sys.argv[1])
for i in itertools.count(int(sys.argv[2])):
    at = NOON + timedelta(seconds=i)
    event = Event(EventKind.LINK_DOWN, Subject(SubjectKind.LINK, f"l{i}"), Severity.CRITICAL, at, "oper_down")
    change = EventChange(event, Transition.OPENED, at)
    deliveries = [Delivery(event.id, Transition.OPENED, channel) for channel in ("mail", "telegram")]
    ledger.events.commit(WatchCommit(changes=[change], deliveries=deliveries, memory=b"%d" % i))
    print(i, flush=True)
"""


def _start(program: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _outputs(children: Sequence[subprocess.Popen[str]]) -> list[str]:
    outputs = [child.communicate(timeout=60)[0] for child in children]
    assert [child.returncode for child in children] == [0] * len(children)
    return outputs


def test_lesson_37_of_four_workers_one_holds_each_lease(ledger: Ledger, ledger_url: str) -> None:
    workers = [_start(_CONTENDER, ledger_url, name) for name in "abcd"]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:  # all at once, before any is waited for
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    held = [output.strip() for output in _outputs(workers)]
    assert [sum(int(row[job]) for row in held) for job in range(20)] == [1] * 20


def test_four_processes_migrate_an_empty_database_at_once(ledger_url: str) -> None:
    _outputs([_start(_MIGRATOR, ledger_url, name) for name in "abcd"])
    ledger = SqlLedger(ledger_url)
    assert sorted(row.who for row in ledger.audit.newest(10)) == list("abcd")
    ledger.close()


def test_the_migrations_make_what_the_tables_say(ledger_url: str) -> None:
    database = Database(ledger_url)
    upgrade(database)
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    database.close()


def test_every_migration_can_be_taken_back(ledger_url: str) -> None:
    database = Database(ledger_url)
    upgrade(database)
    downgrade(database, "base")
    with database.reading() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    upgrade(database)
    with database.reading() as connection:
        assert set(metadata.tables) <= set(inspect(connection).get_table_names())
    database.close()


def test_a_newer_netmons_ledger_is_refused(ledger: Ledger, ledger_url: str) -> None:
    database = Database(ledger_url)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreUnavailable, match=r"9999.*newer netmon"):
        ledger.migrate()
    database.close()


@pytest.mark.timeout(180)
def test_a_killed_watch_loses_no_step_and_leaves_no_half(ledger: Ledger, ledger_url: str) -> None:
    last = -1
    for kill in range(6):
        child = _start(_WATCH, ledger_url, str(last + 1))
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(3 + 2 * kill)]
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read()  # not communicate(): it would miss what readline() has buffered
        child.communicate(timeout=20)
        told = int("".join([*lines, rest]).split()[-1])
        remembered = int(ledger.events.recall() or b"-1")
        assert remembered in (told, told + 1)
        records, total = ledger.events.find(EventQuery(limit=10_000))
        assert total == remembered + 1
        assert all(len(record.deliveries) == 2 for record in records)
        assert all(len(ledger.events.history(record.event.id)) == 1 for record in records)
        last = remembered
    ledger.events.commit(WatchCommit())
