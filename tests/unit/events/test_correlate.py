"""One incident, one event: each rule of the correlator by itself, with fixed times."""

import pytest

from netmon.events.correlate import Correlator, Step
from netmon.events.event import EventKind
from netmon.events.judgement import Judgement
from netmon.events.memory import State, decode, encode
from netmon.model.finding import Finding, Severity, Signal, Transition
from netmon.model.registry import Agency, Registry
from tests.unit.events.provinces import (
    INTERVAL_S,
    at,
    back,
    blind,
    link_down,
    link_up,
    of_link,
    open_after,
    province,
    silent,
    story,
)

POSO = province(
    {
        "core": ("72.71", ""),
        "edge": ("72.71", ""),
        "poso": ("72.02", "core"),
        "poso-a": ("72.02", "poso"),
        "poso-b": ("72.02", "poso"),
        "sigi": ("72.10", ("core", "edge")),
    },
    sites={"setda": ("72.02", "poso-a"), "rsud": ("72.02", "poso-b"), "samsat": ("72.10", "sigi")},
    agencies=[Agency("bappeda", "Bappeda", "72.71", links=("core-poso",))],
)


def run(registry: Registry, *findings: Finding, until: float, state: State | None = None) -> Step:
    return Correlator(registry, INTERVAL_S).run(state or State(), findings, at(until))


def test_a_saturation_is_one_event_whose_severity_only_rises() -> None:
    def told(transition: Transition, when_s: float, severity: Severity, **detail: int) -> Finding:
        more = {"severity": severity, "aspect": "down", "detail": detail}
        return of_link("core-poso", Signal.SATURATION, transition, when_s, **more)

    step = run(
        POSO,
        told(Transition.OPENED, 0, Severity.WARNING, rate_bps=170, contract_bps=200),
        told(Transition.RAISED, 60, Severity.CRITICAL, rate_bps=199),
        told(Transition.RAISED, 90, Severity.WARNING, rate_bps=170),
        told(Transition.CLOSED, 120, Severity.CRITICAL, rate_bps=100),
        until=130,
    )
    assert [(c.transition, c.event.severity) for c in step.changes] == [
        (Transition.OPENED, Severity.WARNING),
        (Transition.RAISED, Severity.CRITICAL),
        (Transition.CLOSED, Severity.CRITICAL),
    ]
    assert len({c.event.id for c in step.changes}) == 1
    assert step.changes[1].event.detail["rate_bps"] == 199
    assert step.changes[1].event.detail["contract_bps"] == 200
    affected = step.changes[0].event.affected
    assert (affected.agencies, affected.sites) == (("bappeda",), ("rsud", "setda")), "who is served through it"
    assert (affected.regions, affected.devices, affected.links) == (("72.02",), (), ("core-poso",)), "nothing is down"


def test_the_two_directions_of_a_link_are_two_events() -> None:
    both = [of_link("core-poso", Signal.SATURATION, Transition.OPENED, 0, aspect=a) for a in ("down", "up")]
    assert len(run(POSO, *both, until=1).changes) == 2


def test_a_vanished_interface_is_an_event_by_name_at_once() -> None:
    step = Correlator(POSO, INTERVAL_S).apply(
        State(), of_link("core-poso", Signal.VANISHED, Transition.OPENED, 5, detail={"if_name": "to-poso"})
    )
    assert story(step.changes) == [("opened", "vanished", "core-poso", 5)]
    assert step.changes[0].event.detail["if_name"] == "to-poso"


def test_a_link_that_goes_down_is_told_at_once_and_what_falls_silent_behind_it_joins() -> None:
    correlator = Correlator(POSO, INTERVAL_S)
    step = correlator.apply(State(), link_down("core-poso", 10))
    assert story(step.changes) == [("opened", "link_down", "core-poso", 10)]
    step = correlator.run(step.state, [silent("poso", 40), silent("poso-a", 45), silent("poso-b", 50)], at(500))
    assert step.changes == ()
    (event,) = step.updated
    assert event.affected.devices == ("poso", "poso-a", "poso-b")
    assert event.affected.sites == ("rsud", "setda")
    assert event.affected.regions == ("72.02",)
    step = correlator.run(step.state, [link_up("core-poso", 600), *map(back, ("poso", "poso-a"), (610, 615))], at(616))
    assert step.changes == ()
    assert story(correlator.apply(step.state, back("poso-b", 620)).changes) == [
        ("closed", "link_down", "core-poso", 620)
    ]


