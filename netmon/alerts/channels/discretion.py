"""Libraries log the addresses they call, and an alert channel's address is its password. They are kept from it here."""

import logging
from collections.abc import Iterable

import httpx


class _HostOnly(logging.Filter):
    """httpx logs every request's whole URL at INFO; what is left of it is scheme and host."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_host_only(arg) if isinstance(arg, httpx.URL) else arg for arg in record.args)
        return True


class _NothingBelowInfo(logging.Filter):
    """Apprise and urllib3 put URLs into DEBUG records alone."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.INFO


_HOST_ONLY = _HostOnly()
_NOTHING_BELOW_INFO = _NothingBelowInfo()


def keep_urls_out_of_logs() -> None:
    """Filter the records of httpx, Apprise and urllib3, whatever level they are set to. Doing it again is harmless."""
    logging.getLogger("httpx").addFilter(_HOST_ONLY)
    for name in ("apprise", "urllib3.connectionpool"):
        logging.getLogger(name).addFilter(_NOTHING_BELOW_INFO)


def redacted(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret in it, longest first, replaced by asterisks."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _host_only(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.host}/***"
