"""From a token typed once to a session, and out again."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from netmon.api.config import ApiConfig
from netmon.store.ports import Role
from netmon.web.visit import own_path
from tests.seeded_province import SeededProvince

CsrfOf = Callable[[str], str]


def test_a_page_without_a_session_leads_to_the_form_and_back(visitor: TestClient) -> None:
    answer = visitor.get("/links/palu-72-02?range=1h")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/links/palu-72-02%3Frange%3D1h")


def test_a_token_becomes_a_session_that_scripts_and_other_sites_cannot_use(
    visitor: TestClient, province: SeededProvince, csrf_of: CsrfOf
) -> None:
    form = visitor.get("/sign-in?next=/events").text
    answer = visitor.post(
        "/sign-in", data={"token": province.tokens[Role.VIEWER], "csrf": csrf_of(form), "next": "/events"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/events")
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("netmon_session="))
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert "Secure" not in cookie
    assert province.tokens[Role.VIEWER] not in cookie
    assert visitor.get("/").status_code == 200
    assert [(r.who, r.action) for r in province.ledger.audit.newest(1)] == [("viewer-rina", "session.opened")]


def test_behind_tls_cookies_are_secure(province: SeededProvince) -> None:
    client = TestClient(province.app(ApiConfig(secure_cookies=True)))
    assert "; Secure" in client.get("/sign-in").headers["set-cookie"]


def test_a_wrong_token_is_refused_in_words(visitor: TestClient, csrf_of: CsrfOf) -> None:
    form = visitor.get("/sign-in").text
    answer = visitor.post("/sign-in", data={"token": "wrong", "csrf": csrf_of(form)})
    assert answer.status_code == 401
    assert "tidak dikenal" in answer.text
    assert "wrong" not in answer.text


def test_guessing_on_the_form_is_slowed_down_and_a_live_token_signs_in_all_the_same(
    visitor: TestClient, province: SeededProvince, csrf_of: CsrfOf
) -> None:
    csrf = csrf_of(visitor.get("/sign-in").text)
    answers = [visitor.post("/sign-in", data={"token": "x", "csrf": csrf}) for _ in range(21)]
    assert [a.status_code for a in answers] == [401] * 20 + [429]
    assert answers[-1].headers["retry-after"] == "60"
    assert visitor.post("/sign-in", data={"token": province.tokens[Role.VIEWER], "csrf": csrf}).status_code == 303


def test_a_sign_in_from_another_site_is_refused(visitor: TestClient, province: SeededProvince) -> None:
    token = province.tokens[Role.VIEWER]
    assert visitor.post("/sign-in", data={"token": token}).status_code == 403
    assert visitor.post("/sign-in", data={"token": token, "csrf": "0" * 64}).status_code == 403
    assert visitor.get("/").status_code == 303


def test_signing_out_ends_the_session_for_good(signed_in: TestClient, csrf_of: CsrfOf) -> None:
    session = signed_in.cookies["netmon_session"]
    assert signed_in.post("/sign-out", data={"csrf": "0" * 64}).status_code == 403
    assert signed_in.post("/sign-out", data={"csrf": csrf_of(signed_in.get("/").text)}).status_code == 303
    signed_in.cookies.set("netmon_session", session)
    assert signed_in.get("/").status_code == 303


def test_a_session_ends_by_itself(signed_in: TestClient, province: SeededProvince) -> None:
    province.clock.pass_s(12 * 3600 + 1)
    assert signed_in.get("/").status_code == 303
    assert signed_in.get("/", headers={"X-Fragment": "1"}).status_code == 401


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "", "/a\r\nSet-Cookie: x=y"]
)
def test_the_way_back_never_leads_elsewhere(path: str) -> None:
    assert own_path(path) == "/"
