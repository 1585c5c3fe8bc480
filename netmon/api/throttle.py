"""Slows down whoever guesses tokens: failures are counted per client address, in bounded memory."""

import ipaddress
import math
import threading
from collections import OrderedDict

from netmon.model.clock import Clock


class Throttle:
    """After ``limit`` failures within ``window_s`` a client's further failures are refused until its window has passed.

    Safe to use from several threads. At most ``max_clients`` addresses are remembered; the one whose window began
    first is forgotten first.
    """

    def __init__(self, clock: Clock, limit: int = 20, window_s: int = 60, max_clients: int = 4096) -> None:
        self._clock = clock
        self._limit = limit
        self._window_s = window_s
        self._max_clients = max_clients
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._lock = threading.Lock()

    def blocked_for_s(self, client: str) -> int:
        """Whole seconds that the client has to wait, for Retry-After; 0 when it may fail once more."""
        with self._lock:
            began_s, failures = self._windows.get(_network_of(client), (0.0, 0))
            if failures < self._limit:
                return 0
            return max(0, math.ceil(began_s + self._window_s - self._clock.monotonic_s()))

    def failed(self, client: str) -> None:
        """Count one failure."""
        now_s = self._clock.monotonic_s()
        key = _network_of(client)
        with self._lock:
            began_s, failures = self._windows.get(key, (now_s, 0))
            if now_s - began_s >= self._window_s:
                began_s, failures = now_s, 0
                self._windows.pop(key, None)
            self._windows[key] = (began_s, failures + 1)
            while len(self._windows) > self._max_clients:
                self._windows.popitem(last=False)


def _network_of(client: str) -> str:
    """An IPv6 client counts by its /64, or it would have 2^64 addresses to guess from."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
