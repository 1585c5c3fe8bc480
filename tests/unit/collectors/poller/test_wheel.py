from hypothesis import given
from hypothesis import strategies as st

from collectors.poller.wheel import Wheel, phase_s

times_s = st.floats(0, 1000, allow_nan=False)


@given(st.dictionaries(st.text(max_size=3), times_s), st.lists(times_s))
def test_everybody_gets_one_turn_and_never_before_time(due: dict[str, float], nows: list[float]) -> None:
    wheel = Wheel()
    for key, due_s in due.items():
        wheel.put(key, due_s)
    seen = []
    for now_s in [*sorted(nows), 2000.0]:
        for key, due_s in wheel.due(now_s):
            assert due_s <= now_s
            assert due_s == due[key]
            seen.append(key)
        assert all(due[key] <= now_s for key in seen)
        assert {key for key, due_s in due.items() if due_s <= now_s} == set(seen)
    assert sorted(seen) == sorted(due)
    assert len(wheel) == 0


@given(st.lists(st.tuples(st.sampled_from("abc"), times_s)), st.lists(times_s))
def test_a_turn_that_is_moved_comes_once_at_its_last_time(puts: list[tuple[str, float]], nows: list[float]) -> None:
    wheel = Wheel()
    for key, due_s in puts:
        wheel.put(key, due_s)
    seen = [(key, due_s) for now_s in [*sorted(nows), 2000.0] for key, due_s in wheel.due(now_s)]
    assert sorted(seen) == sorted(dict(puts).items())


def test_what_is_late_already_is_due_at_once() -> None:
    wheel = Wheel()
    wheel.put("a", 7.0)
    assert wheel.due(100.0) == [("a", 7.0)]
    assert wheel.due(100.0) == []


def test_phases_are_spread_and_the_same_every_time() -> None:
    phases = [phase_s(f"rtr-{n}", 30.0) for n in range(3000)]
    assert all(1.5 <= phase <= 28.5 for phase in phases)
    by_tenth = [sum(i * 2.7 <= phase - 1.5 < (i + 1) * 2.7 for phase in phases) for i in range(10)]
    assert min(by_tenth) > 240
    assert phase_s("rtr-poso", 30.0) == phase_s("rtr-poso", 30.0)
