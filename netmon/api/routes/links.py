"""Links: how they are now, and their series."""

from typing import Annotated

from fastapi import APIRouter, Query

from netmon.api import present
from netmon.api.access import Viewer
from netmon.api.problems import AUTHENTICATED, declared, not_found
from netmon.api.schemas import LinkSchema, SeriesSchema
from netmon.api.services import Served
from netmon.api.window import Instant, window

router = APIRouter(prefix="/api/v1/links", tags=["status"], responses=declared(*AUTHENTICATED))


@router.get("")
def links(_: Viewer, services: Served) -> list[LinkSchema]:
    """Every link of the configuration."""
    return [present.link(status) for status in services.status.province().links.values()]


@router.get("/{link_id}", responses=declared(404))
def link(_: Viewer, services: Served, link_id: str) -> LinkSchema:
    """One link by its id."""
    status = services.status.province().links.get(link_id)
    if status is None:
        raise not_found("link", link_id)
    return present.link(status)


@router.get("/{link_id}/series", responses=declared(404))
def series(
    _: Viewer,
    services: Served,
    link_id: str,
    start: Annotated[
        Instant | None, Query(alias="from", description="24 h before 'to' if absent; with its offset from UTC")
    ] = None,
    end: Annotated[Instant | None, Query(alias="to", description="now if absent")] = None,
    step: Annotated[
        int | None, Query(ge=1, le=31_536_000, description="seconds; what gives about 300 points if absent")
    ] = None,
) -> SeriesSchema:
    """Rates over time, one point for every step. A gap is null with coverage 0, never zero and never filled in.
    Range and points are bounded; a 400 tells the bound."""
    if link_id not in services.registry.links:
        raise not_found("link", link_id)
    asked = window(start, end, step, services.clock.now(), services.registry.poll_interval_s, services.config)
    return present.series(services.series.link_series(link_id, asked.start, asked.end, asked.step_s))
