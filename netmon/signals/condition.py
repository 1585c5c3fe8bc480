"""What all signals share: the shape of a state, the reading aloud of a transition, and an entry of the index."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from netmon.model.finding import Finding, Severity, Signal
from netmon.signals.config import SignalsConfig

RECOVERED = "recovered"
"""Why a condition closed, where it simply went away."""

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
