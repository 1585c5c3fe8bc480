"""The page on the application: its routes, its static files, and errors for people instead of machines."""

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from netmon.api.problems import Problem, problem_response, to_problem
from netmon.store.ports import StoreUnavailable
from netmon.web.routes import device, events, link, overview, region, session
from netmon.web.visit import FRAGMENT_HEADER, SignInNeeded, Stage, anonymous, sign_in_address

__all__ = ["SignInNeeded", "mount", "respond_to_error"]

_FOR_MACHINES = ("/api/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/static/")


class _Static(StaticFiles):
    """Always asked about again, so that an upgrade is seen at once; an unchanged file costs a 304."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def mount(app: FastAPI) -> None:
    app.state.stage = Stage()
    for pages in (session, overview, region, link, device, events):
        app.include_router(pages.router, include_in_schema=False)
    app.mount("/static", _Static(packages=[("netmon.web", "static")]))


def respond_to_error(request: Request, error: Exception) -> Response:
    """People get a page in their language, or the sign-in form; everything else gets a problem document."""
    if isinstance(error, SignInNeeded):
        if FRAGMENT_HEADER in request.headers:
            return problem_response(request, Problem(401, "the session has ended"))
        return RedirectResponse(sign_in_address(request), 303)
    if isinstance(error, StoreUnavailable):
        request_id = request.scope.get("netmon.request_id", "")
        structlog.get_logger().warning("request not answered", request_id=request_id, reason=str(error))
        error = Problem(503, "the store cannot be reached", headers={"Retry-After": "5"})
    wants_page = "text/html" in request.headers.get("accept", "")
    if request.url.path.startswith(_FOR_MACHINES) or not wants_page:
        return problem_response(request, error)
    problem = to_problem(error)
    visit = anonymous(request)
    status = problem.status if problem.status in (400, 403, 404, 405, 422, 429, 503) else 500
    response = visit.render(
        "error.html", problem.status, status=status, request_id=request.scope.get("netmon.request_id", "")
    )
    response.headers.update(problem.headers)
    return response