def test_a_silence_that_came_before_its_link_down_joins_it_all_the_same() -> None:
    step = run(POSO, silent("poso", 0), silent("poso-a", 5), silent("poso-b", 6), link_down("core-poso", 20), until=500)
    assert story(step.changes) == [("opened", "link_down", "core-poso", 20)]


def test_a_link_down_after_the_blank_spot_of_what_hangs_on_it_is_no_second_event() -> None:
    step = run(POSO, silent("sigi", 0), link_down("core-sigi", 100), link_down("edge-sigi", 110), until=500)
    assert story(step.changes) == [("opened", "blankspot", "72.10", 0)]
    assert set(step.changes[0].event.affected.links) >= {"core-sigi", "edge-sigi"}
    step = run(POSO, back("sigi", 600), state=step.state, until=700)
    assert sorted(story(step.changes)) == [
        ("closed", "blankspot", "72.10", 600),
        ("opened", "link_down", "core-sigi", 100),
        ("opened", "link_down", "edge-sigi", 110),
    ]


def test_lesson_19_a_parent_and_forty_children_are_one_event() -> None:
    children = {f"child-{n:02}": ("72.03", "parent") for n in range(40)}
    registry = province({"core": ("72.71", ""), "parent": ("72.02", "core"), **children})
    wave = [silent(child, n * 0.5) for n, child in enumerate(children)] + [silent("parent", 29)]
    step = run(registry, *wave, until=300)
    assert story(step.changes) == [("opened", "blankspot", "parent", 29)]
    assert len(step.changes[0].event.affected.devices) == 41
    recovery = [back("parent", 400), *(back(child, 401 + n * 0.5) for n, child in enumerate(children))]
    assert story(run(registry, *recovery, state=step.state, until=900).changes) == [
        ("closed", "blankspot", "parent", 420.5)
    ]


def test_lesson_20_a_child_still_silent_after_its_parent_is_back_has_its_own_event() -> None:
    registry = province({"core": ("72.71", ""), "a": ("72.02", "core"), "b": ("72.03", "a"), "c": ("72.04", "a")})
    step = run(registry, silent("a", 0), silent("b", 1), silent("c", 2), until=200)
    assert story(step.changes) == [("opened", "blankspot", "a", 0)]
    step = run(registry, back("a", 300), back("b", 310), state=step.state, until=329)
    assert step.changes == ()
    step = run(registry, state=step.state, until=330)
    assert story(step.changes) == [("opened", "blankspot", "c", 300), ("closed", "blankspot", "a", 330)]
    assert step.changes[0].event.detail["since"] == at(2).isoformat()
    assert step.changes[1].event.close_reason == "recovered"


def test_a_child_whose_other_uplink_works_speaks_for_itself() -> None:
    step = run(POSO, silent("edge", 0), silent("sigi", 1), until=300)
    assert sorted(story(step.changes)) == [("opened", "blankspot", "72.10", 1), ("opened", "blankspot", "edge", 0)]


def test_a_region_all_of_whose_sites_are_silent_is_one_event() -> None:
    step = run(POSO, silent("poso-a", 3), silent("poso-b", 9), until=33)
    assert story(step.changes) == [("opened", "blankspot", "72.02", 9)]
    event = step.changes[0].event
    assert (event.reason, event.affected.sites) == ("all_sites_silent", ("rsud", "setda"))
    assert event.detail["since"] == at(3).isoformat()


def test_a_region_that_becomes_dark_later_absorbs_the_event_of_its_device() -> None:
    step = run(POSO, silent("poso-a", 0), silent("poso-b", 100), until=200)
    assert story(step.changes) == [
        ("opened", "blankspot", "poso-a", 0),
        ("opened", "blankspot", "72.02", 100),
        ("closed", "blankspot", "poso-a", 130),
    ]
    region, absorbed = step.changes[1].event, step.changes[2].event
    assert (absorbed.close_reason, absorbed.absorbed_by) == ("absorbed", region.id)


def test_a_region_that_is_no_longer_dark_gives_way_to_the_device_that_still_is() -> None:
    step = run(POSO, silent("poso-a", 0), silent("poso-b", 1), until=100)
    step = run(POSO, back("poso-a", 200), state=step.state, until=300)
    assert story(step.changes) == [("opened", "blankspot", "poso-b", 200), ("closed", "blankspot", "72.02", 230)]


def test_kecamatan_events_give_way_to_their_kabupaten() -> None:
    registry = province(
        {"core": ("72.71", ""), "n": ("72.02.01", "core"), "s": ("72.02.02", "core")},
        sites={"kantor-n": ("72.02.01", "n"), "kantor-s": ("72.02.02", "s")},
    )
    step = run(registry, silent("n", 0), silent("s", 100), until=200)
    assert story(step.changes) == [
        ("opened", "blankspot", "72.02.01", 0),
        ("opened", "blankspot", "72.02", 100),
        ("closed", "blankspot", "72.02.01", 130),
    ]


