"""The outermost layer: a request id, security headers, a time and a count for every request, and no leaking 500."""

import secrets
import time
import traceback
from typing import Any

import structlog
from fastapi import Request
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from netmon.api.problems import Problem, problem_response

MAX_BODY_BYTES = 65_536
"""No form or document that we take comes near it."""
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class RequestMetrics:
    """What this room counts, in the registry that the wiring hands in."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "netmon_api_requests", "Requests answered", ["method", "route", "status"], registry=registry
        )
        self.seconds = Histogram("netmon_api_request_seconds", "Time to answer", ["route"], registry=registry)

    def answered(self, scope: Scope, status: int, elapsed_s: float) -> None:
        """Routes are counted by their template, so that addresses cannot grow the number of series."""
        route = getattr(scope.get("route"), "path", "other")
        method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST") else "other"
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(route).observe(elapsed_s)


class Edge:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["netmon.request_id"] = secrets.token_hex(8)
        began_s = time.perf_counter()
        status = 0
        received = 0

        async def receive_bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES:
                raise Problem(413, f"a request may have {MAX_BODY_BYTES} bytes")
            return message

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(scope, message)
            await send(message)

        try:
            if _announced_bytes(scope) > MAX_BODY_BYTES:
                raise Problem(413, f"a request may have {MAX_BODY_BYTES} bytes")
            await self._app(scope, receive_bounded, send_with_headers)
        except Problem as problem:
            await problem_response(Request(scope), problem)(scope, receive, send_with_headers)
        except Exception as error:
            structlog.get_logger().error(
                "request failed",
                request_id=scope["netmon.request_id"],
                method=scope["method"],
                path=scope["path"],
                trace="".join(traceback.format_exception(error)),  # without locals: they hold tokens
            )
            if not status:
                response = problem_response(Request(scope), error)
                await response(scope, receive, send_with_headers)
        finally:
            self._metrics.answered(scope, status or 500, time.perf_counter() - began_s)


def _announced_bytes(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "0")
    return int(length) if length.isdecimal() else 0


def _add_headers(scope: Scope, message: dict[str, Any] | Message) -> None:
    headers = MutableHeaders(scope=message)
    headers["X-Request-Id"] = scope["netmon.request_id"]
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("Cache-Control", "no-store")
