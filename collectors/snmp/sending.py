"""PDUs on their way: how many at once to one device, and how many in all."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from collectors.snmp.mailbox import Arrival, Letter, Mailbox, Peer
from collectors.snmp.wire import Request


class Window:
    """How many PDUs may be under way at once, to all devices together. Whoever finds it full has the next free place,
    first come first served."""

    def __init__(self, size: int) -> None:
        self._size = self._free = size
        self._waiting: deque[Sending] = deque()

    @property
    def in_flight(self) -> int:
        """PDUs that are under way."""
        return self._size - self._free

    def enter(self, sending: "Sending") -> bool:
        """True where there is a place; else ``sending.go`` is called when there is one."""
        if self._free:
            self._free -= 1
            return True
        if not sending.queued:
            sending.queued = True
            self._waiting.append(sending)
        return False

    def leave(self) -> None:
        """A place is free again."""
        self._free += 1
        while self._waiting and self._free:
            sending = self._waiting.popleft()
            sending.queued = False
            sending.go()


class Sending:
    """Requests to one device: at most ``pace`` of them under way, and the next one goes when one has ended. One future
    serves for all, since a task that wakes for every PDU costs more than the PDU."""

    def __init__(
        self,
        requests: Sequence[Request],
        peer: Peer,
        timeout_s: float,
        take: Callable[[int, Arrival | Exception], None],
    ) -> None:
        """``take`` is told what came of each request, by its number, as soon as it has ended."""
        self._requests = requests
        self._peer = peer
        self._timeout_s = timeout_s
        self._take = take
        self._next = 0
        self.queued = False
        """Whether it waits for the window."""
        self._under_way: dict[Letter, int] = {}

    async def ended(self, mailbox: Mailbox, window: Window, pace: int) -> None:
        """Send them all, and wait until each has ended. When this is cancelled, nobody waits for them any more."""
        self._mailbox, self._window, self._pace = mailbox, window, pace
        self._done = asyncio.get_running_loop().create_future()
        try:
            self.go()
            await self._done
        finally:
            self._next = len(self._requests)
            while self._under_way:
                mailbox.forget(self._under_way.popitem()[0])
                window.leave()

    def go(self) -> None:
        """Send as many as may be under way."""
        while self._next < len(self._requests) and len(self._under_way) < self._pace:
            if not self._window.enter(self):
                return
            letter = Letter(self._peer, self._requests[self._next], self._ended)
            self._under_way[letter] = self._next
            self._next += 1
            self._mailbox.post(letter, self._timeout_s)

    def _ended(self, letter: Letter, outcome: Arrival | Exception) -> None:
        number = self._under_way.pop(letter)
        self._window.leave()
        try:
            self._take(number, outcome)
        except Exception as fault:
            self._end(fault)
            return
        self.go()
        if not self._under_way and self._next == len(self._requests):
            self._end(None)

    def _end(self, fault: Exception | None) -> None:
        if self._done.done():
            return
        if fault is None:
            self._done.set_result(None)
        else:
            self._done.set_exception(fault)
