"""Round numbers for axes: of rates, and of time in the province's own zone."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_TIME_STEPS_S = (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000)


def rate_ticks(most_bps: float, about: int = 5) -> Sequence[int]:
    """0 and round steps (1, 2, 2.5 or 5 times a power of ten) up to the first at or above ``most_bps``."""
    raw = max(most_bps, 1000) / about
    power = 10 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw)
    count = math.ceil(max(most_bps, 1000) / step)
    return [round(i * step) for i in range(count + 1)]


def time_ticks(start: datetime, end: datetime, zone: ZoneInfo, at_most: int) -> Sequence[datetime]:
    """Round local times within [start, end], at most so many."""
    range_s = (end - start).total_seconds()
    step_s = next((s for s in _TIME_STEPS_S if range_s / s <= at_most), math.ceil(range_s / at_most))
    offset = start.astimezone(zone).utcoffset() or timedelta()
    local_s = math.ceil((start + offset).timestamp() / step_s) * step_s
    first = datetime.fromtimestamp(local_s, UTC) - offset
    return [first + timedelta(seconds=i * step_s) for i in range(int((end - first).total_seconds() // step_s) + 1)]
