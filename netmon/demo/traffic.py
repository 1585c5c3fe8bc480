"""Day-shaped traffic: quiet nights, a morning and an afternoon of office hours, slow noise. Pure."""

import hashlib
import math
from dataclasses import dataclass

OFFICE_HOURS = ((9.75, 1.6, 1.0), (14.0, 2.0, 0.85))
"""(peak hour of the local day, width in hours, height) of what people do."""
NIGHT = 0.12
"""Share of the busy hour that never sleeps: backups, updates, cameras."""
NOISE = ((31.0, 0.035), (97.0, 0.05), (411.0, 0.07))
"""(period in seconds, amplitude) of the slow waves that make two links look different."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What one direction of a link carries: ``busy_bps`` in the busiest hour, with noise of its own by ``seed``."""

    busy_bps: float
    seed: str

    def rate_bps(self, unix_s: float, utc_offset_s: int) -> float:
        """The rate at an instant, local time being UTC plus the offset."""
        hour = (unix_s + utc_offset_s) % 86400 / 3600
        shape = NIGHT + sum(height * math.exp(-(((hour - peak) / width) ** 2)) for peak, width, height in OFFICE_HOURS)
        noise = sum(a * math.sin(2 * math.pi * (unix_s / period + self._phase(period))) for period, a in NOISE)
        return self.busy_bps * max(0.01, shape * (1 + noise))

    def _phase(self, period_s: float) -> float:
        return stable_share(f"{self.seed}/{period_s}")


def stable_share(text: str) -> float:
    """A number in [0, 1) that depends on the text alone: the same province at every start."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48
