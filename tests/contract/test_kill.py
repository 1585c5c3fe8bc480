"""kill -9 at any instant: what was acknowledged is there, and what is there is whole."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from netmon.model.sample import Batch
from netmon.store.ports import Memory
from netmon.store.spool import SqliteSpool
from netmon.store.sqlite import SqliteSeries
from tests.samples import NOON

KILLS = 10

_SPOOLER = """
import itertools, sys
from datetime import timedelta
from pathlib import Path
from netmon.model.sample import Batch
from netmon.store.ports import Memory, SpoolEntry
from netmon.store.spool import SqliteSpool
from tests.samples import NOON, finding, link_sample
spool = SqliteSpool(Path(sys.argv[1])); spool.open()
for i in itertools.count(int(sys.argv[2])):
    at = NOON + timedelta(seconds=i)
    batch = Batch(tuple(link_sample(at, f"l{n}") for n in range(50)))
    spool.commit(SpoolEntry(batch, (finding(at),), {(Memory.COUNTERS, "i"): b"%d" % i}))
    print(i, flush=True)
"""
_SERIES_WRITER = """
import itertools, sys
from datetime import timedelta
from pathlib import Path
from netmon.model.sample import Batch
from netmon.store.sqlite import SqliteSeries
from tests.samples import NOON, link_sample
series = SqliteSeries(Path(sys.argv[1]))
for i in itertools.count(int(sys.argv[2])):
    at = NOON + timedelta(seconds=i)
    series.write(Batch(tuple(link_sample(at, f"l{n}", tick=int(at.timestamp())) for n in range(50))))
    print(i, flush=True)
"""


def acknowledged_before_kill(program: str, path: Path, first: int) -> int:
    """Run a writer, let it acknowledge a few commits, kill it without warning; the last number that it told."""
    child = subprocess.Popen([sys.executable, "-c", program, str(path), str(first)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    lines = [child.stdout.readline() for _ in range(random.randint(2, 40))]
    child.send_signal(signal.SIGKILL)
    rest = child.stdout.read()  # not communicate(): it would miss what readline() has buffered
    child.wait(timeout=20)
    child.stdout.close()
    assert child.returncode == -signal.SIGKILL
    return int("".join([*lines, rest]).split()[-1])


@pytest.mark.timeout(180)
def test_a_killed_collector_loses_nothing_that_its_spool_acknowledged(tmp_path: Path) -> None:
    path, last = tmp_path / "spool.db", -1
    for _ in range(KILLS):
        last = acknowledged_before_kill(_SPOOLER, path, last + 1)
        spool = SqliteSpool(path)
        spool.open()
        batches, findings = spool.pending_batches(10_000), spool.pending_findings(10_000)
        remembered = int(spool.recall(Memory.COUNTERS)["i"])
        spool.close()
        assert remembered in (last, last + 1)  # one more may have been committed and not yet told
        assert [len(p.batch) for p in batches] == [50] * (remembered + 1)
        assert [(p.findings[0].at - NOON).total_seconds() for p in findings] == list(range(remembered + 1))
        assert [p.seq for p in batches] == [p.seq for p in findings]
        last = remembered


@pytest.mark.timeout(180)
def test_a_killed_writer_loses_nothing_that_the_series_acknowledged(tmp_path: Path) -> None:
    last = -1
    for _ in range(KILLS):
        told = acknowledged_before_kill(_SERIES_WRITER, tmp_path, last + 1)
        series = SqliteSeries(tmp_path)
        latest = series.latest_links(NOON)
        newest = {int((sample.at - NOON).total_seconds()) for sample in latest.values()}
        assert len(latest) == 50
        assert newest in ({told}, {told + 1})
        (last,) = newest
        counts = {len(series.link_samples(f"l{n}", NOON, NOON.replace(hour=23))) for n in range(50)}
        assert counts == {last + 1}
        series.write(Batch())
        series.close()
