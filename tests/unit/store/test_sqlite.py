"""The series files: exact, private, shared between processes, and quick to ask."""

import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from structlog.testing import capture_logs

from netmon.model.sample import Batch
from netmon.store.ports import StoreUnavailable
from netmon.store.sqlite import SqliteSeries
from tests.samples import NOON, any_batch, link_sample

EVER = (datetime(2019, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC))


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(batch=any_batch)
def test_any_sample_comes_back_equal(tmp_path_factory: pytest.TempPathFactory, batch: Batch) -> None:
    series = SqliteSeries(tmp_path_factory.mktemp("any"))
    series.write(batch)
    last = {(sample.tick, sample.link_id): sample for sample in batch.links}
    for (tick, link_id), sample in last.items():
        path = series._path(tick // 86400)
        with sqlite3.connect(path) as db:
            assert db.execute("SELECT count(*) FROM tick WHERE ts = ?", (tick,)).fetchone() == (1,)
        near = sample.at + timedelta(microseconds=1)
        if abs(sample.at.timestamp() - tick) < 3600:
            assert sample in series.link_samples(link_id, sample.at, near)
    series.close()


def test_one_private_file_a_utc_day(tmp_path: Path) -> None:
    series = SqliteSeries(tmp_path / "var")
    for day in range(5):
        series.write(Batch((link_sample(NOON + timedelta(days=day)),)))
    folder = tmp_path / "var" / "series"
    assert sorted(p.name for p in folder.glob("*.db")) == [f"2026-11-{day}.db" for day in (21, 22, 23, 24, 25)]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()} == {0o600}
    series.close()
    assert {p.suffix for p in folder.iterdir()} == {".db"}


def test_a_damaged_day_is_set_aside_by_the_writer_and_named_to_the_reader(tmp_path: Path) -> None:
    series = SqliteSeries(tmp_path)
    series.open()
    path = tmp_path / "series" / "2026-11-21.db"
    path.write_bytes(b"this is not a database" * 1000)
    with pytest.raises(StoreUnavailable, match=r"2026-11-21\.db.*not a database"):
        series.latest_links(NOON)
    with capture_logs() as logs:
        series.write(Batch((link_sample(),)))
    assert [log["event"] for log in logs] == ["store.damaged_file_set_aside"]
    assert series.latest_links(NOON) == {"palu-poso": link_sample()}
    series.close()


def test_a_day_that_another_process_retired_is_begun_anew(tmp_path: Path) -> None:
    series, other = SqliteSeries(tmp_path), SqliteSeries(tmp_path)
    series.write(Batch((link_sample(),)))
    assert other.retire(NOON + timedelta(days=1)) == 1
    series.write(Batch((link_sample(),)))
    assert other.link_samples("palu-poso", NOON, NOON + timedelta(minutes=1)) == [link_sample()]
    series.close()


def test_a_failed_write_leaves_no_half_and_no_wrong_number(tmp_path: Path) -> None:
    series = SqliteSeries(tmp_path)
    series.write(Batch((link_sample(),)))
    writer = series._writer(series._path(int(NOON.timestamp()) // 86400))
    writer._db.execute(f"PRAGMA max_page_count = {writer._db.execute('PRAGMA page_count').fetchone()[0]}")
    many = Batch(tuple(link_sample(link_id=f"l{i}") for i in range(2000)))
    with pytest.raises(StoreUnavailable, match="free space"):
        series.write(many)
    assert set(series.latest_links(NOON)) == {"palu-poso"}
    writer._db.execute("PRAGMA max_page_count = 1000000")
    series.write(many)
    assert series.latest_links(NOON) == {s.link_id: s for s in (*many.links, link_sample())}
    series.close()


_WRITER = """
import sys
from datetime import timedelta
from pathlib import Path
from netmon.model.sample import Batch
from netmon.store.sqlite import SqliteSeries
from tests.samples import NOON, link_sample
series = SqliteSeries(Path(sys.argv[1]))
for i in range(60):
    at = NOON + timedelta(seconds=30 * i)
    series.write(Batch(tuple(link_sample(at, f"{sys.argv[2]}-{n}") for n in range(200))))
series.close()
"""


def test_two_writers_and_a_reader_share_a_day(tmp_path: Path) -> None:
    series = SqliteSeries(tmp_path)
    series.open()
    writers = [subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path), name]) for name in ("a", "b")]
    reads = 0
    while any(writer.poll() is None for writer in writers):
        for sample in series.latest_links(NOON).values():
            assert sample.down_bps == 8_000_000
        reads += 1
    assert [writer.returncode for writer in writers] == [0, 0]
    assert reads > 1
    last = NOON + timedelta(seconds=30 * 59)
    names = {f"{name}-{n}" for name in ("a", "b") for n in range(200)}
    assert series.latest_links(last) == {name: link_sample(last, name) for name in names}


def test_the_pages_questions_are_answered_over_a_full_day(tmp_path: Path) -> None:
    """60 links, a day of 30 s."""
    series = SqliteSeries(tmp_path)
    start = NOON.replace(hour=0)
    for i in range(0, 2880, 60):
        at = [start + timedelta(seconds=30 * (i + n)) for n in range(60)]
        series.write(Batch(tuple(link_sample(a, f"l{n}") for a in at for n in range(60))))
    day = series.link_series("l7", start, start + timedelta(days=1), 300)
    latest = series.latest_links(start + timedelta(hours=23, minutes=58))
    assert len(day.points) == 288
    assert len(latest) == 60
    series.close()
