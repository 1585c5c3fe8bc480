"""E-mail over SMTP (RFC 5321), with or without TLS.

The Message-ID follows from the idempotency key, so that a repeat shows as the same message, and the mails of one event
refer to one another (RFC 5322 section 3.6.4), so that they stand in one thread.
"""

import re
import smtplib
import ssl
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr

from netmon.alerts.channel import DeliveryFailed, Message
from netmon.alerts.config import EmailConfig, host_and_port
from netmon.alerts.plain import one_line, plain
from netmon.model.clock import Clock

_PRIORITY = {"critical": "1", "warning": "3"}


class EmailChannel:
    """Sends to a list of addresses through one server."""

    def __init__(self, config: EmailConfig, clock: Clock) -> None:
        self.id = config.id
        self._config = config
        self._clock = clock

    def send(self, message: Message) -> str:
        try:
            return self._submit(self._mail(message))
        except (smtplib.SMTPException, OSError) as error:
            raise _failure(error) from None
        except ValueError as error:
            kind = type(error).__name__
            raise DeliveryFailed(f"an address of this channel is not valid ({kind})", retry=False) from None

    def _submit(self, mail: EmailMessage) -> str:
        """Hand it over. What goes wrong after the server has taken it is no failure: it would be sent again."""
        server = self._connect()
        try:
            if self._config.username is not None and self._config.password is not None:
                server.login(self._config.username, self._config.password.get_secret_value())
            refused = server.send_message(mail)
        except BaseException:
            server.close()
            raise
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
        return " ".join((str(mail["Message-ID"]), *(f"refused: {name} ({refused[name][0]})" for name in refused)))

    def _connect(self) -> smtplib.SMTP:
        host, port, timeout_s = *host_and_port(self._config.smtp), self._config.timeout_s
        if self._config.tls == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=timeout_s, context=ssl.create_default_context())
        server = smtplib.SMTP(host, port, timeout=timeout_s)
        if self._config.tls == "starttls":
            try:
                server.starttls(context=ssl.create_default_context())
            except BaseException:
                server.close()
                raise
        return server

    def _mail(self, message: Message) -> EmailMessage:
        sender = Address(addr_spec=parseaddr(self._config.sender)[1])
        event = message.idempotency_key.split("/", 1)[0]
        mail = EmailMessage(policy=SMTP_POLICY)
        mail["From"] = self._config.sender
        mail["To"] = ", ".join(self._config.to)
        mail["Subject"] = one_line(message.title, 256) or "netmon"
        mail["Date"] = format_datetime(self._clock.now())
        mail["Message-ID"] = _message_id(message.idempotency_key, sender.domain)
        mail["References"] = _message_id(f"{event}/{self.id}", sender.domain)
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: absence notes must not answer
        mail["X-Priority"] = _PRIORITY.get(message.severity, "3")
        mail.set_content(plain(message.body), charset="utf-8", cte="base64")
        return mail


def _message_id(key: str, domain: str) -> str:
    """The key as a dot-atom (RFC 5322 section 3.2.3): its parts joined by dots, anything odd in them replaced."""
    parts = (re.sub(r"[^A-Za-z0-9_-]", "=", part) or "=" for part in key.split("/"))
    return f"<{'.'.join(parts)}@{domain}>"


def _failure(error: smtplib.SMTPException | OSError) -> DeliveryFailed:
    """4yz is "not now", 5yz is "never" (RFC 5321 section 4.2.1); a connection that breaks may hold the next time."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            codes = {code for code, _ in error.recipients.values()}
            said = "; ".join(f"{name}: {_reply(code, text)}" for name, (code, text) in error.recipients.items())
            return DeliveryFailed(one_line(f"all recipients refused: {said}", 200), retry=any(c < 500 for c in codes))
        case smtplib.SMTPResponseException():
            return DeliveryFailed(_reply(error.smtp_code, error.smtp_error), retry=error.smtp_code < 500)
        case smtplib.SMTPNotSupportedError():
            return DeliveryFailed("the server does not offer what is configured (STARTTLS, AUTH, UTF-8)", retry=False)
        case TimeoutError():
            return DeliveryFailed("the server did not answer in time", retry=True)
        case _:
            return DeliveryFailed(one_line(f"connection failed: {error}", 200), retry=True)


def _reply(code: int, text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return one_line(f"the server answered {code} {said}", 160)