def test_a_silence_that_ends_while_it_waits_is_told_all_the_same() -> None:
    step = run(POSO, silent("poso-a", 0), back("poso-a", 12), until=100)
    assert story(step.changes) == [("opened", "blankspot", "poso-a", 0), ("closed", "blankspot", "poso-a", 12)]
    assert step.changes[1].event.affected.sites == ("setda",)


def test_a_short_outage_of_a_parent_is_one_event_whatever_comes_back_first() -> None:
    step = run(POSO, silent("core", 0), silent("poso", 1), back("poso", 20), back("core", 21), until=100)
    assert story(step.changes) == [("opened", "blankspot", "core", 0), ("closed", "blankspot", "core", 21)]
    step = run(POSO, silent("core", 0), silent("poso", 1), back("core", 20), back("poso", 21), until=100)
    assert story(step.changes) == [("opened", "blankspot", "core", 0), ("closed", "blankspot", "core", 21)]


def test_a_cause_that_comes_to_light_late_absorbs_what_it_explains() -> None:
    step = run(POSO, silent("poso-a", 0), silent("poso", 45), until=300)
    assert story(step.changes) == [
        ("opened", "blankspot", "poso-a", 0),
        ("opened", "blankspot", "poso", 45),
        ("closed", "blankspot", "poso-a", 75),
    ]
    assert step.changes[2].event.close_reason == "absorbed"


def test_a_device_that_failed_long_before_its_parent_stays_an_incident_of_its_own() -> None:
    step = run(POSO, silent("poso-a", 0), silent("poso", 5000), back("poso", 6000), until=9000)
    assert list(open_after(step.changes)) == ["blankspot poso-a"]
    assert len([c for c in step.changes if c.event.subject.id == "poso-a"]) == 1


def test_the_only_device_of_all_does_not_wait() -> None:
    registry = province({"only": ("72.02", "")})
    step = Correlator(registry, INTERVAL_S).run(State(), [silent("only", 7)], at(7))
    assert story(step.changes) == [("opened", "blankspot", "only", 7)]


def test_everything_silent_is_blindness_and_no_outage() -> None:
    wave = [silent(device, n) for n, device in enumerate(POSO.devices)]
    step = run(POSO, *wave, until=500)
    assert story(step.changes) == [("opened", "blind", "collect-1", 5)]
    event = step.changes[0].event
    assert (event.reason, event.severity, event.affected.sites) == ("everything_silent", Severity.CRITICAL, ())
    assert len(event.affected.devices) == 6


def test_after_blindness_what_is_still_silent_is_judged_afresh() -> None:
    step = run(POSO, *(silent(device, n) for n, device in enumerate(POSO.devices)), until=500)
    seen = [back(d, 1000 + n) for n, d in enumerate(POSO.devices) if d not in ("poso-a", "poso-b")]
    step = run(POSO, *seen, state=step.state, until=1100)
    assert story(step.changes) == [("closed", "blind", "collect-1", 1000), ("opened", "blankspot", "72.02", 1002)]


def test_what_opened_while_sight_was_being_lost_is_absorbed_by_the_blindness() -> None:
    late = [silent(d, 40) for d in POSO.devices if d != "core"]
    step = run(POSO, silent("core", 0), *late, until=200)
    assert story(step.changes) == [
        ("opened", "blankspot", "core", 0),
        ("opened", "blind", "collect-1", 40),
        ("closed", "blankspot", "core", 40),
    ]


@pytest.mark.parametrize("aspect", ["heartbeat", "clock"])
def test_while_a_collector_is_blind_its_silences_open_nothing(aspect: str) -> None:
    step = run(POSO, blind(aspect, Transition.OPENED, 0), silent("poso-a", 5), until=500)
    assert story(step.changes) == [("opened", "blind", "collect-1", 0)]
    step = run(POSO, blind(aspect, Transition.CLOSED, 600), state=step.state, until=700)
    assert story(step.changes) == [("closed", "blind", "collect-1", 600), ("opened", "blankspot", "poso-a", 600)]


def test_another_collectors_blindness_hides_nothing_here() -> None:
    step = run(POSO, blind("heartbeat", Transition.OPENED, 0, collector="former"), silent("poso-a", 5), until=500)
    assert sorted(open_after(step.changes)) == ["blankspot poso-a", "blind former"]


