"""Errors, headers and what is not served."""

import pytest
from fastapi.testclient import TestClient

from netmon.store.ports import StoreUnavailable
from tests.seeded_province import SeededProvince


def test_an_exception_inside_tells_nothing_but_its_request_id(
    client: TestClient, province: SeededProvince, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(province.ledger.heartbeats, "all", broken)
    answer = client.get("/api/v1/links", headers=province.bearer())
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "hunter2" not in answer.text
    assert answer.json()["instance"].endswith(answer.headers["x-request-id"])
    assert "content-security-policy" in answer.headers


def test_a_store_that_is_gone_is_a_503(
    client: TestClient, province: SeededProvince, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise StoreUnavailable("the series store at /secret/path is full")

    monkeypatch.setattr(province.series, "latest_links", gone)
    answer = client.get("/api/v1/links", headers=province.bearer())
    assert answer.status_code == 503
    assert "/secret/path" not in answer.text
    assert answer.headers["retry-after"]


def test_a_validation_error_does_not_repeat_what_was_sent(client: TestClient, province: SeededProvince) -> None:
    answer = client.get("/api/v1/events", params={"kind": "my-secret"}, headers=province.bearer())
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["location"] == "query.kind"
    assert "my-secret" not in answer.text


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/links", "/nowhere", "/sign-in", "/static/netmon.css"])
def test_every_answer_carries_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/api/v1/nothing"])
def test_what_is_not_served_is_a_problem(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_wrong_method_names_the_right_ones(client: TestClient, province: SeededProvince) -> None:
    answer = client.delete("/api/v1/links", headers=province.bearer())
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


def test_requests_are_counted_by_route_template(client: TestClient, province: SeededProvince) -> None:
    for link in ("palu-72-01", "palu-72-02", "none"):
        client.get(f"/api/v1/links/{link}", headers=province.bearer())
    text = client.get("/metrics", headers=province.bearer()).text
    labels = 'method="GET",process="serve",route="/api/v1/links/{link_id}",status="200"'
    assert f"netmon_api_requests_total{{{labels}}} 2.0" in text


def test_a_body_is_bounded_whether_announced_or_not(client: TestClient, province: SeededProvince) -> None:
    path = f"/api/v1/events/{province.saturation.id}/acknowledge"
    announced = client.post(path, content=b"x" * 70_000, headers=province.bearer())
    assert announced.status_code == 413
    assert announced.headers["content-type"] == "application/problem+json"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    unannounced = client.post("/sign-in", content=(b"x" * 10_000 for _ in range(20)), headers=form)
    assert unannounced.status_code in (400, 413)
