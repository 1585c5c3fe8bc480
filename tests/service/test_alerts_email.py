"""E-mail against a real SMTP receiver: threads, refusals, TLS, log-in, and text that would break headers."""

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.alerts.channel import DeliveryFailed, Message
from netmon.alerts.channels.email import EmailChannel
from netmon.alerts.config import EmailConfig
from netmon.model.clock import SystemClock
from tests.real.components import free_port

MESSAGE = Message(
    title="KRITIS: Palu–Poso, Poso jenuh, 92,4 % dari kontrak 200 Mbps (turun)",
    body="Apa: tautan jenuh\nDi mana: Palu–Poso, Poso\n.\nSejak: 02.10 WITA",
    idempotency_key="0123456789ab/opened/noc-mail",
    link="http://netmon.example/events/0123456789ab",
    severity="critical",
    payload={},
)


def channel(server, **fields):
    values = {"id": "noc-mail", "type": "email", "to": ["noc@example.go.id"], "smtp": server, "timeout_s": 2} | fields
    return EmailChannel(EmailConfig(**values), SystemClock())


def failure(sender, message=MESSAGE):
    with pytest.raises(DeliveryFailed) as caught:
        sender.send(message)
    return caught.value


def test_a_mail_arrives_as_it_was_written(mail_server):
    sender = channel(
        f"127.0.0.1:{mail_server.port}", to=["noc@example.go.id", "b@example.go.id"], sender="netmon <n@x.go.id>"
    )
    receipt = sender.send(MESSAGE)
    (mail,) = mail_server.wait_for(1)
    assert mail.recipients == ("noc@example.go.id", "b@example.go.id")
    assert mail.sender == "n@x.go.id"
    assert mail.message["Subject"] == MESSAGE.title
    assert mail.text.splitlines() == MESSAGE.body.splitlines()
    assert mail.message["Message-ID"] == receipt == "<0123456789ab.opened.noc-mail@x.go.id>"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["Date"].datetime.tzinfo is not None


def test_lesson_25_a_repeat_has_the_same_message_id_and_an_event_is_one_thread(mail_server):
    sender = channel(f"127.0.0.1:{mail_server.port}")
    for key in ("0123456789ab/opened/noc-mail", "0123456789ab/opened/noc-mail", "0123456789ab/closed/noc-mail"):
        sender.send(replace(MESSAGE, idempotency_key=key))
    mails = [mail.message for mail in mail_server.wait_for(3)]
    assert mails[0]["Message-ID"] == mails[1]["Message-ID"] != mails[2]["Message-ID"]
    assert len({mail["References"] for mail in mails}) == 1


def test_the_longest_channel_id_still_gives_a_message_id_of_one_word(mail_server):
    name = "n" + "." * 62 + "c"
    sender = channel(f"127.0.0.1:{mail_server.port}", id=name)
    sender.send(replace(MESSAGE, idempotency_key=f"0123456789ab/opened/{name}"))
    (mail,) = mail_server.wait_for(1)
    assert mail.message["Message-ID"] == f"<0123456789ab.opened.n{'=' * 62}c@localhost>"


@pytest.mark.parametrize(
    ("reply", "retry"),
    [("451 4.3.0 try later", True), ("421 4.7.0 too busy", True), ("550 5.1.1 no such user", False)],
)
def test_4yz_is_tried_again_and_5yz_is_not(mail_server, reply, retry):
    mail_server.refuse(reply)
    failed = failure(channel(f"127.0.0.1:{mail_server.port}"))
    assert failed.retry is retry
    assert reply.split(" ", 1)[1] in str(failed)
    assert mail_server.attempts == 1


class Picky:
    """Refuses one recipient, takes the others."""

    def __init__(self, reply):
        self.reply = reply
        self.taken = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("gone"):
            return self.reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.taken.append(envelope)
        return "250 OK"


@pytest.fixture
def smtp():
    """Starts receivers with a handler and settings of the test's own."""
    running = []

    def start(handler, **settings):
        controller = Controller(handler, hostname="127.0.0.1", port=free_port(socket.SOCK_STREAM), **settings)
        controller.start()
        running.append(controller)
        return f"127.0.0.1:{controller.port}"

    yield start
    for controller in running:
        controller.stop()


def test_one_refused_recipient_is_named_in_the_receipt_and_nobody_is_told_twice(smtp):
    picky = Picky("550 5.1.1 unknown")
    receipt = channel(smtp(picky), to=["noc@example.go.id", "gone@example.go.id"]).send(MESSAGE)
    assert "refused: gone@example.go.id (550)" in receipt
    assert [envelope.rcpt_tos for envelope in picky.taken] == [["noc@example.go.id"]]