def test_an_unreachable_series_store_is_told_and_hides_no_outage() -> None:
    step = run(POSO, blind("store", Transition.OPENED, 0), silent("poso-a", 5), until=500)
    assert sorted(open_after(step.changes)) == ["blankspot poso-a", "blind collect-1"]


def test_five_hundred_silences_within_an_interval_are_judged_in_few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each round looks at all that is silent: one a finding would make a mass outage cost its square."""
    rounds: list[object] = []
    judge = Judgement.judge
    monkeypatch.setattr(
        Judgement, "judge", lambda self, *told, **more: (rounds.append(told), judge(self, *told, **more))[1]
    )
    names = [f"d{n}" for n in range(500)]
    registry = province(
        {"core": ("72.71", ""), "calm": ("72.71", "core"), **{name: ("72.71", "core") for name in names}}
    )
    step = run(registry, *(silent(name, n * INTERVAL_S / 501) for n, name in enumerate(names)), until=200)
    assert len(open_after(step.changes)) == 500
    assert len(rounds) <= INTERVAL_S + 5


def test_twenty_repeats_are_one_event() -> None:
    repeats = [f for n in range(20) for f in (silent("poso-a", n), link_down("core-sigi", n))]
    step = run(POSO, *repeats, until=300)
    assert len(step.changes) == 2
    again = run(POSO, *repeats, state=step.state, until=300)
    assert (again.changes, again.state) == ((), step.state)


def test_an_end_without_a_beginning_changes_nothing_and_cannot_be_undone_by_a_late_beginning() -> None:
    step = run(POSO, back("poso-a", 20), link_up("core-poso", 20), until=300)
    assert step.changes == ()
    assert run(POSO, silent("poso-a", 10), state=step.state, until=300).changes == ()


def test_lesson_23_a_port_that_is_shut_closes_its_event_and_a_shut_link_explains_nothing() -> None:
    shut = of_link("core-poso", Signal.LINK_DOWN, Transition.CLOSED, 50, reason="admin_down")
    step = run(POSO, link_down("core-poso", 0), shut, silent("poso", 60), until=200)
    assert story(step.changes) == [
        ("opened", "link_down", "core-poso", 0),
        ("closed", "link_down", "core-poso", 50),
        ("opened", "blankspot", "poso", 60),
    ]


def test_an_end_keeps_the_reason_that_its_finding_gives_so_that_nobody_is_told_of_a_recovery_that_was_none() -> None:
    shut = of_link("core-poso", Signal.LINK_DOWN, Transition.CLOSED, 50, reason="admin_down")
    again = run(POSO, link_down("core-poso", 0), shut, link_down("core-poso", 90), link_up("core-poso", 120), until=200)
    ends = [c.event.close_reason for c in again.changes if c.transition is Transition.CLOSED]
    assert ends == ["admin_down", "recovered"]
    opened = of_link("core-poso", Signal.SATURATION, Transition.OPENED, 0, aspect="down")
    ended = of_link("core-poso", Signal.SATURATION, Transition.CLOSED, 60, aspect="down", reason="no_contract")
    assert run(POSO, opened, ended, until=200).changes[-1].event.close_reason == "no_contract"


def test_a_shut_port_is_still_the_reason_when_its_event_waits_for_what_hangs_on_it() -> None:
    shut = of_link("core-poso", Signal.LINK_DOWN, Transition.CLOSED, 50, reason="admin_down")
    before = run(POSO, link_down("core-poso", 0), silent("poso", 20), until=45)
    after_restart = run(POSO, shut, until=300, state=decode(encode(before.state)))
    ends = [(c.event.kind, c.event.close_reason) for c in after_restart.changes if c.transition is Transition.CLOSED]
    assert ends == [(EventKind.LINK_DOWN, "admin_down")]


def test_what_is_no_longer_declared_is_closed_as_removed() -> None:
    step = run(POSO, silent("poso-a", 0), link_down("core-poso", 1), until=100)
    smaller = province({"core": ("72.71", ""), "sigi": ("72.10", "core")})
    step = run(smaller, state=step.state, until=200)
    assert {(c.event.kind, c.event.close_reason) for c in step.changes} == {
        (EventKind.BLANKSPOT, "removed"),
        (EventKind.LINK_DOWN, "removed"),
    }
    assert step.state.events == {}
    assert step.state.conditions == {}


def test_the_memory_survives_the_ledger_byte_for_byte() -> None:
    step = run(POSO, silent("poso-a", 0), link_down("core-sigi", 1), blind("store", Transition.OPENED, 2), until=10)
    assert decode(encode(step.state)) == step.state
    assert decode(None) == State()
