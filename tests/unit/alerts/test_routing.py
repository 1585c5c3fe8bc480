"""Who is told: routes, regions, severities, and the end of an event."""

from dataclasses import replace

import pytest

from netmon.alerts.config import Match, RouteConfig
from netmon.alerts.routing import Why, audience, decide, recipients, regions_of
from netmon.events.event import Affected, EventKind
from netmon.model.finding import Severity, Subject, SubjectKind, Transition
from netmon.store.ports import Delivery, DeliveryState


def route(*to, **match):
    return RouteConfig(match=Match(**match), to=list(to))


@pytest.mark.parametrize(
    ("match", "why"),
    [
        ({}, Why.MATCHED),
        ({"severity": "warning"}, Why.MATCHED),
        ({"severity": "critical"}, Why.LESS_SEVERE),
        ({"kind": "saturation"}, Why.MATCHED),
        ({"kind": ["blankspot", "blind"]}, Why.OTHER_KIND),
        ({"region": "72"}, Why.MATCHED),
        ({"region": "72.02"}, Why.MATCHED),
        ({"region": "72.0"}, Why.OTHER_REGION),
        ({"region": "72.02.03"}, Why.OTHER_REGION),
        ({"region": "72.01"}, Why.OTHER_REGION),
        ({"severity": "warning", "kind": "saturation", "region": "72.01"}, Why.OTHER_REGION),
    ],
)
def test_a_route_says_why_it_takes_a_warning_of_saturation_in_poso_or_leaves_it(match, why, saturation):
    (decision,) = decide([route("noc", **match)], saturation, ["72.02"])
    assert decision.why is why
    assert decision.to == (("noc",) if why is Why.MATCHED else ())


def test_worse_matches_too(saturation):
    worse = replace(saturation, severity=Severity.CRITICAL)
    assert decide([route("noc", severity="warning")], worse, [])[0].why is Why.MATCHED


def test_every_matching_route_counts_and_a_channel_is_told_once(saturation):
    routes = [route("noc", "poso"), route("boss", severity="critical"), route("poso", "hook")]
    assert recipients(decide(routes, saturation, ["72.02"])) == ("noc", "poso", "hook")


def test_no_route_is_nobody(saturation):
    assert recipients(decide([], saturation, ["72.02"])) == ()


@pytest.mark.parametrize(
    ("subject", "regions"),
    [
        (Subject(SubjectKind.LINK, "palu-poso"), ("72.02",)),
        (Subject(SubjectKind.DEVICE, "core-palu"), ("72.71",)),
        (Subject(SubjectKind.SITE, "poso-setda"), ("72.02",)),
        (Subject(SubjectKind.REGION, "72.02"), ("72.02",)),
        (Subject(SubjectKind.COLLECTOR, "collect-1"), ("72",)),
        (Subject(SubjectKind.LINK, "gone"), ()),
    ],
)
def test_an_event_happens_where_its_subject_is(subject, regions, registry, saturation):
    event = replace(saturation, subject=subject)
    assert regions_of(event, registry) == regions
    wider = replace(event, affected=Affected(regions=("72.02", "72.10")))
    assert regions_of(wider, registry) == tuple(dict.fromkeys((*regions, "72.02", "72.10")))


def test_only_those_who_know_of_an_event_hear_of_its_end_even_where_no_route_matches_by_then(saturation, change):
    event_id = saturation.id
    known = [
        Delivery(event_id, Transition.OPENED, "noc", DeliveryState.DELIVERED),
        Delivery(event_id, Transition.OPENED, "slow", DeliveryState.PENDING),
        Delivery(event_id, Transition.RAISED, "boss", DeliveryState.SENDING),
        Delivery(event_id, Transition.RAISED, "noc", DeliveryState.DELIVERED),
        Delivery(event_id, Transition.OPENED, "dead", DeliveryState.FAILED),
    ]
    decisions = decide([route("newcomer")], saturation, [])
    assert audience(change(saturation, Transition.CLOSED), decisions, known) == ("noc", "slow", "boss")


def test_nobody_hears_of_a_recovery_when_a_wider_event_has_absorbed_this_one(saturation, change):
    end = change(saturation, Transition.CLOSED)
    absorbed = replace(end, event=replace(end.event, close_reason="absorbed", absorbed_by="feedfeedfeed"))
    known = [Delivery(saturation.id, Transition.OPENED, "noc", DeliveryState.DELIVERED)]
    assert audience(absorbed, decide([route("noc")], saturation, []), known) == ()


def test_every_kind_can_be_named_in_a_route():
    assert [Match(kind=kind.value).kind for kind in EventKind] == list(EventKind)
