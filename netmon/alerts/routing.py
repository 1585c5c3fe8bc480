"""Who is told of what. Pure; every decision has a name, so that "why was I not told?" has an answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from netmon.alerts.config import Match, RouteConfig
from netmon.events.event import Event, EventChange, EventKind
from netmon.model.finding import SubjectKind, Transition
from netmon.model.registry import Registry
from netmon.store.ports import Delivery, DeliveryState

ABSORBED = "absorbed"
"""The close reason of an event that a wider one took over: nothing has recovered, so nobody is told that it has."""


class Why(StrEnum):
    """Why a route takes an event or leaves it."""

    MATCHED = "matched"
    LESS_SEVERE = "less_severe"
    OTHER_KIND = "other_kind"
    OTHER_REGION = "other_region"


@dataclass(frozen=True, slots=True)
class Decision:
    """What one route made of an event; ``route`` is its place in the configuration, from 0."""

    route: int
    why: Why
    to: tuple[str, ...] = ()
    """Channel ids; empty unless matched."""


def decide(routes: Sequence[RouteConfig], event: Event, regions: Iterable[str]) -> tuple[Decision, ...]:
    """Each route's decision, in the order of the configuration. ``regions`` are the codes of where it happens."""
    places = tuple(regions)
    decisions = []
    for number, route in enumerate(routes):
        why = _judge(route.match, event, places)
        decisions.append(Decision(number, why, tuple(route.to) if why is Why.MATCHED else ()))
    return tuple(decisions)


def recipients(decisions: Iterable[Decision]) -> tuple[str, ...]:
    """The channels of all routes that matched, each once, in the order in which they were first named."""
    return tuple(dict.fromkeys(channel for decision in decisions for channel in decision.to))


def audience(change: EventChange, decisions: Iterable[Decision], known: Iterable[Delivery]) -> tuple[str, ...]:
    """The channels to be told of a transition: of an end those that know of the event by ``known``, its deliveries so
    far; of anything else those that the routes name."""
    if change.transition is not Transition.CLOSED:
        return recipients(decisions)
    return () if change.event.close_reason == ABSORBED else told(known)


def told(deliveries: Iterable[Delivery]) -> tuple[str, ...]:
    """The channels that know of an event, or will: only they hear of its end, whatever the routes say by then."""
    return tuple(
        dict.fromkeys(
            delivery.channel
            for delivery in deliveries
            if delivery.stage is not Transition.CLOSED and delivery.state is not DeliveryState.FAILED
        )
    )


def regions_of(event: Event, registry: Registry) -> tuple[str, ...]:
    """Where an event happens: the region of its subject, then those it affects. Monitoring itself is in the
    province."""
    home = _home(event, registry)
    return tuple(dict.fromkeys((*([home] if home else []), *event.affected.regions)))


def _judge(match: Match, event: Event, regions: tuple[str, ...]) -> Why:
    if match.severity is not None and event.severity.rank < match.severity.rank:
        return Why.LESS_SEVERE
    kinds = [match.kind] if isinstance(match.kind, EventKind) else match.kind
    if kinds is not None and event.kind not in kinds:
        return Why.OTHER_KIND
    if match.region is not None and not any(_within(region, match.region) for region in regions):
        return Why.OTHER_REGION
    return Why.MATCHED


def _within(code: str, wider: str) -> bool:
    """ "72.02" lies within "72" and within itself, not within "72.0": codes are compared part by part."""
    return code == wider or code.startswith(f"{wider}.")


def _home(event: Event, registry: Registry) -> str | None:
    subject = event.subject
    match subject.kind:
        case SubjectKind.REGION:
            return subject.id
        case SubjectKind.COLLECTOR:
            return registry.province.code
        case SubjectKind.SITE:
            site = registry.sites.get(subject.id)
            return site.region if site else None
        case SubjectKind.DEVICE:
            device = registry.devices.get(subject.id)
            return device.region if device else None
        case SubjectKind.LINK:
            link = registry.links.get(subject.id)
            return link.region if link else None
