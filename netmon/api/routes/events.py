"""Events: what happened, what was done about it, and the acknowledgement."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from netmon.api import present
from netmon.api.access import Operator, Viewer
from netmon.api.acknowledge import acknowledge, record_of
from netmon.api.problems import AUTHENTICATED, declared
from netmon.api.schemas import AcknowledgeRequest, EventPage, EventSchema, EventWithHistory
from netmon.api.services import Served
from netmon.api.window import Instant
from netmon.events.event import EventKind
from netmon.model.finding import Severity
from netmon.store.ports import EventQuery

router = APIRouter(prefix="/api/v1/events", tags=["events"], responses=declared(*AUTHENTICATED))

Name = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]


class EventFilter(BaseModel):
    """The query of a page of events; filters join with "and"."""

    model_config = ConfigDict(extra="forbid")

    open: bool = Field(False, description="open events only")
    kind: EventKind | None = None
    severity: Severity | None = None
    region: Name | None = Field(None, description="Kemendagri code of an affected region")
    link: Name | None = Field(None, description="id of an affected link")
    opened_from: Instant | None = None
    opened_until: Instant | None = None
    limit: int = Field(100, ge=1, le=500)
    offset: int = Field(0, ge=0, le=1_000_000)

    def query(self) -> EventQuery:
        values = self.model_dump()
        return EventQuery(open_only=values.pop("open"), **values)


@router.get("")
def events(_: Viewer, services: Served, asked: Annotated[EventFilter, Query()]) -> EventPage:
    """A page of events, newest first, and how many there are in all."""
    records, total = services.ledger.events.find(asked.query())
    return EventPage(
        total=total, limit=asked.limit, offset=asked.offset, items=[present.event(record) for record in records]
    )


@router.get("/{event_id}", responses=declared(404))
def event(_: Viewer, services: Served, event_id: str) -> EventWithHistory:
    """One event with its transitions, deliveries and acknowledgements."""
    return present.event_with_history(record_of(services, event_id), services.ledger.events.history(event_id))


@router.post("/{event_id}/acknowledge", responses=declared(404))
def acknowledged(
    who: Operator, services: Served, event_id: str, request: AcknowledgeRequest | None = None
) -> EventSchema:
    """Say that you have seen it. A repeat by the same person changes nothing."""
    return present.event(acknowledge(services, event_id, who, request.note if request else ""))
