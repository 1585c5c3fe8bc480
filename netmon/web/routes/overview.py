"""The province at a glance."""

from fastapi import APIRouter, Response

from netmon.api.judgement import State
from netmon.api.situation import ProvinceStatus, RegionStatus
from netmon.web import map as schematic
from netmon.web.visit import SignedIn

router = APIRouter()
FULLEST = 8
NEWEST_EVENTS = 8


@router.get("/")
def overview(visit: SignedIn) -> Response:
    province = visit.services.status.province()
    districts = districts_of(province)
    warning = visit.services.signals.saturation_for("default").warning_percent
    return visit.render(
        "overview.html",
        province=province,
        districts=districts,
        counts={state: sum(d.state is state for d in districts) for state in State},
        answering=sum(d.sample is not None and d.sample.outcome.answered for d in province.devices.values()),
        warning=warning,
        full=sum((link.peak_percent or 0) >= warning for link in province.links.values()),
        fullest=province.fullest(FULLEST),
        newest=province.events[:NEWEST_EVENTS],
        maps=[
            ("wide", schematic.draw(province, schematic.WIDE)),
            ("narrow", schematic.draw(province, schematic.NARROW)),
        ],
    )


def districts_of(province: ProvinceStatus) -> list[RegionStatus]:
    """The regions that are kabupaten or kota, by code."""
    return [status for code, status in sorted(province.regions.items()) if code.count(".") == 1]
