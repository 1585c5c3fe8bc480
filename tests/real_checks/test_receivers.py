"""The mail and HTTP receivers take what ordinary clients send, and refuse when told to."""

import smtplib
from email.message import EmailMessage

import httpx
import pytest

from tests.real.http import Answer, HttpReceiver
from tests.real.mail import MailServer


def _send(server: MailServer, subject: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "netmon@example.test", "oncall@example.test", subject
    message.set_content("Lintas melampaui kontrak.\n")
    with smtplib.SMTP(server.host, server.port, timeout=5) as client:
        client.send_message(message)


def test_mail_arrives_whole(mail_server: MailServer) -> None:
    _send(mail_server, "Tautan jenuh → Kendari")
    (mail,) = mail_server.wait_for(1)
    assert (mail.sender, mail.recipients) == ("netmon@example.test", ("oncall@example.test",))
    assert mail.message["Subject"] == "Tautan jenuh → Kendari"
    assert mail.text.strip() == "Lintas melampaui kontrak."


def test_mail_is_refused_as_told(mail_server: MailServer) -> None:
    mail_server.refuse("451 4.3.0 try later", times=1)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        _send(mail_server, "first")
    assert refused.value.smtp_code == 451
    _send(mail_server, "second")
    mail_server.refuse("550 5.7.1 never")
    with pytest.raises(smtplib.SMTPDataError):
        _send(mail_server, "third")
    assert [mail.message["Subject"] for mail in mail_server.mails] == ["second"]
    assert mail_server.attempts == 3


def test_a_mail_server_comes_back_on_its_port(mail_server: MailServer) -> None:
    mail_server.stop()
    with pytest.raises(OSError, match="refused"):
        _send(mail_server, "nobody there")
    mail_server.start()
    _send(mail_server, "back")
    assert len(mail_server.wait_for(1)) == 1


def test_http_requests_are_recorded_and_answered_as_told(http_receiver: HttpReceiver) -> None:
    http_receiver.answer_next(Answer(429, {"Retry-After": "7"}), Answer(204))
    with httpx.Client(base_url=http_receiver.url, trust_env=False) as client:
        limited = client.post("/hook?a=1", json={"link": "Kendari"}, headers={"X-Token": "t"})
        assert (limited.status_code, limited.headers["Retry-After"]) == (429, "7")
        assert client.post("/hook", content=b"x").status_code == 204
        assert client.get("/").json() == {}
    first, second, third = http_receiver.wait_for(3)
    assert (first.method, first.path, first.json()) == ("POST", "/hook?a=1", {"link": "Kendari"})
    assert first.headers["x-token"] == "t"
    assert (second.body, third.method) == (b"x", "GET")


def test_an_http_receiver_comes_back_on_its_port(http_receiver: HttpReceiver) -> None:
    http_receiver.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(http_receiver.url, trust_env=False)
    http_receiver.start()
    assert httpx.get(http_receiver.url, trust_env=False).status_code == 200
