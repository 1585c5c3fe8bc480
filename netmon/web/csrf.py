"""Forms carry a token that only the session's owner can know: an HMAC of the session's secret."""

import hmac
from hashlib import sha256

from fastapi import Request

from netmon.api.problems import Problem


def csrf_token(session: str) -> str:
    """For a hidden field. It does not tell the session's text."""
    return hmac.new(session.encode(), b"netmon form", sha256).hexdigest()


def check_csrf(request: Request, session: str | None, token: str) -> None:
    """403 unless the form came from our own page in this session. Browsers that say where a form came from
    (Sec-Fetch-Site) are held to it as well."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Problem(403, "the form came from another site")
    if session is None or not hmac.compare_digest(csrf_token(session).encode(), token.encode()):
        raise Problem(403, "the form has expired; load the page again")
