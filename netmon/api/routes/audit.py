"""The audit trail, for administrators."""

from typing import Annotated

from fastapi import APIRouter, Query

from netmon.api.access import Admin
from netmon.api.problems import AUTHENTICATED, declared
from netmon.api.schemas import AuditSchema
from netmon.api.services import Served

router = APIRouter(prefix="/api/v1/audit", tags=["audit"], responses=declared(*AUTHENTICATED))


@router.get("")
def audit(_: Admin, services: Served, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[AuditSchema]:
    """Who did what, when: newest first."""
    return [AuditSchema.model_validate(row) for row in services.ledger.audit.newest(limit)]
