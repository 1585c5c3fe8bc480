"""/metrics of the whole service, for Prometheus."""

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from netmon.api.access import Credentials, authenticated, is_loopback
from netmon.api.metrics import Exposition
from netmon.api.problems import declared
from netmon.api.services import Served

router = APIRouter(tags=["health"])


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses=declared(400, 401, 429, 503),
    openapi_extra={"security": [{}]},
)
def metrics(services: Served, request: Request, credentials: Credentials) -> PlainTextResponse:
    """Metrics of every process, labelled ``process``. From loopback without a token; others need one."""
    if credentials is not None or not is_loopback(request):
        authenticated(services, request, credentials)
    body = Exposition(services.metrics).render(services.ledger.heartbeats.all())
    return PlainTextResponse(body.decode(), media_type=CONTENT_TYPE_LATEST)
