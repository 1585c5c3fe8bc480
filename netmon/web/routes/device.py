"""A device: how it answers, and what hangs on it."""

from fastapi import APIRouter, Response

from netmon.api.problems import not_found
from netmon.web.visit import SignedIn

router = APIRouter()


@router.get("/devices/{device_id}")
def device(visit: SignedIn, device_id: str) -> Response:
    province = visit.services.status.province()
    if device_id not in province.devices:
        raise not_found("device", device_id)
    return visit.render("device.html", province=province, status=province.devices[device_id])