@pytest.mark.parametrize(("reply", "retry"), [("450 4.2.1 mailbox busy", True), ("550 5.1.1 unknown", False)])
def test_all_recipients_refused(smtp, reply, retry):
    failed = failure(channel(smtp(Picky(reply)), to=["gone@example.go.id"]))
    assert failed.retry is retry
    assert reply in str(failed)


def test_a_refused_connection_is_tried_again(mail_server):
    mail_server.stop()
    failed = failure(channel(f"127.0.0.1:{mail_server.port}"))
    assert failed.retry
    assert "connection failed" in str(failed)


def test_a_server_that_says_nothing_is_given_up_in_time():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        failed = failure(channel(f"127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.2))
    assert failed.retry
    assert "timed out" in str(failed)


def test_a_server_that_hangs_up_after_it_has_taken_the_mail_has_taken_it():
    """Else the mail would be sent again. The server here ends the connection in place of an answer to QUIT."""
    taken = []

    def serve(listener):
        connection, _ = listener.accept()
        with connection, connection.makefile("rwb") as lines:

            def say(text):
                lines.write(text.encode() + b"\r\n")
                lines.flush()

            say("220 here")
            while line := lines.readline().upper():
                if line.startswith(b"QUIT"):
                    return
                if line.startswith(b"DATA"):
                    say("354 go on")
                    while (text := lines.readline()) != b".\r\n":
                        taken.append(text)
                say("250 OK")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        receipt = channel(f"127.0.0.1:{listener.getsockname()[1]}").send(MESSAGE)
        thread.join(5)
    assert receipt.startswith("<0123456789ab.opened")
    assert message_from_bytes(b"".join(taken), policy=policy.default)["Subject"] == MESSAGE.title


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for 127.0.0.1, as one file with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "netmon test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.fixture
def server_tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def authenticator(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"netmon", b"s3cret-password"), handled=False)


def test_starttls_with_a_log_in(smtp, server_tls, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    taken = Picky("250 OK")
    server = smtp(taken, tls_context=server_tls, require_starttls=True, authenticator=authenticator, auth_required=True)
    log_in = {"tls": "starttls", "username": "netmon", "password": "s3cret-password"}
    channel(server, **log_in).send(MESSAGE)
    assert len(taken.taken) == 1

    failed = failure(channel(server, **log_in | {"password": "wr0ng-password"}))
    assert not failed.retry
    assert "wr0ng-password" not in str(failed)
    assert len(taken.taken) == 1


def test_a_certificate_that_nobody_vouches_for_gets_no_mail(smtp, server_tls):
    taken = Picky("250 OK")
    failed = failure(channel(smtp(taken, tls_context=server_tls), tls="starttls"))
    assert "certificate" in str(failed).lower()
    assert taken.taken == []


def test_starttls_is_not_given_up_for_a_server_without_it(mail_server):
    failed = failure(channel(f"127.0.0.1:{mail_server.port}", tls="starttls"))
    assert not failed.retry
    assert mail_server.attempts == 0


def test_lines_in_a_title_become_no_headers(mail_server):
    evil = replace(MESSAGE, title="Poso\r\nBcc: all@example.go.id\r\n\r\nhello", idempotency_key="a\r\nX-Evil: 1/b/c")
    channel(f"127.0.0.1:{mail_server.port}").send(evil)
    (mail,) = mail_server.wait_for(1)
    assert mail.recipients == ("noc@example.go.id",)
    assert mail.message["Bcc"] is None
    assert mail.message["X-Evil"] is None
    assert mail.message["Subject"] == "Poso Bcc: all@example.go.id hello"


anything = st.text(st.characters(), max_size=400)


@pytest.fixture(scope="module")
def standing():
    """One receiver for all examples."""
    picky = Picky("250 OK")
    controller = Controller(picky, hostname="127.0.0.1", port=free_port(socket.SOCK_STREAM))
    controller.start()
    yield picky, channel(f"127.0.0.1:{controller.port}")
    controller.stop()


@settings(deadline=None)
@given(title=anything, body=anything, key=anything)
def test_no_content_breaks_a_mail(standing, title, body, key):
    picky, sender = standing
    picky.taken.clear()
    sender.send(replace(MESSAGE, title=title, body=body, idempotency_key=key))
    (envelope,) = picky.taken
    mail = message_from_bytes(envelope.content, policy=policy.default)
    assert envelope.rcpt_tos == ["noc@example.go.id"]
    assert set(mail.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "References", "Auto-Submitted", "X-Priority",
        "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
    }  # fmt: skip
    assert not mail.defects
