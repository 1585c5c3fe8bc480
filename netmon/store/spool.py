"""The spool: a collector's own file, in which nothing is lost between a poll and its confirmed delivery."""

import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import structlog
from msgspec import MsgspecError

from netmon.store.codec import decode_batch, decode_findings, encode_batch, encode_findings
from netmon.store.ports import Memory, Spooled, SpoolEntry, StoreUnavailable
from netmon.store.sqlite_file import BUSY_TIMEOUT_S, Layout, open_file, told, transaction

_SCHEMA = """
    CREATE TABLE batch (seq INTEGER PRIMARY KEY, payload BLOB NOT NULL);
    CREATE TABLE finding (seq INTEGER PRIMARY KEY, payload BLOB NOT NULL);
    CREATE TABLE memory (kind TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (kind, key))
        WITHOUT ROWID;
    CREATE TABLE damaged (source TEXT NOT NULL, seq INTEGER NOT NULL, payload BLOB NOT NULL)
"""
_FREE_PAGES_KEPT = 1024
"""4 MB of emptied pages stay for reuse; an outage's worth beyond that goes back to the disk, a bit at a time."""

_Queue = Literal["batch", "finding"]


class SqliteSpool:
    """``Spool`` in one SQLite file, held by one process and usable from all of its threads."""

    def __init__(self, path: Path, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self._path = path
        self._layout = Layout(_SCHEMA, version=1, exclusive=True, busy_timeout_s=busy_timeout_s)
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._last_seq = 0

    def open(self) -> None:
        """Open or create the file. A damaged one is set aside; StoreUnavailable while another process holds it."""
        self._connection = open_file(self._path, self._layout)
        newest = "SELECT max(coalesce((SELECT max(seq) FROM batch), 0), coalesce((SELECT max(seq) FROM finding), 0))"
        with told(self._path):
            self._last_seq = self._connection.execute(newest).fetchone()[0]

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def commit(self, entry: SpoolEntry) -> None:
        batch = encode_batch(entry.batch) if len(entry.batch) else None
        findings = encode_findings(entry.findings) if entry.findings else None
        with self._lock, told(self._path), transaction(self._db):
            seq = self._last_seq + 1
            if batch is not None:
                self._db.execute("INSERT INTO batch VALUES (?, ?)", (seq, batch))
            if findings is not None:
                self._db.execute("INSERT INTO finding VALUES (?, ?)", (seq, findings))
            self._remember(entry)
            self._last_seq = seq

    def pending_batches(self, limit: int) -> Sequence[Spooled]:
        return [Spooled(seq, batch=batch) for seq, batch in self._pending("batch", decode_batch, limit)]

    def pending_findings(self, limit: int) -> Sequence[Spooled]:
        return [Spooled(seq, findings=found) for seq, found in self._pending("finding", decode_findings, limit)]

    def confirm_batches(self, seqs: Sequence[int]) -> None:
        self._confirm("batch", seqs)

    def confirm_findings(self, seqs: Sequence[int]) -> None:
        self._confirm("finding", seqs)

    def recall(self, memory: Memory) -> Mapping[str, bytes]:
        with self._lock, told(self._path):
            return dict(self._db.execute("SELECT key, value FROM memory WHERE kind = ?", (memory,)))

    def depth(self) -> tuple[int, int]:
        with self._lock, told(self._path):
            entries = "SELECT count(*) FROM (SELECT seq FROM batch UNION SELECT seq FROM finding)"
            files = (self._path, self._path.with_name(self._path.name + "-wal"))
            size = sum(f.stat().st_size for f in files if f.exists())
            return self._db.execute(entries).fetchone()[0], size

    @property
    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreUnavailable(f"{self._path}: the spool is not open")
        return self._connection

    def _remember(self, entry: SpoolEntry) -> None:
        kept = [(kind, key, value) for (kind, key), value in entry.remember.items() if value is not None]
        forgotten = [place for place, value in entry.remember.items() if value is None]
        self._db.executemany("INSERT OR REPLACE INTO memory VALUES (?, ?, ?)", kept)
        self._db.executemany("DELETE FROM memory WHERE kind = ? AND key = ?", forgotten)

    def _pending(self, queue: _Queue, decode: Callable[[bytes], Any], limit: int) -> list[tuple[int, Any]]:
        query = f"SELECT seq, payload FROM {queue} ORDER BY seq LIMIT ?"  # noqa: S608  (a literal of ours)
        with self._lock, told(self._path):
            rows = self._db.execute(query, (limit,)).fetchall()
        decoded = []
        for seq, payload in rows:
            try:
                decoded.append((seq, decode(payload)))
            except MsgspecError as error:
                self._keep_damaged(queue, seq, error)
        return decoded

    def _keep_damaged(self, queue: _Queue, seq: int, error: Exception) -> None:
        """An entry that cannot be read must not stop those behind it, nor vanish: it moves to a table of its own."""
        structlog.get_logger().error(
            "spool.damaged_entry_set_aside", file=str(self._path), table="damaged", seq=seq, error=str(error)
        )
        move = f"INSERT INTO damaged SELECT '{queue}', seq, payload FROM {queue} WHERE seq = ?"  # noqa: S608
        with self._lock, told(self._path), transaction(self._db):
            self._db.execute(move, (seq,))
            self._db.execute(f"DELETE FROM {queue} WHERE seq = ?", (seq,))  # noqa: S608

    def _confirm(self, queue: _Queue, seqs: Sequence[int]) -> None:
        with self._lock, told(self._path):
            with transaction(self._db):
                self._db.executemany(f"DELETE FROM {queue} WHERE seq = ?", [(seq,) for seq in seqs])  # noqa: S608
            if self._db.execute("PRAGMA freelist_count").fetchone()[0] > _FREE_PAGES_KEPT:
                self._db.executescript(f"PRAGMA incremental_vacuum({_FREE_PAGES_KEPT})")  # execute() frees one page
