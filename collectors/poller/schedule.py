"""When a device is asked next: pure. Silence must be known early, and must not cost the living anything."""

from dataclasses import dataclass

from netmon.model.poll import Outcome

SILENT_AFTER_MISSES = 2
_BACKOFF_AFTER_MISSES = 4


@dataclass(frozen=True, slots=True)
class Turn:
    """A device's place in the schedule after a poll."""

    misses: int = 0
    """Consecutive polls without an answer."""

    @property
    def silent(self) -> bool:
        """It was silent twice running: it gets one probe, unrepeated, and waits in the lane of the silent."""
        return self.misses >= SILENT_AFTER_MISSES

    def after(self, outcome: Outcome) -> "Turn":
        return Turn(0 if outcome.answered else self.misses + 1)


def confirm_after_s(turn: Turn, interval_s: float, deadline_s: float) -> float | None:
    """After the first miss, how soon to ask again out of turn: silence is two misses, and a lost packet is none.
    None: the next turn will do."""
    if turn.misses != 1:
        return None
    wait_s = max(interval_s / 4, deadline_s)
    return wait_s if wait_s < interval_s else None


def next_turn_s(turn: Turn, wall_s: float, phase_s: float, interval_s: float) -> float:
    """Seconds from the turn that was due at ``wall_s`` (Unix time) to the next one: to the device's phase in the
    next interval by the wall clock, so that turns stay in their slots though the clock be slewed or jump. A device
    that has long been silent has every other turn; backoff never exceeds two intervals."""
    half_s = interval_s / 2
    wait_s = half_s + (phase_s - wall_s - half_s) % interval_s
    return min(wait_s + interval_s, 2 * interval_s) if turn.misses >= _BACKOFF_AFTER_MISSES else wait_s
