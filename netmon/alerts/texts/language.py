"""What a language has to say for itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from netmon.events.event import EventKind
from netmon.model.finding import Severity, Transition

Counted = tuple[str, str]
"""The word for one and the word for several."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What stands before the colon in the message's body."""

    what: str
    where: str
    since: str
    until: str
    how_bad: str
    affected: str
    agencies: str
    sites: str
    reason: str
    link: str


@dataclass(frozen=True, slots=True)
class Texts:
    """One language. Times are written by ``moment``, with the fields day, month, year, hour, minute and zone."""

    decimal_mark: str
    percent: str
    moment: str
    months: tuple[str, ...]
    days: Counted
    hours: Counted
    minutes: Counted
    seconds: Counted
    severities: Mapping[Severity, str]
    directions: Mapping[str, str]
    kinds: Mapping[EventKind, str]
    """What happened, in a few words."""
    titles: Mapping[tuple[EventKind, Transition], str]
    """The first line: it must be enough on a phone at three in the morning."""
    labels: Labels
    usage: str
    """Fields: percent, contract, direction."""
    usage_unknown: str
    """Where no contract is known: no percentage is made up."""
    count_of_sites: Counted
    count_of_agencies: Counted
    count_of_regions: Counted
    more: str
    """Ends a list of names that was cut; field: count."""
    ended: str
    """The title of an end that is no recovery. Fields: where, kind, reason."""
    reasons: Mapping[str, str]
    """By the code of the finding, a regular expression for the whole of it; {0}, {1} are its groups. A code without a
    sentence is shown in its own words."""
