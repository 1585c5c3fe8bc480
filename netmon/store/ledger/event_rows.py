"""Events, deliveries and acknowledgements as rows, and back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import RowMapping

from netmon.events.event import Affected, Event, EventKind
from netmon.model.finding import Severity, Subject, SubjectKind, Transition
from netmon.store.ports import Acknowledgement, Delivery, DeliveryState


def event_row(event: Event) -> Mapping[str, Any]:
    return {
        "id": event.id,
        "kind": event.kind.value,
        "subject_kind": event.subject.kind.value,
        "subject_id": event.subject.id,
        "aspect": event.aspect,
        "severity": event.severity.value,
        "reason": event.reason,
        "opened_at": event.opened_at,
        "raised_at": event.raised_at,
        "closed_at": event.closed_at,
        "close_reason": event.close_reason,
        "absorbed_by": event.absorbed_by,
        "detail": dict(event.detail),
        "affected": asdict(event.affected),
    }


def event_of(row: RowMapping) -> Event:
    return Event(
        kind=EventKind(row["kind"]),
        subject=Subject(SubjectKind(row["subject_kind"]), row["subject_id"]),
        severity=Severity(row["severity"]),
        opened_at=row["opened_at"],
        reason=row["reason"],
        aspect=row["aspect"],
        raised_at=row["raised_at"],
        closed_at=row["closed_at"],
        close_reason=row["close_reason"],
        absorbed_by=row["absorbed_by"],
        detail=row["detail"],
        affected=Affected(**{name: tuple(ids) for name, ids in row["affected"].items()}),
    )


def place_rows(event: Event) -> list[Mapping[str, Any]]:
    """What an event can be found by: the regions and links that it is about or affects."""
    places = {("region", code) for code in event.affected.regions} | {("link", id_) for id_ in event.affected.links}
    if event.subject.kind in (SubjectKind.REGION, SubjectKind.LINK):
        places.add((event.subject.kind.value, event.subject.id))
    return [{"event_id": event.id, "kind": kind, "place_id": place_id} for kind, place_id in sorted(places)]


def delivery_row(delivery: Delivery) -> Mapping[str, Any]:
    return asdict(delivery) | {"stage": delivery.stage.value, "state": delivery.state.value}


def delivery_of(row: RowMapping) -> Delivery:
    fields = {name: value for name, value in row.items() if name != "seq"}
    return Delivery(**fields | {"stage": Transition(row["stage"]), "state": DeliveryState(row["state"])})


def acknowledgement_of(row: RowMapping) -> Acknowledgement:
    return Acknowledgement(row["event_id"], row["who"], row["at"], row["note"])
