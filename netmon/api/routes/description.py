"""The OpenAPI description. FastAPI's own pages for it load scripts from elsewhere, so there are none."""

from typing import Any

from fastapi import APIRouter, Request

from netmon.api.access import Viewer

router = APIRouter()


@router.get("/openapi.json", include_in_schema=False)
def openapi(_: Viewer, request: Request) -> dict[str, Any]:
    description: dict[str, Any] = request.app.openapi()
    return description
