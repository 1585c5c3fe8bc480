"""The embedded series store: one SQLite file a UTC day, rows keyed by (tick, link), one writer at a time and readers
beside it. The layout is the one that measuring found best: see docs/design.md."""

import sqlite3
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np

from netmon.model.columns import LinkSamples
from netmon.model.instants import unix_us
from netmon.model.sample import Batch, DeviceSample, LinkSample
from netmon.store.aggregate import Reading, series_of
from netmon.store.ports import LinkSeries
from netmon.store.series_rows import SCHEMA, Row, device_row, device_sample, link_rows, link_sample
from netmon.store.sqlite_file import Layout, make_private_folder, open_file, open_for_reading, remove_file, told
from netmon.store.sqlite_file import transaction as all_or_nothing

_LAYOUT = Layout(SCHEMA, version=1)
_DAY_S = 86400
_FILES_KEPT_OPEN = 3
_REACH = timedelta(hours=3)
"""How far a sample's interval and ``at`` can lie from its tick: two intervals of an hour at the most, and a deadline.
A sample over a longer time is a GAP and counts by its ``at`` alone."""

_NO_LINKS = LinkSamples.of(())

_Kind = Literal["link", "device"]
_Sample = TypeVar("_Sample", LinkSample, DeviceSample)

# The cross join makes SQLite walk the ticks and look up one key for each: see measured layout.
_OF_ONE = """SELECT {columns} FROM tick k CROSS JOIN link_sample s
    ON s.ts = k.ts AND s.n = (SELECT n FROM link WHERE id = ?) WHERE k.ts BETWEEN ? AND ? ORDER BY k.ts"""
_READING = """s.at_us, s.interval_s, s.down_bps, s.up_bps, s.down_octets, s.up_octets,
    s.in_errors, s.out_errors, s.in_discards, s.out_discards, s.flags"""


