"""When monitoring itself does not see, judged from heartbeats alone, with fixed times."""

from datetime import timedelta

from netmon.model.finding import Detail, Finding, Transition
from netmon.store.ports import Heartbeat
from netmon.watch.blindness import Blindness, BlindRule
from netmon.watch.config import WatchConfig
from tests.unit.events.provinces import T0, at, province

RULE = BlindRule(timedelta(seconds=60), 5.0)


def beat(second: float, process: str = "collect-1", **detail: Detail) -> Heartbeat:
    return Heartbeat(process, at(second), T0, "fingerprint", detail=detail)


def said(findings: list[Finding]) -> list[tuple[str, str, str, float]]:
    return [(f.subject.id, f.aspect, f.transition.value, (f.at - T0).total_seconds()) for f in findings]


def test_the_rule_is_two_poll_intervals_unless_configured() -> None:
    registry = province({"core": ("72.71", "")})
    assert BlindRule.of(WatchConfig(), registry).missing_after == timedelta(seconds=60)
    assert BlindRule.of(WatchConfig(heartbeat_missing_after_s=5), registry).missing_after == timedelta(seconds=5)


def test_a_heartbeat_that_is_missing_opens_and_the_next_one_closes() -> None:
    blindness = Blindness(RULE, ["collect-1"])
    assert blindness.judge([beat(0)], [], at(0)) == []
    assert blindness.judge([beat(0)], [], at(59)) == []
    opened = blindness.judge([beat(0)], [], at(61))
    assert said(opened) == [("collect-1", "heartbeat", "opened", 60.0)]
    assert blindness.judge([beat(0)], opened, at(70)) == []
    assert said(blindness.judge([beat(90)], opened, at(91))) == [("collect-1", "heartbeat", "closed", 90.0)]


def test_an_old_heartbeat_proves_nothing_until_the_watch_has_looked_long_enough() -> None:
    blindness = Blindness(RULE, ["collect-1"])
    assert blindness.judge([beat(0)], [], at(1000)) == []
    assert said(blindness.judge([beat(0)], [], at(1060))) == [("collect-1", "heartbeat", "opened", 1060.0)]
    blindness.look_away()
    assert blindness.judge([beat(0)], [], at(2000)) == []


def test_a_restart_of_the_watch_does_not_close_what_is_still_blind() -> None:
    opened = Blindness(RULE, ["collect-1"])
    opened.judge([beat(0)], [], at(0))
    in_force = opened.judge([beat(0)], [], at(61))
    assert Blindness(RULE, ["collect-1"]).judge([beat(0)], in_force, at(100)) == []


def test_a_spool_that_cannot_be_written_is_told_like_a_store_that_cannot_be_reached() -> None:
    blindness = Blindness(RULE, ["collect-1"])
    blindness.judge([beat(0, store_error=None, spool_error="disk full")], [], at(0))
    opened = blindness.judge([beat(60, store_error=None, spool_error="disk full")], [], at(60))
    assert said(opened) == [("collect-1", "store", "opened", 60.0)]
    assert opened[0].detail["error"] == "disk full"


def test_a_store_that_is_unreachable_for_a_while_is_told_with_its_error() -> None:
    blindness = Blindness(RULE, ["collect-1"])
    for second in range(0, 60, 2):
        assert blindness.judge([beat(second, store_error="disk full")], [], at(second)) == []
    opened = blindness.judge([beat(60, store_error="disk full")], [], at(60))
    assert said(opened) == [("collect-1", "store", "opened", 60.0)]
    assert opened[0].detail["error"] == "disk full"
    assert Blindness(RULE, ["collect-1"]).judge([beat(62, store_error="disk full")], opened, at(62)) == []
    assert said(blindness.judge([beat(64, store_error=None)], opened, at(64)))[0][2] == "closed"


def test_a_short_trouble_of_the_store_is_not_blindness() -> None:
    blindness = Blindness(RULE, ["collect-1"])
    blindness.judge([beat(0, store_error="locked")], [], at(0))
    blindness.judge([beat(30, store_error=None)], [], at(30))
    assert blindness.judge([beat(61, store_error="locked")], [], at(61)) == []


def test_a_clock_that_jumped_is_told_by_its_own_word_or_by_a_beat_from_the_future() -> None:
    blindness = Blindness(RULE, ["collect-1"])
    opened = blindness.judge([beat(0, clock_offset_s=-3600.0)], [], at(0))
    assert said(opened) == [("collect-1", "clock", "opened", 0.0)]
    assert opened[0].detail["clock_offset_s"] == -3600.0
    assert said(blindness.judge([beat(100)], [], at(50))) == [("collect-1", "clock", "opened", 50.0)]
    assert blindness.judge([beat(50, clock_offset_s=0.0)], [], at(50)) == []


def test_a_collector_that_never_said_a_word_is_blind_too() -> None:
    blindness = Blindness(RULE, ["collect-1"])
    assert blindness.judge([beat(0, "serve")], [], at(0)) == []
    opened = blindness.judge([beat(0, "serve")], [], at(60))
    assert said(opened) == [("collect-1", "heartbeat", "opened", 60.0)]
    assert Blindness(RULE, ["collect-1"]).judge([], opened, at(61)) == []
    assert said(blindness.judge([beat(70)], opened, at(71))) == [("collect-1", "heartbeat", "closed", 70.0)]


def test_a_collectors_former_name_means_nothing_and_its_blindness_ends() -> None:
    former = Blindness(RULE, ["collect-1"])
    former.judge([beat(0)], [], at(0))
    opened = former.judge([beat(0)], [], at(100))
    renamed = Blindness(RULE, ["palu"])
    closed = renamed.judge([beat(0), beat(199, "palu")], opened, at(200))
    assert [(f.subject.id, f.transition, f.reason) for f in closed] == [("collect-1", Transition.CLOSED, "retired")]
    assert renamed.judge([beat(0), beat(399, "palu")], [], at(400)) == []
