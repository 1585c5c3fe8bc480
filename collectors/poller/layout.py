"""What was learned of a device's interface table, so that a poll can ask for known OIDs instead of walking."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from collectors.tables.interfaces import Named


@dataclass(frozen=True, slots=True)
class LearnedInterface:
    """One interface, and the columns that it was seen to have."""

    who: Named
    columns: tuple[str, ...]
    if_type: int | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """A device's table as of ``learned_at``, for the interfaces that were ``watched`` then (None: for all of them)."""

    learned_at: datetime
    watched: tuple[str, ...] | None
    interfaces: tuple[LearnedInterface, ...] = ()
    scalars: tuple[str, ...] | None = None
    """What of the probe the device has; None: not known. A v1 agent refuses a PDU for a single missing one."""
    if_number: int | None = None
    table_last_change: int | None = None
    uptime_ticks: int | None = None
    engine_boots: int | None = None
    idle_walks: int = 0
    """How often running the table claimed to have changed, and had not for the interfaces that are watched."""
    max_varbinds: int | None = None
    """The most varbinds of one PDU that the device was seen to bear; None: as many as fit into its octets."""
    bounded_at: datetime | None = None
    """When that was seen, or last outgrown."""
    doubted: bool = False
    """Whether at the last visit something seemed to be too large."""
    max_repetitions: int | None = None
    """None: the session's own first guess."""

    @property
    def absent(self) -> tuple[str, ...]:
        """Watched if_names that the device did not have."""
        if self.watched is None or len(self.interfaces) == len(self.watched):
            return ()
        have = {interface.who.if_name for interface in self.interfaces}
        return tuple(name for name in self.watched if name not in have)

    def encode(self) -> bytes:
        """For ``Memory.LAYOUT``."""
        return msgspec.msgpack.encode(self)


def decoded(remembered: bytes | None) -> Layout | None:
    """The layout of these bytes. None where there is none, or where another version wrote it: it is learned anew."""
    if remembered is None:
        return None
    try:
        return msgspec.msgpack.decode(remembered, type=Layout)
    except msgspec.DecodeError:
        return None
