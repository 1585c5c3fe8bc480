"""What must hold on any topology and for any tale of findings."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from netmon.events.correlate import Correlator
from netmon.events.event import EventChange, EventKind
from netmon.events.memory import State, decode, encode
from netmon.model.finding import Finding, Signal, Transition
from netmon.model.registry import Registry
from tests.unit.events.provinces import INTERVAL_S, at, back, blind, link_down, link_up, province, silent

checked = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
"""No deadline: the machine is shared, and time is an argument here."""

QUIET_S = 10_000.0
"""Long after every timer of a tale has run out."""


@st.composite
def registries(draw: st.DrawFn, at_least: int = 1) -> Registry:
    """Up to eight devices in up to three regions; later ones hang on any others, rings included."""
    count = draw(st.integers(at_least, 8))
    names = [f"d{n}" for n in range(count)]
    region = st.sampled_from(["72.01", "72.02", "72.02.03"])
    devices = {
        name: (draw(region), draw(st.lists(st.sampled_from(names), max_size=2, unique=True)) if n else [])
        for n, name in enumerate(names)
    }
    placed = {name: (r, [p for p in parents if p != name]) for name, (r, parents) in devices.items()}
    sites = {f"s{n}": (draw(region), draw(st.sampled_from(names))) for n in range(draw(st.integers(0, 3)))}
    return province(placed, sites)


@st.composite
def tales(draw: st.DrawFn, registry: Registry, span_s: int) -> list[Finding]:
    """Conditions that come and go, in the order of their time and consistent for each subject."""
    told: list[Finding] = []
    subjects = [(silent, back, d) for d in registry.devices] + [(link_down, link_up, u) for u in registry.links]
    for begins, ends, name in subjects:
        moments = sorted(draw(st.lists(st.integers(0, span_s), max_size=4, unique=True)))
        told += [(begins if n % 2 == 0 else ends)(name, moment) for n, moment in enumerate(moments)]
    if draw(st.integers(0, 4)) == 0:
        start = draw(st.integers(0, span_s))
        told += [blind("heartbeat", Transition.OPENED, start), blind("heartbeat", Transition.CLOSED, start + 50)]
    return sorted(told, key=lambda f: f.at)


@st.composite
def registries_with_tales(draw: st.DrawFn, span_s: int = 300, at_least: int = 1) -> tuple[Registry, list[Finding]]:
    registry = draw(registries(at_least))
    tale = draw(tales(registry, span_s))
    note("\n".join(f"{d.id} in {d.region} by {d.uplinks}" for d in registry.devices.values()))
    note("\n".join(f"{s.id} in {s.region} at {s.device}" for s in registry.sites.values()))
    note("\n".join(f"{f.at:%M:%S} {f.subject} {f.signal} {f.transition}" for f in tale))
    return registry, tale


def final_events(changes: Sequence[EventChange]) -> dict[str, tuple[object, ...]]:
    """Each event at its last change, without what may still grow."""
    return {c.event.id: (c.event.kind, c.event.subject, c.event.opened_at, c.event.closed_at) for c in changes}


@checked
@given(registries_with_tales())
def test_every_event_opens_once_and_closes_at_most_once_and_none_overlaps_its_like(
    case: tuple[Registry, list[Finding]],
) -> None:
    registry, tale = case
    changes = Correlator(registry, INTERVAL_S).run(State(), tale, at(QUIET_S)).changes
    transitions: dict[str, list[Transition]] = defaultdict(list)
    spans = defaultdict(list)
    for change in changes:
        transitions[change.event.id].append(change.transition)
    for event in {c.event.id: c.event for c in changes}.values():
        spans[event.kind, event.subject, event.aspect].append((event.opened_at, event.closed_at))
    for stages in transitions.values():
        assert stages in ([Transition.OPENED], [Transition.OPENED, Transition.CLOSED])
    for likes in spans.values():
        likes.sort(key=lambda span: span[0])
        for (_, closed), (opened, _) in pairwise(likes):
            assert closed is not None
            assert closed <= opened


@checked
@given(registries_with_tales(), st.integers(0, 400))
def test_every_silent_device_is_told_of_or_still_waits(case: tuple[Registry, list[Finding]], until: int) -> None:
    registry, tale = case
    step = Correlator(registry, INTERVAL_S).run(State(), [f for f in tale if f.at <= at(until)], at(until))
    records = [r.event for r in step.state.events.values()]
    held = any(e.kind is EventKind.BLIND for e in records)
    told_of = {d for e in records for d in e.affected.devices}
    newest = max((c.waiting_from for c in step.state.silent().values()), default=at(0))
    for device in step.state.silent():
        assert held or device in told_of or newest + timedelta(seconds=INTERVAL_S) > at(until)


@checked
@given(registries_with_tales(span_s=INTERVAL_S - 1, at_least=2), st.randoms(use_true_random=False))
def test_within_the_settling_time_the_order_of_hearing_does_not_matter(
    case: tuple[Registry, list[Finding]], random: object
) -> None:
    registry, tale = case
    """Save for a link on a device that is itself silent: who is silent reports no link, and what was told at once
    is not taken back."""
    begun = [f for f in tale if f.transition is Transition.OPENED]
    mute = {f.subject.id for f in begun if f.signal is Signal.SILENCE}
    tale = [f for f in begun if f.signal is not Signal.LINK_DOWN or registry.links[f.subject.id].device not in mute]
    tale = list({f.identity: f for f in reversed(tale)}.values())
    correlator = Correlator(registry, INTERVAL_S)
    in_time = correlator.run(State(), tale, at(QUIET_S)).state
    shuffled = list(tale)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    state = State()
    for finding in shuffled:
        state = correlator.apply(state, finding).state
    disordered = correlator.advance(state, at(QUIET_S)).state
    assert set(disordered.events) == set(in_time.events)


@checked
@given(registries_with_tales(), st.integers(1, 60))
def test_heard_at_once_or_as_it_comes_with_restarts_and_repeats_the_events_are_the_same(
    case: tuple[Registry, list[Finding]], step_s: int
) -> None:
    registry, tale = case
    at_once = Correlator(registry, INTERVAL_S).run(State(), tale, at(500))
    state, changes, heard = State(), [], 0
    for second in range(0, 500 + step_s, step_s):
        now = at(min(second, 500))
        due = [f for f in tale[heard:] if f.at <= now]
        heard += len(due)
        repeats = tale[max(0, heard - 3) : heard]
        step = Correlator(registry, INTERVAL_S).run(decode(encode(state)), [*due, *repeats], now)
        state, changes = step.state, [*changes, *step.changes]
    assert final_events(changes) == final_events(at_once.changes)
    assert [(c.event.id, c.transition, c.at) for c in changes] == [
        (c.event.id, c.transition, c.at) for c in at_once.changes
    ]
    assert state == at_once.state


@checked
@given(registries_with_tales())
def test_when_everything_is_back_nothing_stays_open(case: tuple[Registry, list[Finding]]) -> None:
    registry, tale = case
    recovery = [back(d, 400) for d in registry.devices] + [link_up(u, 401) for u in registry.links]
    recovery.append(blind("heartbeat", Transition.CLOSED, 402))
    step = Correlator(registry, INTERVAL_S).run(State(), [*tale, *recovery], at(QUIET_S))
    assert step.state.events == {}
    assert step.state.conditions == {}
