"""A browser without a browser: a client that has signed in to a seeded province."""

import re
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from netmon.store.ports import Role
from tests.seeded_province import SeededProvince

SignIn = Callable[..., Response]


@pytest.fixture
def visitor(province: SeededProvince) -> TestClient:
    """Nobody yet; asks for pages as a browser does and follows no redirects."""
    return TestClient(
        province.app(), raise_server_exceptions=False, follow_redirects=False, headers={"Accept": "text/html"}
    )


@pytest.fixture
def signed_in(province: SeededProvince, visitor: TestClient) -> TestClient:
    """An operator with a session."""
    page = visitor.get("/sign-in").text
    response = visitor.post("/sign-in", data={"token": province.tokens[Role.OPERATOR], "csrf": csrf_of(page)})
    assert response.status_code == 303
    return visitor


def csrf_of(page: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert found, "the page has no form with a CSRF token"
    return found[1]


@pytest.fixture(name="csrf_of")
def _csrf_of() -> Callable[[str], str]:
    return csrf_of
