"""The script: what goes wrong in the simulated province, and when. netmon never sees it, only its counters."""

from dataclasses import dataclass
from enum import StrEnum


class Trouble(StrEnum):
    SATURATION = "saturation"  # one direction of a link is filled to the brim of its contract
    DARK = "dark"  # every router of a region stops answering


@dataclass(frozen=True, slots=True)
class Incident:
    """One trouble, in seconds after the demo's start."""

    trouble: Trouble
    target: str
    """A link id for saturation, a region code for darkness."""
    from_s: float
    until_s: float


@dataclass(frozen=True, slots=True)
class Script:
    """Incidents, played again every ``repeat_s`` so that whoever comes later sees them too."""

    incidents: tuple[Incident, ...]
    repeat_s: float = 900.0

    def is_on(self, trouble: Trouble, target: str, elapsed_s: float) -> bool:
        """Whether this trouble afflicts this target now."""
        moment_s = elapsed_s % self.repeat_s
        return any(
            i.trouble is trouble and i.target == target and i.from_s <= moment_s < i.until_s for i in self.incidents
        )


def first_minute(link: str, region: str) -> Script:
    """What the README promises: within a minute a district link saturates, and a district goes dark and comes back."""
    return Script((Incident(Trouble.SATURATION, link, 20, 200), Incident(Trouble.DARK, region, 35, 150)))