class SqliteSeries:
    """``SeriesStore`` beneath ``folder``/series. Safe from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "series"
        self._lock = threading.Lock()
        self._open: OrderedDict[Path, _DayWriter] = OrderedDict()

    def open(self) -> None:
        """Make the folder, so that readers find one."""
        with told(self._folder):
            make_private_folder(self._folder)

    def close(self) -> None:
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()

    def write(self, batch: Batch) -> None:
        links = _by_day(LinkSamples.of(batch.links))
        devices: dict[int, list[DeviceSample]] = defaultdict(list)
        for device in batch.devices:
            devices[device.tick // _DAY_S].append(device)
        with self._lock:
            for day in sorted(links.keys() | devices.keys()):
                self._writer(self._path(day)).write(links.get(day, _NO_LINKS), devices.get(day, []))

    def link_series(self, link_id: str, start: datetime, end: datetime, step_s: int) -> LinkSeries:
        rows = self._rows_of(link_id, _READING, start, end)
        return series_of(link_id, map(Reading._make, rows), start, end, step_s)

    def link_samples(self, link_id: str, start: datetime, end: datetime) -> Sequence[LinkSample]:
        samples = [link_sample(link_id, row) for row in self._rows_of(link_id, "s.*", start, end)]
        return sorted((s for s in samples if start <= s.at < end), key=lambda s: s.at)

    def latest_links(self, since: datetime) -> Mapping[str, LinkSample]:
        return self._latest("link", link_sample, since)

    def latest_devices(self, since: datetime) -> Mapping[str, DeviceSample]:
        return self._latest("device", device_sample, since)

    def retire(self, before: datetime) -> int:
        """Whole days go, by their file: those that ended before the day of ``before``."""
        first_kept = before.astimezone(UTC).date()
        old = [path for path in self._files() if date.fromisoformat(path.stem) < first_kept]
        with self._lock:
            for path in old:
                if path in self._open:
                    self._open.pop(path).close()
                remove_file(path)
        return len(old)

    def _path(self, day: int) -> Path:
        return self._folder / f"{datetime.fromtimestamp(day * _DAY_S, UTC):%Y-%m-%d}.db"

    def _files(self) -> list[Path]:
        with told(self._folder):
            return sorted(self._folder.glob("????-??-??.db"))

    def _writer(self, path: Path) -> "_DayWriter":
        """The day's writer; opened anew where another process has retired the file meanwhile."""
        writer = self._open.pop(path, None)
        if writer is not None and not path.exists():
            writer.close()
            writer = None
        self._open[path] = writer or _DayWriter(path)
        while len(self._open) > _FILES_KEPT_OPEN:
            self._open.popitem(last=False)[1].close()
        return self._open[path]

    def _rows_of(self, link_id: str, columns: str, start: datetime, end: datetime) -> Iterator[Row]:
        first, last = ((start - _REACH).timestamp(), (end + _REACH).timestamp())
        for day in range(int(first // _DAY_S), int(last // _DAY_S) + 1):
            with _reading(self._path(day)) as db:
                if db is not None:
                    yield from db.execute(_OF_ONE.format(columns=columns), (link_id, first, last)).fetchall()

    def _latest(self, kind: _Kind, sample_of: Callable[[str, Row], _Sample], since: datetime) -> dict[str, _Sample]:
        """Walk the ticks from the newest back until everybody has been met or a tick holds nothing fresh."""
        found: dict[str, _Sample] = {}
        for path in reversed(self._files()):
            if date.fromisoformat(path.stem) < (since - _REACH).astimezone(UTC).date():
                break
            with _reading(path) as db:
                if db is not None:
                    _gather_latest(db, kind, sample_of, since, found)
        return found


class _DayWriter:
    """One day's file, open for writing, with the numbers of the ids that it has met."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = open_file(path, _LAYOUT)
        self._numbers: dict[_Kind, dict[str, int]] = {"link": {}, "device": {}}

    def close(self) -> None:
        self._db.close()

    def write(self, links: LinkSamples, devices: Sequence[DeviceSample]) -> None:
        with told(self._path), all_or_nothing(self._db):
            link_n = self._numbered("link", set(links.link_ids))
            device_n = self._numbered("device", {sample.device_id for sample in devices})
            ticks = {*np.unique(links.figures["tick"]).tolist(), *(s.tick for s in devices)}
            self._db.executemany("INSERT OR IGNORE INTO tick VALUES (?)", [(tick,) for tick in sorted(ticks)])
            self._insert("link_sample", 18, link_rows(links, link_n))
            self._insert("device_sample", 6, (device_row(s, device_n[s.device_id]) for s in devices))
        self._numbers["link"].update(link_n)
        self._numbers["device"].update(device_n)

    def _insert(self, table: str, width: int, rows: Iterable[Row]) -> None:
        places = ",".join("?" * width)
        self._db.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({places})", rows)  # noqa: S608

    def _numbered(self, kind: _Kind, ids: set[str]) -> dict[str, int]:
        """The number of every id, given out here where it is new. The caller keeps them once they are committed."""
        known = self._numbers[kind]
        new = sorted(ids - known.keys())
        if not new:
            return known
        self._db.executemany(f"INSERT OR IGNORE INTO {kind} (id) VALUES (?)", [(id_,) for id_ in new])  # noqa: S608
        return dict(self._db.execute(f"SELECT id, n FROM {kind}"))  # noqa: S608


def _by_day(links: LinkSamples) -> dict[int, LinkSamples]:
    """Nearly always one day's: then the samples as they are."""
    days = links.figures["tick"] // _DAY_S
    found = np.unique(days).tolist()
    if len(found) == 1:
        return {found[0]: links}
    places = {day: np.flatnonzero(days == day).tolist() for day in found}
    return {day: LinkSamples([links.link_ids[i] for i in at], links.figures[at]) for day, at in places.items()}


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection | None]:
    """A connection of the caller's own, closed after use; None where that day has no file or the beginning of one."""
    with told(path):
        if not path.exists():
            yield None
            return
        db = open_for_reading(path)
        try:
            begun = db.execute("PRAGMA user_version").fetchone()[0]
            yield db if begun else None
        finally:
            db.close()


def _gather_latest(
    db: sqlite3.Connection,
    kind: _Kind,
    sample_of: Callable[[str, Row], _Sample],
    since: datetime,
    found: dict[str, _Sample],
) -> None:
    ids: dict[int, str] = dict(db.execute(f"SELECT n, id FROM {kind}"))  # noqa: S608
    missing = {n for n, id_ in ids.items() if id_ not in found}
    since_us = unix_us(since)
    for (tick,) in db.execute("SELECT ts FROM tick ORDER BY ts DESC"):
        rows = db.execute(f"SELECT * FROM {kind}_sample WHERE ts = ?", (tick,)).fetchall()  # noqa: S608
        fresh = [row for row in rows if row[2] >= since_us]
        found.update({ids[row[1]]: sample_of(ids[row[1]], row) for row in fresh if row[1] in missing})
        missing.difference_update(row[1] for row in fresh)
        if not missing or (rows and not fresh) or tick * 1_000_000 < since_us - _REACH / timedelta(microseconds=1):
            return
