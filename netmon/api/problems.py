"""Every error is a problem document (RFC 9457), and none tells what is inside."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """Raise it anywhere beneath a route. ``extra`` becomes extension members: the bound that was passed, …"""

    def __init__(
        self, status: int, detail: str, headers: Mapping[str, str] | None = None, **extra: str | int | float
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = extra


class InvalidField(BaseModel):
    """One thing that is wrong with a request. The rejected value is not repeated: it might be a secret."""

    location: str = Field(examples=["query.step"])
    message: str = Field(examples=["Input should be greater than or equal to 1"])


class ProblemDocument(BaseModel):
    """RFC 9457. ``instance`` names this occurrence, and the log has it too."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["there is no link 'palu-posso'"])
    instance: str | None = Field(None, examples=["urn:netmon:request:5f0c2d9e1b7a4c3d"])
    errors: list[InvalidField] | None = None


def not_found(what: str, name: str) -> Problem:
    return Problem(404, f"there is no {what} {name[:80]!r}")


def document(request: Request, status: int, detail: str, **extra: Any) -> dict[str, Any]:
    """A problem document's members for one request."""
    body: dict[str, Any] = {"type": "about:blank", "title": title_of(status), "status": status, "detail": detail}
    if request_id := request.scope.get("netmon.request_id"):
        body["instance"] = f"urn:netmon:request:{request_id}"
    return body | extra


def title_of(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def to_problem(error: Exception) -> Problem:
    """What an exception that reached the edge says to the outside."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return Problem(422, "the request is not valid; see errors")
        case HTTPException(status_code=404):
            return Problem(404, "there is nothing at this address")
        case HTTPException(status_code=405):
            return Problem(405, "this address does not take this method", headers=error.headers)
        case HTTPException():
            return Problem(error.status_code, str(error.detail), headers=error.headers)
        case _:
            return Problem(500, "something failed inside netmon; its log has the instance's request id")


def invalid_fields(error: Exception) -> list[dict[str, str]]:
    """Where and why a request is not valid, without the values."""
    if not isinstance(error, RequestValidationError):
        return []
    return [{"location": ".".join(str(part) for part in e["loc"]), "message": e["msg"]} for e in error.errors()]


def problem_response(request: Request, error: Exception) -> JSONResponse:
    """The exception handler of everything that is not a page."""
    problem = to_problem(error)
    extra: dict[str, Any] = dict(problem.extra)
    if errors := invalid_fields(error):
        extra["errors"] = errors
    body = document(request, problem.status, problem.detail, **extra)
    return JSONResponse(body, problem.status, headers=problem.headers, media_type=MEDIA_TYPE)


_MEANING = {
    400: "The request cannot be read, or asks for more than the bounds allow",
    401: "No token, or one that is not valid",
    403: "The token's role does not permit this",
    404: "No such thing",
    405: "Not with this method",
    422: "A parameter is not valid",
    429: "Too many failed sign-ins from this address",
    503: "The store cannot be reached; nothing is lost",
}


def declared(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """``responses=`` of a route: the problems that it may answer with."""
    schema = {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}
    return {status: {"description": _MEANING[status], "content": {MEDIA_TYPE: schema}} for status in statuses}


AUTHENTICATED = (400, 401, 403, 422, 429, 503)
"""What any route behind a token may answer with."""
