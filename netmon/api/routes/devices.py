"""Devices and how they are now."""

from fastapi import APIRouter

from netmon.api import present
from netmon.api.access import Viewer
from netmon.api.problems import AUTHENTICATED, declared, not_found
from netmon.api.schemas import DeviceSchema
from netmon.api.services import Served

router = APIRouter(prefix="/api/v1/devices", tags=["status"], responses=declared(*AUTHENTICATED))


@router.get("")
def devices(_: Viewer, services: Served) -> list[DeviceSchema]:
    """Every device of the configuration."""
    return [present.device(status) for status in services.status.province().devices.values()]


@router.get("/{device_id}", responses=declared(404))
def device(_: Viewer, services: Served, device_id: str) -> DeviceSchema:
    """One device by its id."""
    status = services.status.province().devices.get(device_id)
    if status is None:
        raise not_found("device", device_id)
    return present.device(status)
