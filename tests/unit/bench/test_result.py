"""What the benchmark prints."""

from netmon.bench.pipeline import Stage
from netmon.bench.result import Result, StageResult, percentile
from netmon.bench.serving import Counts
from netmon.bench.stopwatch import Stopwatch


def test_percentiles_are_by_nearest_rank() -> None:
    hundred = [float(n) for n in range(100, 0, -1)]
    assert [percentile(hundred, p) for p in (50, 90, 99, 100)] == [50.0, 90.0, 99.0, 100.0]
    assert percentile([3.0], 50) == percentile([3.0], 99) == 3.0
    assert percentile([], 99) == 0.0


def test_the_json_has_what_the_issue_asks_for() -> None:
    stage = StageResult(10, 8, 4264, 2, 0.5, 1.25, Counts(88, 4264, 0.01))
    result = Result({"engine": "batch"}, {each: stage for each in Stage}, [0.5, 0.1], rss_mb=99.96, fds=9)
    told = result.json()
    stages = told["stages"]
    assert isinstance(stages, dict)
    assert list(stages) == ["poll", "samples", "spooled", "encoded"]
    assert stages["poll"]["varbinds_per_cpu_s"] == 8528
    assert stages["poll"]["devices_per_cpu_s"] == 16.0
    assert (told["wall_s"], told["timeouts"], told["rss_mb"], told["fds"]) == (5.0, 8, 100.0, 9)
    assert told["poll_s"] == {"p50": 0.1, "p90": 0.5, "p99": 0.5}
    assert told["varbinds_per_device"] == 533
    assert told["engine"] == "batch"


def test_what_runs_apart_is_not_counted() -> None:
    watch = Stopwatch()
    watch.start()
    with watch.apart():
        sum(range(3_000_000))
    watch.stop()
    assert 0 <= watch.cpu_s < watch.wall_s
