"""What all signals share: the shape of a state, the reading aloud of a transition, and an entry of the index."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from netmon.model.columns import Table
from netmon.model.finding import Finding, Severity, Signal
from netmon.signals.config import SignalsConfig

RECOVERED = "recovered"
"""Why a condition closed, where it simply went away."""

NEVER: Final = (1 << 64) - 1
"""A limit that no figure reaches."""

Limits = Mapping[str, NDArray[np.uint64]]
"""By aspect: the limit of each row's rule."""

Declared = TypeVar("Declared")
Sample = TypeVar("Sample")


class State(Protocol):
    """The past of one condition, as far as judging needs it: frozen, with defaults for all fields, so that what an
    older version remembered can still be read."""

    @property
    def severity(self) -> Severity | None:
        """Of the open condition; None where none is open."""

    @property
    def at_rest(self) -> bool:
        """Nothing to remember: the same as a state that has seen nothing."""


@dataclass(frozen=True, slots=True)
class Entry(Generic[Declared, Sample]):
    """A signal as the index lists it, for links or for devices."""

    signal: Signal
    state: Callable[[], Any]
    """The state's class; called without arguments it is the state at rest."""
    rules: Callable[[Declared, SignalsConfig, int], Mapping[str, Any]]
    """What is declared, the thresholds and the poll interval in seconds to a rule per aspect."""
    judge: Callable[[Any, Sample, Any], tuple[Any, Finding | None]]
    quiet: Callable[[Table, Limits], NDArray[np.bool_]] | None = None
    """The judge's word on many samples at once (rows of dtype ``SAMPLE``): True only where it would leave conditions at
    rest as they are and say nothing. A row that is not quiet goes to the judge; without this, all rows do."""
    limit: Callable[[Any, datetime], int] | None = None
    """For ``quiet``: a number that a rule holds figures against, the same as long as the link's contract is."""
