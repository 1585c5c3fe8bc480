"""The one word for how a link, device or region is now. Events decide; the newest sample fills in; silence of our own
is "unknown", never "fine"."""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from netmon.events.event import Event, EventKind
from netmon.model.finding import Subject, SubjectKind
from netmon.model.poll import InterfaceStatus, Outcome
from netmon.model.sample import DeviceSample, Flag, LinkSample


class State(StrEnum):
    """From worst to best."""

    DARK = "dark"  # no connectivity, as measured
    SATURATED = "saturated"  # full against its contract
    DEGRADED = "degraded"  # works in part: something inside it is dark, incomplete or gone
    UNKNOWN = "unknown"  # nothing fresh is known
    OK = "ok"


def worst_first(state: State) -> int:
    """A sort key."""
    return list(State).index(state)


def link_state(link_id: str, sample: LinkSample | None, events: Iterable[Event]) -> State:
    """``events`` are the open ones that affect the link."""
    kinds = {event.kind for event in events}
    if kinds & {EventKind.LINK_DOWN, EventKind.BLANKSPOT}:
        return State.DARK
    if EventKind.VANISHED in kinds:
        return State.DEGRADED
    if sample is None or EventKind.BLIND in kinds:
        return State.UNKNOWN
    if EventKind.SATURATION in kinds:
        return State.SATURATED
    return _by_sample(sample)


def _by_sample(sample: LinkSample) -> State:
    if sample.admin_status is InterfaceStatus.UP and sample.oper_status is InterfaceStatus.DOWN:
        return State.DARK
    if sample.flags & Flag.ABSENT:
        return State.DEGRADED
    return State.UNKNOWN if sample.down_bps is None and sample.up_bps is None else State.OK


def device_state(sample: DeviceSample | None, events: Iterable[Event]) -> State:
    """A device that missed one poll is unknown; whether it is dark is for the watch to say. One that answers again is
    not dark any more, even while the event that took it down waits for others."""
    kinds = {event.kind for event in events}
    is_back = sample is not None and sample.outcome is Outcome.COMPLETE
    if kinds & {EventKind.BLANKSPOT, EventKind.LINK_DOWN} and not is_back:
        return State.DARK
    if sample is None or EventKind.BLIND in kinds or not sample.outcome.answered:
        return State.UNKNOWN
    return State.OK if sample.outcome is Outcome.COMPLETE else State.DEGRADED


def region_state(code: str, links: Sequence[State], devices: Sequence[State], events: Sequence[Event]) -> State:
    """Dark when it is dark as a whole; otherwise what strains it or fails inside it."""
    if any(e.kind is EventKind.BLANKSPOT and e.subject == Subject(SubjectKind.REGION, code) for e in events):
        return State.DARK
    inside = (*links, *devices)
    if not inside or all(state is State.UNKNOWN for state in inside):
        return State.UNKNOWN
    if devices and all(state is State.DARK for state in devices):
        return State.DARK
    if State.SATURATED in inside:
        return State.SATURATED
    if State.DARK in inside or State.DEGRADED in inside:
        return State.DEGRADED
    return State.OK
