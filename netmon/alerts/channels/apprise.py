"""The long tail, through Apprise (https://github.com/caronc/apprise): some hundred services by URL.

Apprise gives a yes or no, and its reason as log text only. So the text is kept, without the URL's parts, and a failure
is tried again unless an HTTP status in it says that this cannot help.
"""

import re
from contextlib import suppress
from urllib.parse import unquote

from netmon.alerts.channel import DeliveryFailed, Message
from netmon.alerts.channels.discretion import keep_urls_out_of_logs, redacted
from netmon.alerts.config import AppriseConfig
from netmon.alerts.plain import one_line, plain

_HTTP_STATUS = re.compile(r"error\s*=\s*(\d{3})")
_HOPELESS = frozenset({400, 401, 403, 404, 405, 410, 422})


class AppriseChannel:
    """Sends to what one Apprise URL names."""

    def __init__(self, config: AppriseConfig) -> None:
        self.id = config.id
        self._config = config

    def send(self, message: Message) -> str:
        import apprise  # takes most of a second: only who uses it waits for it

        keep_urls_out_of_logs()
        service = apprise.Apprise()
        if not service.add(self._url()):
            raise DeliveryFailed("Apprise does not understand this channel's URL", retry=False)
        severity = apprise.NotifyType.FAILURE if message.severity == "critical" else apprise.NotifyType.WARNING
        result = service.notify(
            title=one_line(message.title, 256) or "netmon",
            body=plain(message.body).strip() or "-",
            notify_type=severity,
            body_format=apprise.NotifyFormat.TEXT,
            interpret_escapes=False,
            timeout=2 * self._config.timeout_s,
        )
        if result:
            return "accepted by Apprise"
        raise self._failure("; ".join(entry.message for entry in result.logs()))

    def _url(self) -> str:
        """The configured URL with our time-out and with overflow=split: Apprise's own default loses a long text's
        end."""
        url, timeout_s = self._config.url.get_secret_value(), self._config.timeout_s
        wanted = f"overflow=split&cto={timeout_s:g}&rto={timeout_s:g}"
        return f"{url}{'&' if '?' in url else '?'}{wanted}"

    def _failure(self, said: str) -> DeliveryFailed:
        status = _HTTP_STATUS.search(said)
        reason = redacted(said, self._secrets()) or "Apprise gave no reason"
        return DeliveryFailed(one_line(reason, 200), retry=not (status and int(status[1]) in _HOPELESS))

    def _secrets(self) -> set[str]:
        """Every part of the URL after the scheme that is long enough to be a secret, as written and decoded."""
        url = self._config.url.get_secret_value()
        found = {part for part in re.split(r"[/:@?&=,]+", url.partition("://")[2]) if len(part) >= 4}
        with suppress(ValueError):
            found |= {unquote(part) for part in found}
        return found | {url}
