"""A time wheel: who is due when. A device costs nothing between its turns."""

import hashlib


class Wheel:
    """Due times, in seconds of whatever clock the caller keeps, in slots of ``resolution_s``. One due time a key."""

    def __init__(self, resolution_s: float = 0.05) -> None:
        self._resolution_s = resolution_s
        self._slots: dict[int, list[str]] = {}
        self._due_s: dict[str, float] = {}
        self._hand: int | None = None

    def put(self, key: str, due_s: float) -> None:
        """Set or move a key's turn; what lies in the past is due at once."""
        slot = self._slot(due_s)
        self._due_s[key] = due_s
        self._slots.setdefault(slot, []).append(key)
        self._hand = slot if self._hand is None else min(self._hand, slot)

    def due(self, now_s: float) -> list[tuple[str, float]]:
        """Take out every key whose turn has come, with the time that it was due at."""
        found: list[tuple[str, float]] = []
        until = self._slot(now_s)
        for slot in range(until if self._hand is None else self._hand, until + 1):
            for key in self._slots.pop(slot, ()):
                due_s = self._due_s.get(key)
                if due_s is None or self._slot(due_s) > until:
                    continue  # had its turn, or was moved to a later slot that mentions it too
                if due_s <= now_s:
                    del self._due_s[key]
                    found.append((key, due_s))
                else:
                    self._slots.setdefault(until, []).append(key)
        self._hand = until
        return found

    def __len__(self) -> int:
        return len(self._due_s)

    def _slot(self, at_s: float) -> int:
        return int(at_s // self._resolution_s)


def phase_s(key: str, interval_s: float) -> float:
    """Where in the interval a device has its turn: spread evenly, and the same after every restart. The edges are
    left free, so that no turn slips into the slot beside its own when the clock is slewed."""
    share = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest()) / 2**64
    return (0.05 + 0.9 * share) * interval_s
