"""The long tail: Apprise's own JSON service against a real HTTP receiver."""

import logging
from dataclasses import replace

import pytest

from netmon.alerts.channel import DeliveryFailed, Message
from netmon.alerts.channels.apprise import AppriseChannel
from netmon.alerts.config import AppriseConfig
from tests.real.http import Answer

SECRET = "s3cret-path-token"
MESSAGE = Message(
    title="KRITIS: Poso\nkehilangan koneksi",
    body="Apa: gangguan <b>*_",
    idempotency_key="0123456789ab/opened/tail",
    link="http://netmon.example/events/0123456789ab",
    severity="critical",
    payload={},
)


def channel(receiver, suffix="", **fields):
    url = receiver.url.replace("http://", "json://") + f"/{SECRET}{suffix}"
    return AppriseChannel(AppriseConfig(**{"id": "tail", "type": "apprise", "url": url, "timeout_s": 2} | fields))


def failure(sender, message=MESSAGE):
    with pytest.raises(DeliveryFailed) as caught:
        sender.send(message)
    assert SECRET not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("suffix", ["", "?:tag=x"])
def test_a_message_arrives(http_receiver, suffix):
    assert channel(http_receiver, suffix).send(MESSAGE) == "accepted by Apprise"
    (request,) = http_receiver.requests
    assert request.path.startswith(f"/{SECRET}")
    assert request.json()["title"] == "KRITIS: Poso kehilangan koneksi"
    assert request.json()["message"] == MESSAGE.body
    assert request.json()["type"] == "failure"


def test_lesson_24_long_text_is_split_and_not_cut(http_receiver):
    words = [f"kata{number}" for number in range(8000)]
    channel(http_receiver).send(replace(MESSAGE, body=" ".join(words)))
    told = " ".join(request.json()["message"] for request in http_receiver.requests)
    assert len(http_receiver.requests) > 1
    assert "".join(told.split()) == "".join(words)


@pytest.mark.parametrize(("status", "retry"), [(500, True), (503, True), (429, True), (401, False), (404, False)])
def test_what_its_log_says_decides_whether_to_try_again(http_receiver, status, retry):
    http_receiver.answer_always(Answer(status))
    failed = failure(channel(http_receiver))
    assert failed.retry is retry
    assert str(status) in str(failed)


def test_a_refused_connection_is_tried_again(http_receiver):
    http_receiver.stop()
    assert failure(channel(http_receiver)).retry


def test_a_receiver_that_does_not_answer_in_time_is_tried_again(http_receiver):
    http_receiver.answer_always(Answer(delay_s=1.5))
    assert failure(channel(http_receiver, timeout_s=0.3)).retry


@pytest.mark.parametrize("url", ["nothing://like/that-s3cret-path-token", "s3cret-path-token", "json://"])
def test_a_url_that_apprise_does_not_understand_is_not_tried_again(http_receiver, url):
    failed = failure(channel(http_receiver, url=url))
    assert not failed.retry


@pytest.mark.parametrize("status", [200, 500])
def test_no_log_record_of_any_level_holds_the_url(http_receiver, caplog, status):
    caplog.set_level(logging.DEBUG)
    http_receiver.answer_always(Answer(status))
    try:
        channel(http_receiver).send(MESSAGE)
    except DeliveryFailed:
        assert status == 500
    assert "JSON" in caplog.text, "Apprise did log: the test would see a leak"
    assert SECRET not in caplog.text
