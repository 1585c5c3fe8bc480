"""A real HTTP receiver on loopback that records every request and answers as a test tells it to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Request:
    """One request as it arrived; header names are in lower case, `path` has its query string."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float = 0.0
    """Unix seconds of its arrival."""

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What to say: for instance `Answer(429, {"Retry-After": "7"})`. `delay_s` passes before the first byte."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    delay_s: float = 0.0


class HttpReceiver:
    """The receiver; `running_http_receiver` makes and ends it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._requests: list[Request] = []
        self._queued: list[Answer] = []
        self._default = Answer()
        self._server: ThreadingHTTPServer | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """Its base address, without a slash at the end."""
        if self._port == 0:
            raise RuntimeError("the receiver has not been started: call start() first")
        return f"http://127.0.0.1:{self._port}"

    @property
    def requests(self) -> list[Request]:
        """What has arrived so far, in order."""
        with self._changed:
            return list(self._requests)

    def start(self) -> None:
        """Listen on a free port, and after a stop on the same one again."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), _handler_for(self))
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Close the port: connections are refused until the next start. Harmless when it is closed."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def answer_next(self, *answers: Answer) -> None:
        """Give these answers to the next requests, one each, before the standing one."""
        with self._changed:
            self._queued += answers

    def answer_always(self, answer: Answer) -> None:
        """Change the standing answer, which is 200 with `{}` at first."""
        with self._changed:
            self._default = answer

    def wait_for(self, count: int, timeout_s: float = 10.0) -> list[Request]:
        """Wait until `count` requests have arrived and return them; raises TimeoutError otherwise."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._requests) >= count, timeout_s):
                raise TimeoutError(f"{len(self._requests)} of {count} requests in {timeout_s} s")
            return list(self._requests)

    def take(self, request: Request) -> Answer:
        """Record a request and choose its answer; called by the server's threads."""
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()
            return self._queued.pop(0) if self._queued else self._default


def _handler_for(receiver: HttpReceiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = receiver.take(Request(self.command, self.path, headers, body, time.time()))
            time.sleep(answer.delay_s)
            self.send_response(answer.status)
            for name, value in ({"Content-Type": "application/json"} | dict(answer.headers)).items():
                self.send_header(name, value)
            # RFC 9110 §8.6, §15.3.5: a 204 has neither a body nor a Content-Length.
            content = b"" if answer.status == 204 else answer.body
            if answer.status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                with suppress(ConnectionError):  # the asker may have died meanwhile, and some tests see to that
                    self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the test's output clean: the requests are recorded anyway."""

    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.serve)
    return Handler


@contextmanager
def running_http_receiver() -> Iterator[HttpReceiver]:
    """A receiver on a free port of loopback, closed when the body is left."""
    receiver = HttpReceiver()
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.stop()
