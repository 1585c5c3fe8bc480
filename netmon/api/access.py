"""Who asks, and whether their role permits it."""

import ipaddress
from collections.abc import Callable
from enum import Enum, auto
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from netmon.api.problems import Problem
from netmon.api.services import Served, Services
from netmon.store.ports import Role, Token


class Permission(Enum):
    """What routes ask for. Allocating and approving get theirs when quota comes."""

    VIEW = auto()
    ACKNOWLEDGE = auto()
    AUDIT = auto()


_PERMITTED = {
    Permission.VIEW: frozenset(Role),
    Permission.ACKNOWLEDGE: frozenset({Role.OPERATOR, Role.ADMIN}),
    Permission.AUDIT: frozenset({Role.ADMIN}),
}


def permits(role: Role, permission: Permission) -> bool:
    return role in _PERMITTED[permission]


def client_of(request: Request) -> str:
    """The address to hold failures against; uvicorn puts the real one here when a trusted proxy stands in front."""
    return request.client.host if request.client else "unknown"


def is_loopback(request: Request) -> bool:
    """Whether the asker sits on this machine. A forwarded request does not, whatever its last hop says."""
    if "forwarded" in request.headers or "x-forwarded-for" in request.headers:
        return False
    try:
        return ipaddress.ip_address(client_of(request)).is_loopback
    except ValueError:
        return False


def verified(services: Services, request: Request, text: str) -> Token | None:
    """The live token of this text, or None; guesses are counted, and too many are a 429.

    A live token passes whatever its address did: it has 256 bits, so that nobody guesses one, and an office behind one
    address must not be locked out by a single wrong script in it.
    """
    token = services.ledger.tokens.verify(text, services.clock.now())
    if token is not None:
        return token
    client = client_of(request)
    if wait_s := services.throttle.blocked_for_s(client):
        raise Problem(
            429,
            f"the token is unknown or revoked, and too many were before it; try again in {wait_s} s",
            headers={"Retry-After": str(wait_s)},
        )
    services.throttle.failed(client)
    return None


_bearer = HTTPBearer(auto_error=False, description="A token made with `netmon token create NAME --role ROLE`")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def authenticated(services: Services, request: Request, credentials: HTTPAuthorizationCredentials | None) -> Token:
    """The token of the Authorization header (RFC 6750), or a 401 that says what to send."""
    if credentials is None:
        raise Problem(
            401, "send a token as 'Authorization: Bearer …'", headers={"WWW-Authenticate": 'Bearer realm="netmon"'}
        )
    token = verified(services, request, credentials.credentials)
    if token is None:
        raise Problem(
            401,
            "the token is unknown or revoked",
            headers={"WWW-Authenticate": 'Bearer realm="netmon", error="invalid_token"'},
        )
    return token


def needs(permission: Permission) -> Callable[..., Token]:
    """A dependency: the asker's token, if its role permits this."""

    def permitted(services: Served, request: Request, credentials: Credentials) -> Token:
        token = authenticated(services, request, credentials)
        if not permits(token.role, permission):
            raise Problem(403, f"the role {token.role} does not permit this")
        return token

    return permitted


Viewer = Annotated[Token, Depends(needs(Permission.VIEW))]
Operator = Annotated[Token, Depends(needs(Permission.ACKNOWLEDGE))]
Admin = Annotated[Token, Depends(needs(Permission.AUDIT))]
