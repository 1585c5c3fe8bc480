"""The spool's file: durable, private, bounded, and honest about what it cannot do."""

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from netmon.model.finding import Finding
from netmon.model.sample import Batch
from netmon.store.ports import Memory, SpoolEntry, StoreUnavailable
from netmon.store.spool import SqliteSpool
from tests.samples import any_batch, any_finding, finding, link_sample

ENTRY = SpoolEntry(Batch((link_sample(),)), (finding(),), {(Memory.COUNTERS, "palu-poso"): b"1"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "spool.db"


def opened(path: Path) -> SqliteSpool:
    spool = SqliteSpool(path, busy_timeout_s=0.05)
    spool.open()
    return spool


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(batch=any_batch, findings=st.lists(any_finding, max_size=3), value=st.binary(max_size=50))
def test_what_goes_in_comes_out_equal_after_a_restart(
    tmp_path: Path, batch: Batch, findings: list[Finding], value: bytes
) -> None:
    path = tmp_path / "any.db"
    spool = opened(path)
    spool.commit(SpoolEntry(batch, findings, {(Memory.SIGNALS, "k"): value}))
    spool.close()
    spool = opened(path)
    assert [p.batch for p in spool.pending_batches(9)] == ([batch] if len(batch) else [])
    assert [p.findings for p in spool.pending_findings(9)] == ([tuple(findings)] if findings else [])
    assert spool.recall(Memory.SIGNALS) == {"k": value}
    spool.confirm_batches([p.seq for p in spool.pending_batches(9)])
    spool.confirm_findings([p.seq for p in spool.pending_findings(9)])
    spool.close()


def test_only_its_own_user_can_read_it(path: Path) -> None:
    spool = opened(path)
    spool.commit(ENTRY)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    spool.close()


def test_every_commit_is_synced_in_full(path: Path) -> None:
    spool = opened(path)
    pragma = {name: spool._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")}
    assert pragma == {"synchronous": 2, "journal_mode": "wal"}
    spool.close()


def test_a_spool_that_is_not_open_says_so(path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"spool\.db: the spool is not open"):
        SqliteSpool(path).commit(ENTRY)


def test_a_full_disk_is_named_and_nothing_of_the_entry_is_kept(path: Path) -> None:
    spool = opened(path)
    spool.commit(ENTRY)
    pages = spool._db.execute("PRAGMA page_count").fetchone()[0]
    spool._db.execute(f"PRAGMA max_page_count = {pages}")  # SQLite then answers as it does on a full disk
    big = SpoolEntry(
        Batch(tuple(link_sample(link_id=f"l{i}") for i in range(500))), (), {(Memory.COUNTERS, "palu-poso"): b"2"}
    )
    with pytest.raises(StoreUnavailable, match=r"spool\.db: .*full.*free space"):
        spool.commit(big)
    assert [p.batch for p in spool.pending_batches(9)] == [ENTRY.batch]
    assert spool.recall(Memory.COUNTERS) == {"palu-poso": b"1"}
    spool._db.execute("PRAGMA max_page_count = 1000000")
    spool.commit(big)
    assert [p.batch for p in spool.pending_batches(9)] == [ENTRY.batch, big.batch]
    spool.close()


def test_a_second_process_is_kept_out_with_a_reason(path: Path) -> None:
    first = opened(path)
    with pytest.raises(StoreUnavailable, match=r"spool\.db: .*locked.*another process holds it"):
        opened(path)
    first.close()
    opened(path).close()


@pytest.mark.parametrize("damage", ["not a database", "torn page"])
def test_a_damaged_file_is_set_aside_with_its_name_in_the_log(path: Path, damage: str) -> None:
    spool = opened(path)
    spool.commit(SpoolEntry(Batch(tuple(link_sample(link_id=f"l{i}") for i in range(500)))))
    spool.close()
    content = bytearray(path.read_bytes())
    where = slice(0, 100) if damage == "not a database" else slice(4096 * 3, 4096 * 4)
    content[where] = os.urandom(where.stop - where.start)
    path.write_bytes(content)
    with capture_logs() as logs:
        spool = opened(path)
    (kept,) = path.parent.glob("spool.db.damaged-*")
    assert kept.read_bytes()[4096 * 3 :] == bytes(content)[4096 * 3 :]
    assert [(log["event"], log["kept_as"]) for log in logs] == [("store.damaged_file_set_aside", str(kept))]
    spool.commit(ENTRY)
    assert [p.batch for p in spool.pending_batches(9)] == [ENTRY.batch]
    spool.close()


def test_an_entry_that_cannot_be_read_does_not_stop_those_behind_it(path: Path) -> None:
    spool = opened(path)
    spool.commit(ENTRY)
    spool.commit(ENTRY)
    spool._db.execute("UPDATE batch SET payload = x'c1c1' WHERE seq = 1")
    with capture_logs() as logs:
        assert [p.seq for p in spool.pending_batches(9)] == [2]
    assert [log["event"] for log in logs] == ["spool.damaged_entry_set_aside"]
    assert spool._db.execute("SELECT source, seq, payload FROM damaged").fetchall() == [("batch", 1, b"\xc1\xc1")]
    assert [p.seq for p in spool.pending_findings(9)] == [1, 2]
    spool.close()


def test_a_newer_netmons_file_is_left_alone(path: Path) -> None:
    opened(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreUnavailable, match="newer netmon"):
        opened(path)
    assert not list(path.parent.glob("*damaged*"))


def test_the_file_stays_bounded_when_what_was_confirmed_goes(path: Path) -> None:
    spool = opened(path)
    entry = SpoolEntry(Batch(tuple(link_sample(link_id=f"l{i}") for i in range(300))))
    for _ in range(600):
        spool.commit(entry)
    high = spool.depth()[1]
    spool.confirm_batches([p.seq for p in spool.pending_batches(1000)])
    for _ in range(20):
        spool.commit(entry)
        spool.confirm_batches([p.seq for p in spool.pending_batches(1000)])
    spool.close()
    assert high > 10_000_000
    assert path.stat().st_size < 5_000_000
