"""Is it alive, is it ready: open to anybody, and terse."""

from fastapi import APIRouter

from netmon.api.problems import Problem, declared
from netmon.api.schemas import HealthSchema
from netmon.api.services import Served
from netmon.store.ports import StoreUnavailable

router = APIRouter(tags=["health"])


@router.get("/healthz")
def alive() -> HealthSchema:
    """The process answers."""
    return HealthSchema(status="ok")


@router.get("/readyz", responses=declared(503))
def ready(services: Served) -> HealthSchema:
    """The ledger and the series store answer too; otherwise 503 names the one that does not."""
    missing = []
    try:
        services.ledger.ping()
    except StoreUnavailable:
        missing.append("ledger")
    try:
        services.series.latest_devices(services.clock.now())
    except StoreUnavailable:
        missing.append("series store")
    if missing:
        raise Problem(503, f"cannot reach the {' and the '.join(missing)}", headers={"Retry-After": "5"})
    return HealthSchema(status="ready")
