"""The application of ``netmon serve``: the API and the page, joined by hand."""

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from netmon.api.config import ApiConfig
from netmon.api.edge import Edge, RequestMetrics
from netmon.api.problems import Problem, ProblemDocument
from netmon.api.routes import audit, description, devices, events, health, links, regions
from netmon.api.routes import metrics as metrics_route
from netmon.api.services import Services
from netmon.api.status import StatusReader
from netmon.api.throttle import Throttle
from netmon.model.clock import Clock
from netmon.model.registry import Registry
from netmon.signals.config import SignalsConfig
from netmon.store.ports import Ledger, SeriesStore, StoreUnavailable
from netmon.web import page


def create_app(
    *,
    registry: Registry,
    series: SeriesStore,
    ledger: Ledger,
    config: ApiConfig,
    clock: Clock,
    metrics: CollectorRegistry,
    signals: SignalsConfig | None = None,
    demo_notice: str | None = None,
) -> FastAPI:
    """Inert: nothing is read before the first request. ``demo_notice`` marks a simulated province on every page."""
    app = FastAPI(
        title="netmon",
        version=version("netmon"),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.services = Services(
        registry=registry,
        series=series,
        ledger=ledger,
        config=config,
        signals=signals or SignalsConfig(),
        clock=clock,
        status=StatusReader(registry, series, ledger, clock),
        throttle=Throttle(clock),
        metrics=metrics,
        demo_notice=demo_notice,
    )
    _include_routes(app)
    for error in (Problem, HTTPException, RequestValidationError, StoreUnavailable, page.SignInNeeded):
        app.add_exception_handler(error, page.respond_to_error)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(Edge, metrics=RequestMetrics(metrics))
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _include_routes(app: FastAPI) -> None:
    for resource in (health, metrics_route, description, regions, devices, links, events, audit):
        app.include_router(resource.router)
    page.mount(app)


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's own, with our problem document in place of its validation error."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, routes=app.routes, description=_DESCRIPTION)
        parts = schema["components"]["schemas"]
        for unused in ("HTTPValidationError", "ValidationError"):
            parts.pop(unused, None)
        problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
        parts.update(problem.pop("$defs", {}))
        parts["ProblemDocument"] = problem
        app.openapi_schema = schema
    return app.openapi_schema


_DESCRIPTION = """How a cyber province's network is and was. Rates are integers in bits per second; times are ISO 8601
in UTC; null means not known, and is never 0. Errors are problem documents (RFC 9457)."""
