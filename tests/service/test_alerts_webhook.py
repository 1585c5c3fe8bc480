"""Webhooks against a real HTTP receiver: what it gets, what its answers mean, and that no secret is told."""

import json
import logging
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.alerts.channel import DeliveryFailed, Message
from netmon.alerts.channels.webhook import WebhookChannel, encode
from netmon.alerts.config import WebhookConfig
from netmon.model.clock import SystemClock
from tests.real.http import Answer, running_http_receiver

MESSAGE = Message(
    title="KRITIS: Poso kehilangan koneksi",
    body="Apa: gangguan",
    idempotency_key="0123456789ab/opened/hook",
    link="http://netmon.example/events/0123456789ab",
    severity="critical",
    payload={"stage": "opened", "event": {"id": "0123456789ab", "detail": {"misses": 2}}},
)
SECRET = "s3cret-path-token"


class FixedClock:
    def __init__(self, at):
        self.at = at

    def now(self):
        return self.at

    def monotonic_s(self):
        return 0.0


def channel(url, clock=None, **fields):
    values = {"id": "hook", "type": "webhook", "url": f"{url}/{SECRET}", "timeout_s": 2} | fields
    return WebhookChannel(WebhookConfig(**values), clock or SystemClock())


def failure(sender, message=MESSAGE):
    with pytest.raises(DeliveryFailed) as caught:
        sender.send(message)
    assert SECRET not in str(caught.value)
    return caught.value


def test_a_receiver_gets_json_with_the_key_and_the_configured_headers(http_receiver):
    receipt = channel(http_receiver.url, headers={"Authorization": "Bearer h3ader-secret"}).send(MESSAGE)
    (request,) = http_receiver.requests
    assert receipt == "200 OK"
    assert (request.method, request.path) == ("POST", f"/{SECRET}")
    assert request.headers["idempotency-key"] == "0123456789ab/opened/hook"
    assert request.headers["authorization"] == "Bearer h3ader-secret"
    assert request.headers["content-type"] == "application/json"
    assert request.json() == {
        "stage": "opened",
        "event": {"id": "0123456789ab", "detail": {"misses": 2}},
        "idempotency_key": "0123456789ab/opened/hook",
        "title": MESSAGE.title,
        "body": MESSAGE.body,
        "severity": "critical",
        "link": MESSAGE.link,
    }


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_is_taken(http_receiver, status):
    http_receiver.answer_always(Answer(status))
    assert channel(http_receiver.url).send(MESSAGE).startswith(str(status))


@pytest.mark.parametrize(
    ("status", "retry"),
    [
        *((status, True) for status in (500, 502, 503, 429, 408, 425)),
        *((status, False) for status in (400, 401, 403, 404, 410, 422, 301, 307)),
    ],
)
def test_what_an_answer_means(http_receiver, status, retry):
    http_receiver.answer_always(Answer(status, {"Location": "/elsewhere"}))
    failed = failure(channel(http_receiver.url))
    assert failed.retry is retry
    assert failed.after_s is None
    assert str(status) in str(failed)
    assert len(http_receiver.requests) == 1


NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "after_s"),
    [
        ("7", 7.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(hours=1), usegmt=True), 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("²", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(http_receiver, value, after_s):
    http_receiver.answer_always(Answer(429, {"Retry-After": value}))
    assert failure(channel(http_receiver.url, FixedClock(NOW))).after_s == after_s


def test_a_refused_connection_is_tried_again(http_receiver):
    http_receiver.stop()
    failed = failure(channel(http_receiver.url))
    assert failed.retry
    assert "connection failed" in str(failed)


def test_a_receiver_that_does_not_answer_in_time_is_tried_again(http_receiver):
    http_receiver.answer_always(Answer(delay_s=1.0))
    failed = failure(channel(http_receiver.url, timeout_s=0.2))
    assert failed.retry
    assert "no answer within 0.2 s" in str(failed)


def test_a_receiver_that_hangs_up_is_tried_again():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        hang_up = Thread(target=lambda: listener.accept()[0].close())
        hang_up.start()
        assert failure(channel(url)).retry
        hang_up.join(5)


def test_an_answer_that_never_ends_is_cut_off(http_receiver):
    http_receiver.answer_always(Answer(200, body=b"x" * 150_000))
    assert channel(http_receiver.url).send(MESSAGE) == "200 OK"


@pytest.mark.parametrize("url", ["http://", "http://[::1", "http://127.0.0.1:port/"])
def test_a_url_that_is_none_is_not_tried_again(url):
    failed = failure(channel(url))
    assert not failed.retry
    assert url not in str(failed)


@pytest.mark.parametrize("value", ["line\r\nX-Evil: 1", "rahasia-\u2603"])
def test_a_header_that_cannot_be_sent_is_not_tried_again_and_not_told(http_receiver, value):
    failed = failure(channel(http_receiver.url, headers={"Authorization": value}))
    assert not failed.retry
    assert value not in str(failed)
    assert http_receiver.requests == []


@pytest.mark.parametrize("status", [200, 500])
def test_no_log_record_of_any_level_holds_the_url(http_receiver, caplog, status):
    caplog.set_level(logging.DEBUG)
    http_receiver.answer_always(Answer(status))
    try:
        channel(http_receiver.url, headers={"Authorization": "Bearer h3ader-secret"}).send(MESSAGE)
    except DeliveryFailed:
        assert status == 500
    assert "HTTP Request" in caplog.text, "httpx did log: the test would see a leak"
    assert SECRET not in caplog.text
    assert "h3ader-secret" not in caplog.text


def test_nothing_shows_the_url_by_accident():
    assert SECRET not in repr(WebhookConfig(id="h", type="webhook", url=f"http://x/{SECRET}"))


anything = st.text(st.characters(), max_size=200)
tree = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | anything,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(anything, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(title=anything, body=anything, payload=st.dictionaries(anything, tree, max_size=4))
def test_no_content_breaks_the_json(title, body, payload):
    told = json.loads(encode(replace(MESSAGE, title=title, body=body, payload=payload)).decode())
    assert told["idempotency_key"] == MESSAGE.idempotency_key
    assert set(told) >= {"title", "body", "severity", "link"}


@pytest.fixture(scope="module")
def standing():
    """One receiver for all examples."""
    with running_http_receiver() as receiver:
        yield receiver


@settings(max_examples=25, deadline=None)  # each is a real request
@given(title=anything, body=anything, key=anything)
def test_no_content_breaks_the_request(standing, title, body, key):
    before = len(standing.requests)
    channel(standing.url).send(replace(MESSAGE, title=title, body=body, idempotency_key=key))
    (request,) = standing.requests[before:]
    assert request.json()["severity"] == "critical"
    assert "x-evil" not in request.headers
