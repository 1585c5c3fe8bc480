"""A link with its chart: what went through it, against what was bought."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from netmon.api.figures import BILLING_STEP_S, figures
from netmon.api.problems import Problem, not_found
from netmon.api.situation import LinkStatus
from netmon.api.window import Window, fitting_step_s, on_the_clock, window
from netmon.model.registry import Direction
from netmon.store.ports import EventQuery, LinkSeries
from netmon.web.chart import NARROW, WIDE, ChartMaker, LinkChart
from netmon.web.visit import SignedIn, Visit

router = APIRouter()
PRESETS = {"15m": 900, "1h": 3600, "6h": 6 * 3600, "24h": 24 * 3600, "7d": 7 * 86400}
"""Seconds."""
DEFAULT_PRESET = "6h"
"""Or a shorter one, as long as there is not yet so much to show."""
MOST_BANDS = 100
UnixSeconds = Annotated[int | None, Query(ge=946_684_800, le=4_102_444_800)]


@router.get("/links/{link_id}")
def link(
    visit: SignedIn,
    link_id: str,
    range: str | None = None,
    start: Annotated[UnixSeconds, Query(alias="from")] = None,
    end: Annotated[UnixSeconds, Query(alias="to")] = None,
) -> Response:
    services = visit.services
    province = services.status.province()
    if link_id not in province.links:
        raise not_found("link", link_id)
    status = province.links[link_id]
    zoomed = start is not None and end is not None
    preset = range or _fitting_preset(visit, link_id)
    asked = _zoom(visit, start or 0, end or 0) if zoomed else _live(visit, preset)
    series = services.series.link_series(link_id, asked.start, asked.end, asked.step_s)
    billed = on_the_clock(asked, BILLING_STEP_S)
    billing = services.series.link_series(link_id, billed.start, billed.end, billed.step_s)
    return visit.render(
        "link.html",
        province=province,
        status=status,
        charts=_charts(visit, status, series),
        series=series,
        figures={d: figures(series.points, billing.points, d) for d in Direction},
        presets=PRESETS,
        preset=None if zoomed else preset,
        contract=status.link.contract_at(services.clock.now()),
        served=services.registry.agencies_on([link_id]),
    )


def _fitting_preset(visit: Visit, link_id: str) -> str:
    """The shortest preset that shows all there is, on a service that has just begun to look."""
    whole = _live(visit, DEFAULT_PRESET)
    points = visit.services.series.link_series(link_id, whole.start, whole.end, whole.step_s).points
    first = next((point.start for point in points if point.coverage), whole.start)
    known_s = (whole.end - first).total_seconds()
    return next((name for name, range_s in PRESETS.items() if range_s >= known_s), DEFAULT_PRESET)


def _live(visit: Visit, preset: str) -> Window:
    """A preset's window up to now, on steps that stand still from one refresh to the next."""
    range_s = PRESETS.get(preset)
    if range_s is None:
        raise Problem(400, f"range is one of {', '.join(PRESETS)}")
    step_s = fitting_step_s(range_s, visit.services.registry.poll_interval_s)
    now_s = int(visit.services.clock.now().timestamp())
    end_s = now_s - now_s % step_s + step_s
    count = -(-range_s // step_s)
    return Window(_utc(end_s - count * step_s), _utc(end_s), step_s)


def _zoom(visit: Visit, start_s: int, end_s: int) -> Window:
    """What was dragged over, widened to whole steps."""
    services = visit.services
    interval_s = services.registry.poll_interval_s
    step_s = fitting_step_s(max(1, end_s - start_s), interval_s)
    start, end = _utc(start_s - start_s % step_s), _utc(end_s + -end_s % step_s)
    return window(start, end, step_s, services.clock.now(), interval_s, services.config)


def _charts(visit: Visit, status: LinkStatus, series: LinkSeries) -> list[LinkChart]:
    services = visit.services
    found, _ = services.ledger.events.find(EventQuery(link=status.link.id, opened_until=series.end, limit=MOST_BANDS))
    maker = ChartMaker(
        link=status.link,
        series=series,
        events=found,
        thresholds=services.signals.saturation_for(status.link.link_class),
        format=visit.format,
        title_of={record.event.id: visit.titles.event(record.event) for record in found},
        gap_title=visit.words("link.gap"),
        unsettled=services.status.stale_after,
        now=services.clock.now(),
    )
    return [maker.draw(WIDE), maker.draw(NARROW)]


def _utc(unix_s: int) -> datetime:
    return datetime.fromtimestamp(unix_s, UTC)
