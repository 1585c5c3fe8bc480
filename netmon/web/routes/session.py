"""Signing in and out, and choosing a language."""

import secrets
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse

from netmon.api.access import verified
from netmon.api.problems import Problem
from netmon.store.ports import AuditRow, Token
from netmon.web.csrf import check_csrf, csrf_token
from netmon.web.visit import LANGUAGE_COOKIE, SESSION_COOKIE, AnyVisit, SignedIn, Visit, own_path
from netmon.web.words import LANGUAGES

router = APIRouter()
FORM_COOKIE = "netmon_form"
"""Before there is a session the sign-in form is bound to this one, so that nobody can be signed in by another site."""
Text = Annotated[str, Form(max_length=2000)]


@router.get("/sign-in")
def sign_in_form(visit: AnyVisit, next: str = "/") -> Response:
    return _form(visit, own_path(next))


@router.post("/sign-in")
def sign_in(visit: AnyVisit, token: Text = "", csrf: Text = "", next: Text = "/") -> Response:
    """Swap a token for a session; its text is not kept in the browser."""
    try:
        check_csrf(visit.request, visit.request.cookies.get(FORM_COOKIE), csrf)
    except Problem:
        return _form(visit, own_path(next), 403, visit.words("sign_in.expired"))
    try:
        known = verified(visit.services, visit.request, token.strip())
    except Problem as blocked:
        wait_s = blocked.headers["Retry-After"]
        response = _form(visit, own_path(next), 429, visit.words("sign_in.blocked", seconds=wait_s))
        response.headers["Retry-After"] = wait_s
        return response
    if known is None:
        return _form(visit, own_path(next), 401, visit.words("sign_in.wrong"))
    return _opened(visit, known, own_path(next))


@router.post("/sign-out")
def sign_out(visit: SignedIn, csrf: Text = "") -> Response:
    check_csrf(visit.request, visit.session, csrf)
    if visit.session is not None:
        visit.services.ledger.tokens.close_session(visit.session)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(SESSION_COOKIE)
    return response


@router.post("/language")
def language(visit: AnyVisit, language: Text = "", next: Text = "/") -> Response:
    """Changes nothing but how one browser reads, so it needs no session."""
    response = RedirectResponse(own_path(next), 303)
    if language in LANGUAGES:
        _set_cookie(response, visit, LANGUAGE_COOKIE, language, timedelta(days=365))
    return response


def _form(visit: Visit, next_path: str, status: int = 200, error: str = "") -> Response:
    secret = visit.request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(24)
    response = visit.render("sign_in.html", status, next=next_path, error=error, form_csrf=csrf_token(secret))
    _set_cookie(response, visit, FORM_COOKIE, secret, timedelta(hours=12))
    return response


def _opened(visit: Visit, token: Token, next_path: str) -> Response:
    services = visit.services
    ttl = timedelta(hours=services.config.session_hours)
    services.ledger.audit.append(AuditRow(services.clock.now(), token.name, "session.opened", f"token:{token.id}"))
    response = RedirectResponse(next_path, 303)
    _set_cookie(
        response, visit, SESSION_COOKIE, services.ledger.tokens.open_session(token, services.clock.now(), ttl), ttl
    )
    response.delete_cookie(FORM_COOKIE)
    return response


def _set_cookie(response: Response, visit: Visit, name: str, value: str, lives: timedelta) -> None:
    response.set_cookie(
        name,
        value,
        max_age=int(lives.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=visit.services.config.secure_cookies,
    )
