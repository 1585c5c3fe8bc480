"""Regions and how they are now."""

from fastapi import APIRouter

from netmon.api import present
from netmon.api.access import Viewer
from netmon.api.problems import AUTHENTICATED, declared, not_found
from netmon.api.schemas import RegionSchema
from netmon.api.services import Served

router = APIRouter(prefix="/api/v1/regions", tags=["status"], responses=declared(*AUTHENTICATED))


@router.get("")
def regions(_: Viewer, services: Served) -> list[RegionSchema]:
    """Every region of the configuration."""
    return [present.region(status) for status in services.status.province().regions.values()]


@router.get("/{code}", responses=declared(404))
def region(_: Viewer, services: Served, code: str) -> RegionSchema:
    """One region by its Kemendagri code, with everything inside it."""
    status = services.status.province().regions.get(code)
    if status is None:
        raise not_found("region", code)
    return present.region(status)
