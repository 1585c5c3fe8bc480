"""Events for people: the list, one event, and "I have seen it"."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Response
from fastapi.responses import RedirectResponse

from netmon.api.access import Permission, permits
from netmon.api.acknowledge import acknowledge, record_of
from netmon.api.problems import Problem
from netmon.store.ports import EventQuery
from netmon.web.csrf import check_csrf
from netmon.web.visit import SignedIn

router = APIRouter()
PAGE = 50


@router.get("/events")
def events(visit: SignedIn, open: bool = False, page: Annotated[int, Query(ge=1, le=100_000)] = 1) -> Response:
    records, total = visit.services.ledger.events.find(EventQuery(open_only=open, limit=PAGE, offset=(page - 1) * PAGE))
    return visit.render(
        "events.html",
        province=visit.services.status.province(),
        records=records,
        total=total,
        open_only=open,
        page=page,
        pages=max(1, -(-total // PAGE)),
    )


@router.get("/events/{event_id}")
def event(visit: SignedIn, event_id: str) -> Response:
    record = record_of(visit.services, event_id)
    name = visit.token.name if visit.token else ""
    return visit.render(
        "event.html",
        province=visit.services.status.province(),
        record=record,
        history=visit.services.ledger.events.history(event_id),
        acknowledged=any(a.who == name for a in record.acknowledgements),
        may_acknowledge=visit.token is not None and permits(visit.token.role, Permission.ACKNOWLEDGE),
    )


@router.post("/events/{event_id}/acknowledge")
def acknowledged(
    visit: SignedIn,
    event_id: str,
    csrf: Annotated[str, Form(max_length=200)] = "",
    note: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    check_csrf(visit.request, visit.session, csrf)
    if visit.token is None or not permits(visit.token.role, Permission.ACKNOWLEDGE):
        raise Problem(403, "your role does not permit acknowledging")
    acknowledge(visit.services, event_id, visit.token, note)
    return RedirectResponse(f"/events/{event_id}", 303)
