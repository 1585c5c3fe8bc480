"""Failures per address, in bounded memory."""

from netmon.api.throttle import Throttle
from tests.seeded_province import SteadyClock


def test_a_client_is_blocked_at_the_limit_and_free_after_the_window() -> None:
    clock = SteadyClock()
    throttle = Throttle(clock, limit=3, window_s=10)
    for _ in range(2):
        throttle.failed("192.0.2.1")
    assert throttle.blocked_for_s("192.0.2.1") == 0
    throttle.failed("192.0.2.1")
    assert throttle.blocked_for_s("192.0.2.1") == 10
    assert throttle.blocked_for_s("192.0.2.2") == 0
    clock.pass_s(10)
    assert throttle.blocked_for_s("192.0.2.1") == 0


def test_old_failures_do_not_count_towards_a_new_window() -> None:
    clock = SteadyClock()
    throttle = Throttle(clock, limit=2, window_s=10)
    throttle.failed("192.0.2.1")
    clock.pass_s(11)
    throttle.failed("192.0.2.1")
    assert throttle.blocked_for_s("192.0.2.1") == 0


def test_addresses_of_one_ipv6_network_count_together() -> None:
    throttle = Throttle(SteadyClock(), limit=2)
    throttle.failed("2001:db8::1")
    throttle.failed("2001:db8::2")
    assert throttle.blocked_for_s("2001:db8::3") > 0
    assert throttle.blocked_for_s("2001:db8:0:1::3") == 0


def test_memory_is_bounded() -> None:
    throttle = Throttle(SteadyClock(), limit=1, max_clients=100)
    for number in range(1000):
        throttle.failed(f"10.0.{number // 250}.{number % 250}")
    assert sum(throttle.blocked_for_s(f"10.0.{n // 250}.{n % 250}") > 0 for n in range(1000)) == 100
