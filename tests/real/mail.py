"""A real SMTP receiver (aiosmtpd) on loopback that keeps what it is sent, or refuses as a test tells it to."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.real.components import free_port


@dataclass(frozen=True)
class Mail:
    """One accepted message with its envelope; `message` is parsed, so `message["Subject"]` is decoded text."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    at: float = 0.0
    """Unix seconds of its acceptance."""

    @property
    def text(self) -> str:
        """The plain text part."""
        part = self.message.get_body(("plain",))
        return part.get_content() if part is not None else ""


class MailServer:
    """The receiver; `running_mail_server` makes and ends it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._accepted: list[Mail] = []
        self._refusals: list[str] = []
        self._refuse_always: str | None = None
        self._attempts = 0
        self._controller: Controller | None = None
        self.host = "127.0.0.1"
        self.port = 0
        """The port it listens on; chosen at the first start and kept over a stop, as a server's is."""

    @property
    def mails(self) -> list[Mail]:
        """What has been accepted so far, in order."""
        with self._changed:
            return list(self._accepted)

    @property
    def attempts(self) -> int:
        """How many messages were offered, the refused ones included."""
        with self._changed:
            return self._attempts

    def start(self) -> None:
        """Listen."""
        self.port = self.port or free_port(socket.SOCK_STREAM)
        self._controller = Controller(self, hostname=self.host, port=self.port)
        self._controller.start()

    def stop(self) -> None:
        """Close the port: connections are refused until the next start. Harmless when it is closed."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def refuse(self, reply: str, times: int | None = None) -> None:
        """Answer the next `times` messages (None: all) with a reply such as `451 4.3.0 try later` or `550 5.1.1 no`."""
        with self._changed:
            if times is None:
                self._refuse_always = reply
            else:
                self._refusals += [reply] * times

    def accept(self) -> None:
        """Refuse no more."""
        with self._changed:
            self._refusals.clear()
            self._refuse_always = None

    def wait_for(self, count: int, timeout_s: float = 10.0) -> list[Mail]:
        """Wait until `count` messages were accepted and return them; raises TimeoutError otherwise."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._accepted) >= count, timeout_s):
                raise TimeoutError(f"{len(self._accepted)} of {count} mails in {timeout_s} s")
            return list(self._accepted)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """aiosmtpd's hook: one message is complete; the result is the SMTP reply."""
        with self._changed:
            self._attempts += 1
            refusal = self._refusals.pop(0) if self._refusals else self._refuse_always
            if refusal is None:
                content = envelope.content if isinstance(envelope.content, bytes) else b""
                message = message_from_bytes(content, policy=policy.default)
                self._accepted.append(Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), message, time.time()))
            self._changed.notify_all()
        return refusal or "250 2.0.0 OK"


@contextmanager
def running_mail_server() -> Iterator[MailServer]:
    """A receiver on a free port of loopback, closed when the body is left."""
    server = MailServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
