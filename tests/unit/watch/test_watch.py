"""The watch's steps on a real SQLite ledger: nothing lost, nothing told twice, wherever it is cut off."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from netmon.model.finding import Finding
from netmon.store.ledger import SqlLedger
from netmon.store.ports import StoreUnavailable, WatchCommit
from netmon.watch.config import WatchConfig
from netmon.watch.watch import LEASE_TTL, Watch
from tests.unit.events.provinces import back, link_down, link_up, province, silent
from tests.unit.watch.stage import TurnedClock, Written, beat, events_in, open_ledger, told_in, watch_on

POSO = province(
    {
        "core": ("72.71", ""),
        "poso": ("72.02", "core"),
        "poso-a": ("72.02", "poso"),
        "sigi": ("72.10", "core"),
        "buol": ("72.05", "core"),
    },
    sites={"setda": ("72.02", "poso-a"), "samsat": ("72.10", "sigi")},
)
TALE = [
    link_down("core-poso", 5),
    silent("poso", 20),
    silent("poso-a", 25),
    silent("sigi", 30),
    link_up("core-poso", 90),
    back("poso", 95),
    back("sigi", 100),
    silent("buol", 110),
    back("buol", 120),
]
TOLD = [
    ("link_down", "core-poso", "", 5.0, 120.0),
    ("blankspot", "72.10", "", 30.0, 100.0),
    ("blankspot", "72.02", "", 95.0, None),
    ("blankspot", "buol", "", 110.0, 120.0),
]
"""poso-a, behind poso, stays silent: after the settling time it speaks for itself, or rather for its district."""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    opened = open_ledger(tmp_path)
    yield opened
    opened.close()


def live(ledger: SqlLedger, clock: TurnedClock, step: Callable[[], None], seconds: int = 160) -> None:
    """The tale as collectors tell it, half a second late, with a step every second."""
    rest = list(TALE)
    for _ in range(seconds):
        clock.turn(1)
        if heard := [f for f in rest if f.at <= clock.now()]:
            ledger.findings.record(heard)
            rest = rest[len(heard) :]
        ledger.heartbeats.beat(beat(clock))
        step()


def test_findings_become_events_and_deliveries(ledger: SqlLedger) -> None:
    clock = TurnedClock()
    live(ledger, clock, watch_on(POSO, ledger, clock).step)
    assert events_in(ledger) == TOLD
    assert len(told_in(ledger)) == 7
    assert ledger.findings.unhandled(100) == []


def test_after_an_outage_of_the_watch_the_same_findings_give_the_same_events(ledger: SqlLedger) -> None:
    clock = TurnedClock()
    live(ledger, clock, lambda: None)
    watch_on(POSO, ledger, clock).step()
    assert events_in(ledger) == TOLD


class Crash(BaseException):
    """The process is gone: nothing after it runs."""


class _Cut:
    """An event book whose process dies just before or just after some of its commits."""

    def __init__(self, ledger: SqlLedger, deaths: dict[int, str]) -> None:
        self.findings, self.heartbeats, self.leases = ledger.findings, ledger.heartbeats, ledger.leases
        self.events = self
        self._book, self._deaths, self._commits = ledger.events, deaths, 0

    def recall(self) -> bytes | None:
        return self._book.recall()

    def commit(self, step: WatchCommit) -> None:
        self._commits += 1
        death = self._deaths.get(self._commits)
        if death == "before":
            raise Crash
        self._book.commit(step)
        if death == "after":
            raise Crash
        if death == "unsure":
            raise StoreUnavailable("the connection broke as the answer was on its way")


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.integers(1, 14), st.sampled_from(["before", "after", "unsure"]), max_size=8))
def test_wherever_it_is_cut_off_no_event_is_lost_or_doubled(
    tmp_path_factory: pytest.TempPathFactory, deaths: dict[int, str]
) -> None:
    ledger = open_ledger(tmp_path_factory.mktemp("ledger"))
    clock, cut = TurnedClock(), _Cut(ledger, deaths)

    def fresh() -> Watch:
        return Watch(POSO, cut, Written(), WatchConfig(), clock, CollectorRegistry(), holder="watch-1")  # type: ignore[arg-type]

    watch = [fresh()]

    def step() -> None:
        try:
            watch[0].step()
        except Crash:
            watch[0] = fresh()

    live(ledger, clock, step, seconds=170)
    assert events_in(ledger) == TOLD
    assert len(told_in(ledger)) == len(set(told_in(ledger))) == 7
    ledger.close()


def test_a_ledger_that_does_not_answer_is_counted_and_nothing_is_lost(ledger: SqlLedger) -> None:
    clock, metrics = TurnedClock(), CollectorRegistry()
    cut = _Cut(ledger, {})
    watch = Watch(POSO, cut, Written(), WatchConfig(), clock, metrics, holder="w")  # type: ignore[arg-type]

    def gone(limit: int) -> list[Finding]:
        raise StoreUnavailable("the ledger is locked")

    class Gone:
        unhandled = staticmethod(gone)

    seconds = [0]

    def step() -> None:
        seconds[0] += 1
        cut.findings = Gone() if 10 < seconds[0] <= 150 else ledger.findings  # type: ignore[assignment]
        watch.step()

    live(ledger, clock, step, seconds=170)
    assert events_in(ledger) == TOLD
    assert metrics.get_sample_value("netmon_watch_ledger_unavailable_total") == 140


def test_a_quiet_second_writes_nothing(ledger: SqlLedger) -> None:
    clock, commits = TurnedClock(), []
    cut = _Cut(ledger, {})
    watch = Watch(POSO, cut, Written(), WatchConfig(), clock, CollectorRegistry(), holder="w")  # type: ignore[arg-type]
    cut.commit = commits.append  # type: ignore[method-assign]
    for _ in range(30):
        clock.turn(1)
        ledger.heartbeats.beat(beat(clock))
        watch.step()
    assert commits == []


def test_of_four_watches_one_works_and_another_takes_over_when_it_is_gone(ledger: SqlLedger) -> None:
    clock = TurnedClock()
    watches = [watch_on(POSO, ledger, clock, holder=f"watch-{n}") for n in range(4)]
    clock.turn(1)
    ledger.findings.record([link_down("core-poso", 0)])
    for watch in watches:
        watch.step()
    assert [watch.leads for watch in watches] == [True, False, False, False]
    clock.turn(LEASE_TTL.total_seconds() + 1)
    assert not watches[0].leads
    ledger.findings.record([link_up("core-poso", 6)])
    for watch in reversed(watches):
        watch.step()
    assert [watch.leads for watch in watches] == [False, False, False, True]
    assert events_in(ledger) == [("link_down", "core-poso", "", 0.0, 6.0)]
    watches[3].stop()
    clock.turn(0.1)
    watches[1].step()
    assert watches[1].leads


def test_a_backlog_larger_than_one_step_gives_the_same_events(
    ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netmon.watch.watch.AT_A_TIME", 2)
    clock = TurnedClock()
    live(ledger, clock, lambda: None)
    watch = watch_on(POSO, ledger, clock)
    for _ in range(8):
        watch.step()
    assert events_in(ledger) == TOLD


def test_a_collector_that_stops_is_one_blind_event_and_no_outage(ledger: SqlLedger) -> None:
    clock = TurnedClock()
    watch = watch_on(POSO, ledger, clock)
    for second in range(300):
        clock.turn(1)
        if second < 20 or second > 200:
            ledger.heartbeats.beat(beat(clock))
        if second == 85:
            ledger.findings.record([silent("sigi", 80)])  # what comes out late while nobody polls
        watch.step()
    assert events_in(ledger) == [
        ("blind", "collect-1", "heartbeat", 80.0, 202.0),
        ("blankspot", "72.10", "", 202.0, None),
    ]


def test_deadlines_rest_while_the_wall_clock_is_in_doubt(ledger: SqlLedger) -> None:
    clock = TurnedClock()
    watch = watch_on(POSO, ledger, clock)
    clock.turn(1)
    ledger.findings.record([silent("sigi", 0)])
    watch.step()
    clock.turn(1)
    clock.jump(3600)
    for second in range(40):
        clock.turn(1)
        ledger.heartbeats.beat(beat(clock, clock_offset_s=3600.0 if second < 30 else 0.0))
        watch.step()
        if second < 30:
            assert [event[0] for event in events_in(ledger)] in ([], ["blind"])
    assert [event[:3] for event in events_in(ledger)] == [("blind", "collect-1", "clock")]
