"""Somebody looks at a page: who it is, in which language, and how an answer is rendered for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from netmon.api.access import permits
from netmon.api.services import Services, services_of
from netmon.store.ports import Token
from netmon.web.csrf import csrf_token
from netmon.web.titles import Titles
from netmon.web.words import DEFAULT_LANGUAGE, LANGUAGES, Format, Words

SESSION_COOKIE = "netmon_session"
LANGUAGE_COOKIE = "netmon_language"
FRAGMENT_HEADER = "x-fragment"
"""The page's script asks for the main part alone with it."""


class SignInNeeded(Exception):
    """The page needs a session; the edge sends a person to the sign-in form."""


class Stage:
    """Templates and texts, loaded at their first use and kept for the application's life."""

    @cached_property
    def templates(self) -> Environment:
        return Environment(
            loader=PackageLoader("netmon.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    @cached_property
    def words(self) -> Mapping[str, Words]:
        return {language: Words.load(language) for language in LANGUAGES}


@dataclass(frozen=True)
class Visit:
    """One request for a page. ``token`` and ``session`` are None before the sign-in."""

    request: Request
    services: Services
    words: Words
    format: Format
    token: Token | None = None
    session: str | None = None

    @property
    def titles(self) -> Titles:
        return Titles(self.services.registry, self.words)

    @property
    def refresh_s(self) -> int:
        """How often the script asks again: as often as there can be news, within reason."""
        return min(max(self.services.registry.poll_interval_s, 2), 30)

    def render(self, template: str, status_code: int = 200, **context: Any) -> HTMLResponse:
        stage: Stage = self.request.app.state.stage
        layout = "fragment.html" if FRAGMENT_HEADER in self.request.headers else "layout.html"
        body = stage.templates.get_template(template).render(
            visit=self,
            layout=layout,
            t=self.words,
            f=self.format,
            titles=self.titles,
            registry=self.services.registry,
            thresholds=self.services.signals.saturation_for,
            permits=permits,
            csrf=csrf_token(self.session) if self.session else "",
            **context,
        )
        return HTMLResponse(body, status_code, headers={"Vary": "Cookie, X-Fragment"})


def language_of(request: Request) -> str:
    language = request.cookies.get(LANGUAGE_COOKIE, DEFAULT_LANGUAGE)
    return language if language in LANGUAGES else DEFAULT_LANGUAGE


def anonymous(request: Request) -> Visit:
    """A visit that needs no session: the sign-in form, an error."""
    services = services_of(request)
    words: Words = request.app.state.stage.words[language_of(request)]
    return Visit(request, services, words, Format(words, services.registry.timezone))


def signed_in(request: Request) -> Visit:
    """A visit with a live session, or SignInNeeded."""
    visit = anonymous(request)
    session = request.cookies.get(SESSION_COOKIE)
    token = visit.services.ledger.tokens.session(session, visit.services.clock.now()) if session else None
    if token is None:
        raise SignInNeeded
    return Visit(request, visit.services, visit.words, visit.format, token, session)


AnyVisit = Annotated[Visit, Depends(anonymous)]
SignedIn = Annotated[Visit, Depends(signed_in)]


def sign_in_address(request: Request) -> str:
    """Where to sign in, and where to go afterwards; the query string stays with it."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "GET" or wanted == "/":
        return "/sign-in"
    return f"/sign-in?next={quote(wanted, safe='/')}"


def own_path(path: str) -> str:
    """A path on this server to go on to; anything that could lead elsewhere becomes the overview."""
    if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path:
        return path
    return "/"
