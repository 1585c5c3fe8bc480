"""One POST with a deadline, and what its answer means for the delivery."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic

import httpx

from netmon.alerts.channel import DeliveryFailed
from netmon.alerts.channels.discretion import keep_urls_out_of_logs

_BODY_LIMIT = 65536
_WORTH_RETRYING = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; ``body`` is cut at 64 KiB."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def retry(self) -> bool:
        """Whether the same request may fare better later: the server's own trouble, or too much at once."""
        return self.status >= 500 or self.status in _WORTH_RETRYING


def post_json(url: str, content: bytes, headers: Mapping[str, str], timeout_s: float) -> Answer:
    """Send JSON and read the answer, whatever its status. ``timeout_s`` bounds each step and, doubled, the whole.

    Redirects are answers: a channel's address is what the configuration says. Raises DeliveryFailed, whose text never
    holds the URL, a header or an exception's own words about them."""
    keep_urls_out_of_logs()
    headers = {**headers, "Content-Type": "application/json"}
    until = monotonic() + 2 * timeout_s
    try:
        with (
            httpx.Client(timeout=timeout_s) as client,
            client.stream("POST", url, content=content, headers=headers) as response,
        ):
            return Answer(response.status_code, dict(response.headers), _read(response, until))
    except httpx.TimeoutException as error:
        raise DeliveryFailed(f"no answer within {timeout_s:g} s ({type(error).__name__})", retry=True) from None
    except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL, ValueError, TypeError) as error:
        kind = type(error).__name__
        raise DeliveryFailed(f"the URL or a header of this channel is not valid ({kind})", retry=False) from None
    except httpx.HTTPError as error:
        raise DeliveryFailed(f"connection failed ({type(error).__name__})", retry=True) from None


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Retry-After (RFC 9110 section 10.2.3) as seconds from now: a number of seconds or a date; None if neither."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds())


def _read(response: httpx.Response, until: float) -> bytes:
    """The body's beginning; a server that trickles is cut off, since its status has said what matters."""
    body = b""
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) >= _BODY_LIMIT or monotonic() > until:
            break
    return body[:_BODY_LIMIT]
