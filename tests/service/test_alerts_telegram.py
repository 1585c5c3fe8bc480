"""The Telegram channel against a real HTTP receiver that plays the Bot API.

The receiver is a stub of the remote service only, and answers as the API's documentation says; the channel under test
is the real one, over real sockets."""

import html
import json
import logging
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.alerts.channel import DeliveryFailed, Message
from netmon.alerts.channels.telegram import TEXT_LIMIT, TelegramChannel, parts
from netmon.alerts.config import TelegramConfig
from netmon.model.clock import SystemClock
from tests.real.http import Answer

TOKEN = "123456:AAf4ke-t0ken_for-tests"
MESSAGE = Message(
    title="KRITIS: <Palu & Poso> jenuh, 92,4 %",
    body="Di mana: *Palu_Poso* [x](y)\nSejak: 02.10 WITA",
    idempotency_key="0123456789ab/opened/tg",
    link="http://netmon.example/events/0123456789ab",
    severity="critical",
    payload={},
)


def channel(url, **fields):
    values = {"id": "tg", "type": "telegram", "token": TOKEN, "chat_id": "-100", "api_url": url, "timeout_s": 2}
    return TelegramChannel(TelegramConfig(**values | fields), SystemClock())


def taken(number):
    return Answer(body=json.dumps({"ok": True, "result": {"message_id": number}}).encode())


def refused(status, description, **parameters):
    said = {"ok": False, "error_code": status, "description": description}
    return Answer(status, body=json.dumps(said | ({"parameters": parameters} if parameters else {})).encode())


def failure(sender, message=MESSAGE):
    with pytest.raises(DeliveryFailed) as caught:
        sender.send(message)
    assert TOKEN not in str(caught.value)
    return caught.value


def units(text):
    return len(text.encode("utf-16-le")) // 2


def test_a_message_goes_to_the_chat_and_its_id_is_the_receipt(http_receiver):
    http_receiver.answer_always(taken(4711))
    assert channel(http_receiver.url).send(MESSAGE) == "4711"
    (request,) = http_receiver.requests
    assert request.path == f"/bot{TOKEN}/sendMessage"
    assert request.json()["chat_id"] == "-100"


def test_lesson_24_what_telegram_would_read_as_markup_is_escaped(http_receiver):
    http_receiver.answer_always(taken(1))
    channel(http_receiver.url).send(MESSAGE)
    said = http_receiver.requests[0].json()
    assert said["parse_mode"] == "HTML"
    assert said["text"].startswith("<b>KRITIS: &lt;Palu &amp; Poso&gt; jenuh, 92,4 %</b>\n")
    assert "*Palu_Poso* [x](y)" in said["text"]


def test_lesson_24_long_text_goes_in_parts_that_telegram_takes_and_nothing_is_lost(http_receiver):
    http_receiver.answer_next(taken(1), taken(2), taken(3))
    lines = [f"situs {number} <&> 🛰" for number in range(420)]
    receipt = channel(http_receiver.url).send(replace(MESSAGE, body="\n".join(lines)))
    texts = [request.json()["text"] for request in http_receiver.requests]
    assert receipt == "1, 2, 3"
    assert all(0 < units(text) <= TEXT_LIMIT for text in texts)
    told = "\n".join(texts).split("\n", 1)[1]
    assert html.unescape(told).split("\n") == lines


def test_lesson_24_what_telegram_cannot_parse_goes_again_as_plain_text(http_receiver):
    http_receiver.answer_next(refused(400, "Bad Request: can't parse entities"), taken(2))
    assert channel(http_receiver.url).send(MESSAGE) == "2"
    again = http_receiver.requests[1].json()
    assert "parse_mode" not in again
    assert again["text"] == f"{MESSAGE.title}\n{MESSAGE.body}"


def test_a_chat_that_is_not_there_is_not_tried_again(http_receiver):
    http_receiver.answer_always(refused(400, "Bad Request: chat not found"))
    failed = failure(channel(http_receiver.url))
    assert not failed.retry
    assert str(failed) == "Telegram answered 400: Bad Request: chat not found"
    assert len(http_receiver.requests) == 2, "once as HTML, once plain"


@pytest.mark.parametrize(("status", "retry"), [(401, False), (403, False), (404, False), (500, True), (502, True)])
def test_what_an_answer_means(http_receiver, status, retry):
    http_receiver.answer_always(refused(status, "no"))
    failed = failure(channel(http_receiver.url))
    assert failed.retry is retry
    assert len(http_receiver.requests) == 1


def test_telegrams_own_retry_after_is_honoured(http_receiver):
    http_receiver.answer_always(refused(429, "Too Many Requests: retry after 35", retry_after=35))
    failed = failure(channel(http_receiver.url))
    assert failed.retry
    assert failed.after_s == 35


def test_the_headers_retry_after_serves_where_the_body_has_none(http_receiver):
    http_receiver.answer_always(Answer(429, {"Retry-After": "9"}, body=b"slow down"))
    assert failure(channel(http_receiver.url)).after_s == 9


@pytest.mark.parametrize("body", [b"<html>log in to the hotel's network</html>", b"[]", b"", b'{"ok": false}'])
def test_a_200_that_is_not_telegrams_is_no_delivery(http_receiver, body):
    http_receiver.answer_always(Answer(200, body=body))
    assert failure(channel(http_receiver.url)).retry


def test_a_later_part_that_fails_does_not_send_the_first_one_again(http_receiver):
    http_receiver.answer_next(taken(1), refused(429, "Too Many Requests", retry_after=5))
    receipt = channel(http_receiver.url).send(replace(MESSAGE, body="x " * 4000))
    assert receipt == "1, part 2 lost: Telegram answered 429: Too Many Requests"
    assert len(http_receiver.requests) == 2


def test_the_token_is_in_no_error_even_when_the_answer_repeats_it(http_receiver):
    http_receiver.answer_always(refused(404, f"no such path: /bot{TOKEN}/sendMessage"))
    assert "***" in str(failure(channel(http_receiver.url)))


@pytest.mark.parametrize("ready", [True, False])
def test_the_token_is_in_no_log_record_of_any_level(http_receiver, caplog, ready):
    caplog.set_level(logging.DEBUG)
    http_receiver.answer_always(taken(1))
    if ready:
        channel(http_receiver.url).send(MESSAGE)
        assert "HTTP Request" in caplog.text, "httpx did log: the test would see a leak"
    else:
        http_receiver.stop()
        assert failure(channel(http_receiver.url)).retry
    assert TOKEN not in caplog.text


anything = st.text(st.characters(), max_size=300) | st.text("<>&\n \U0001f6f0", max_size=300)


@settings(deadline=None)
@given(title=anything, body=st.builds(lambda text, times: text * times, anything, st.integers(0, 60)))
def test_no_content_breaks_the_markup_or_the_limit(title, body):
    said = parts(replace(MESSAGE, title=title, body=body))
    for text in said:
        text.encode()
        assert 0 < units(text) <= TEXT_LIMIT
        assert html.unescape(text).strip()
        bare = text.replace("<b>", "", 1).replace("</b>", "", 1)
        assert "<" not in bare
        assert ">" not in bare
        assert not re.search(r"&(?!(amp|lt|gt);)", bare)
    assert said[0].startswith("<b>")
