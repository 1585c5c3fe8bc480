"""Who may ask for what."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from netmon.store.ports import Role
from tests.seeded_province import NOW, SeededProvince

BEHIND_A_TOKEN = ("/api/v1/regions", "/api/v1/devices", "/api/v1/links", "/api/v1/events", "/openapi.json", "/metrics")


@pytest.mark.parametrize("path", BEHIND_A_TOKEN)
def test_without_a_token_there_is_a_401_that_says_how(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("role", Role)
def test_every_role_may_look(client: TestClient, province: SeededProvince, role: Role) -> None:
    for path in BEHIND_A_TOKEN:
        assert client.get(path, headers=province.bearer(role)).status_code == 200, path


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.VIEWER, 403), (Role.OPERATOR, 200), (Role.ALLOCATOR, 403), (Role.APPROVER, 403), (Role.ADMIN, 200)],
)
def test_operators_and_administrators_acknowledge(
    client: TestClient, province: SeededProvince, role: Role, status: int
) -> None:
    path = f"/api/v1/events/{province.saturation.id}/acknowledge"
    assert client.post(path, json={}, headers=province.bearer(role)).status_code == status


def test_only_administrators_read_the_audit_trail(client: TestClient, province: SeededProvince) -> None:
    assert client.get("/api/v1/audit", headers=province.bearer(Role.OPERATOR)).status_code == 403
    assert client.get("/api/v1/audit", headers=province.bearer(Role.ADMIN)).status_code == 200


def test_a_revoked_token_is_refused(client: TestClient, province: SeededProvince) -> None:
    token = next(t for t in province.ledger.tokens.all() if t.role is Role.VIEWER)
    assert province.ledger.tokens.revoke(token.id, NOW)
    answer = client.get("/api/v1/links", headers=province.bearer(Role.VIEWER))
    assert answer.status_code == 401
    assert "invalid_token" in answer.headers["www-authenticate"]


def test_a_session_cookie_opens_no_api(client: TestClient, province: SeededProvince) -> None:
    token = province.ledger.tokens.verify(province.tokens[Role.ADMIN], NOW)
    assert token is not None
    client.cookies.set("netmon_session", province.ledger.tokens.open_session(token, NOW, timedelta(hours=1)))
    assert client.get("/api/v1/links").status_code == 401


def test_guessing_is_slowed_down_and_ends(client: TestClient, province: SeededProvince) -> None:
    guess = {"Authorization": "Bearer netmon-guess"}
    statuses = [client.get("/api/v1/links", headers=guess).status_code for _ in range(25)]
    assert statuses == [401] * 20 + [429] * 5
    blocked = client.get("/api/v1/links", headers=guess)
    assert (blocked.status_code, blocked.headers["retry-after"]) == (429, "60")
    province.clock.pass_s(61)
    assert client.get("/api/v1/links", headers=guess).status_code == 401


def test_a_live_token_passes_from_an_address_that_guesses(client: TestClient, province: SeededProvince) -> None:
    """An office behind one address: one wrong script in it locks nobody else out, nor does a live token absolve it."""
    guess = {"Authorization": "Bearer netmon-guess"}
    for _ in range(25):
        client.get("/api/v1/links", headers=guess)
    assert client.get("/api/v1/links", headers=province.bearer()).status_code == 200
    assert client.get("/api/v1/links", headers=guess).status_code == 429


def test_loopback_reads_metrics_without_a_token_and_a_forwarded_request_does_not(province: SeededProvince) -> None:
    client = TestClient(province.app(), client=("127.0.0.1", 50000))
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
