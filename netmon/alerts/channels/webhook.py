"""A webhook: the event as JSON, by POST, to whatever the office runs.

The body holds ``title``, ``body``, ``severity``, ``link`` and ``idempotency_key`` for people and de-duplication, and
``stage``, ``at`` and ``event`` for machines. 2xx is taken; 408, 425, 429 and 5xx are tried again; all else is not.
"""

import json
from http import HTTPStatus
from urllib.parse import quote

from netmon.alerts.channel import DeliveryFailed, Message
from netmon.alerts.channels.post import post_json, retry_after_s
from netmon.alerts.config import WebhookConfig
from netmon.alerts.plain import jsonable, plain
from netmon.model.clock import Clock


class WebhookChannel:
    """Posts to one URL."""

    def __init__(self, config: WebhookConfig, clock: Clock) -> None:
        self.id = config.id
        self._config = config
        self._clock = clock

    def send(self, message: Message) -> str:
        headers = {name: value.get_secret_value() for name, value in self._config.headers.items()}
        headers["Idempotency-Key"] = quote(plain(message.idempotency_key), safe="/")
        answer = post_json(self._config.url.get_secret_value(), encode(message), headers, self._config.timeout_s)
        status = _named(answer.status)
        if answer.ok:
            return status
        raise DeliveryFailed(
            f"the receiver answered {status}",
            retry=answer.retry,
            after_s=retry_after_s(answer.headers, self._clock.now()),
        )


def encode(message: Message) -> bytes:
    """The request's body: RFC 8259 JSON whatever the event holds."""
    told = {
        "idempotency_key": message.idempotency_key,
        "title": message.title,
        "body": message.body,
        "severity": message.severity,
        "link": message.link,
    }
    return json.dumps(jsonable({**message.payload, **told}), allow_nan=False, ensure_ascii=False).encode()


def _named(status: int) -> str:
    """ "503 Service Unavailable"; a number that HTTP does not know stands alone."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
