"""A district: its links, devices, sites and events."""

from fastapi import APIRouter, Response

from netmon.api.problems import not_found
from netmon.web.visit import SignedIn

router = APIRouter()


@router.get("/regions/{code}")
def region(visit: SignedIn, code: str) -> Response:
    province = visit.services.status.province()
    if code not in province.regions:
        raise not_found("region", code)
    return visit.render("region.html", province=province, status=province.regions[code])
