"""The responder's function says the same for numbers and for arrays, and has the counters that are worth checking."""

import numpy as np

from netmon.bench import values
from netmon.bench.agent import Agent

MANY = np.arange(1, 20_001, dtype=np.uint64)
ADDRESS = 127 << 24 | 64 << 16 | 1


def test_arrays_and_numbers_agree() -> None:
    h = values.seed(np.full(len(MANY), ADDRESS, np.uint64), MANY)
    assert h.tolist() == [values.seed(ADDRESS, int(index)) for index in MANY]
    assert values.first_octets_of(h).tolist() == [values.first_octets(int(each)) for each in h]
    for figure in (values.in_errors, values.out_errors, values.in_discards, values.out_discards):
        assert figure(h, np.uint64(77_777)).tolist() == [figure(int(each), 77_777) for each in h]


def test_there_are_counters_above_what_floats_and_signed_integers_hold_and_some_about_to_wrap() -> None:
    first = values.first_octets_of(values.seed(np.full(len(MANY), ADDRESS, np.uint64), MANY))
    assert (first >= np.uint64(1 << 63)).any()
    assert ((first > np.uint64(1 << 53)) & (first < np.uint64(1 << 54))).any()
    assert ((first < np.uint64(1 << 32)) & (first > np.uint64((1 << 32) - 70_000))).any()


def test_64_bit_counters_do_not_wrap_within_a_year() -> None:
    first = values.first_octets_of(values.seed(np.full(len(MANY), ADDRESS, np.uint64), MANY))
    assert int(first.max()) + 36_999 * 100 * 86_400 * 365 < 1 << 64


def test_two_devices_have_other_counters() -> None:
    here, there = (values.seed(np.full(len(MANY), ADDRESS + n, np.uint64), MANY) for n in (0, 1))
    assert not (values.first_octets_of(here) == values.first_octets_of(there)).any()


def test_the_share_of_the_dead_is_about_what_was_asked() -> None:
    below = values.dead_below(0.05)
    dead = sum(values.is_dead(ADDRESS + n, below) for n in range(20_000))
    assert 800 < dead < 1200
    assert not any(values.is_dead(ADDRESS + n, values.dead_below(0)) for n in range(20_000))


def test_a_request_that_is_none_has_no_answer() -> None:
    agent = Agent(ADDRESS, 4, 0)
    octets = (b"", b"\x30", b"\x30\x80", b"\x02\x01\x01", b"\x30\x84" + b"\xff" * 4)
    assert [agent.answer(each) for each in octets] == [None] * len(octets)
