"""What the pages say, and that they say it safely."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from netmon.model.registry import Region
from netmon.store.ports import Role
from tests.seeded_province import COMMUNITY, GAPPED, NEW, SATURATED, WITHOUT_CONTRACT, SeededProvince

CsrfOf = Callable[[str], str]
PAGES = (
    "/",
    "/regions/72.02",
    "/regions/72.71",
    f"/links/{SATURATED}",
    f"/links/{GAPPED}?range=1h",
    "/links/palu-72-06?range=24h",
    f"/links/{WITHOUT_CONTRACT}?range=7d",
    f"/links/{SATURATED}?from=1795236000&to=1795239000",
    "/devices/core-palu",
    "/devices/rtr-72-09",
    "/events",
    "/events?open=1",
)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_lives_under_the_strict_policy_and_tells_no_secret(signed_in: TestClient, path: str) -> None:
    page = signed_in.get(path)
    assert page.status_code == 200
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script>", page.text)
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page.text)
    assert COMMUNITY not in page.text


def test_the_overview_names_what_is_wrong(signed_in: TestClient) -> None:
    page = signed_in.get("/").text
    assert "Jenuh: Palu – Poso (turun)" in page
    assert "Blank spot: Tojo Una-Una" in page
    assert "Provinsi simulasi." in page
    assert "14:30:02 WITA" in page


def test_lesson_39_people_read_the_provinces_time(signed_in: TestClient, province: SeededProvince) -> None:
    page = signed_in.get(f"/events/{province.saturation.id}").text
    assert "21 Nov 2026 14:06 WITA" in page
    assert 'datetime="2026-11-21T06:06:20+00:00"' in page


def test_a_link_without_a_contract_has_no_percentage(signed_in: TestClient) -> None:
    page = signed_in.get(f"/links/{WITHOUT_CONTRACT}").text
    assert "Tanpa kontrak" in page
    assert 'class="contract-label"' not in page


def test_a_young_service_shows_a_range_that_it_can_fill(signed_in: TestClient) -> None:
    assert '<a href="?range=6h" aria-current="true">' in signed_in.get(f"/links/{SATURATED}").text
    assert '<a href="?range=15m" aria-current="true">' in signed_in.get(f"/links/{NEW}").text


def test_the_95th_percentile_does_not_move_with_the_zoom(signed_in: TestClient) -> None:
    """Its 5-minute means are those of the clock: windows that touch the same of them agree."""
    start, end = 1795236000, 1795239000
    assert start % 300 == end % 300 == 0
    pages = [signed_in.get(f"/links/{SATURATED}?from={start + s}&to={end - s}").text for s in (0, 60, 120, 240)]
    rows = [re.findall(r"Persentil 95.*", page) for page in pages]
    assert rows[0]
    assert rows == [rows[0]] * len(rows)


def test_old_data_is_called_stale(signed_in: TestClient, province: SeededProvince) -> None:
    province.clock.pass_s(3600)
    page = signed_in.get("/").text
    assert "Data basi: sampel terbaru 1 j" in page
    assert "#s-unknown" in page


def test_the_language_is_a_cookie(signed_in: TestClient) -> None:
    answer = signed_in.post("/language", data={"language": "en", "next": "/events"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/events")
    page = signed_in.get("/events").text
    assert '<html lang="en">' in page
    assert "Blank spot: Tojo Una-Una" in page
    assert "acknowledged" in signed_in.get("/events?open=1").text or "✓ budi" in page


def test_the_script_gets_the_main_part_alone(signed_in: TestClient) -> None:
    part = signed_in.get("/", headers={"X-Fragment": "1"}).text
    assert part.startswith("<main")
    assert "<html" not in part
    assert "Jenuh: Palu – Poso (turun)" in part


def test_an_event_is_acknowledged_by_a_form_with_its_csrf_token(
    signed_in: TestClient, province: SeededProvince, csrf_of: CsrfOf
) -> None:
    path = f"/events/{province.saturation.id}"
    assert signed_in.post(f"{path}/acknowledge", data={"note": "x"}).status_code == 403
    csrf = csrf_of(signed_in.get(path).text)
    elsewhere = signed_in.post(
        f"{path}/acknowledge", data={"note": "x", "csrf": csrf}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert elsewhere.status_code == 403
    answer = signed_in.post(f"{path}/acknowledge", data={"note": "<b>saya lihat</b>", "csrf": csrf})
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    page = signed_in.get(path).text
    assert "&lt;b&gt;saya lihat&lt;/b&gt;" in page
    assert "Anda sudah menyatakan mengetahui" in page


def test_a_viewer_is_told_that_acknowledging_is_for_others(
    visitor: TestClient, province: SeededProvince, csrf_of: CsrfOf
) -> None:
    form = visitor.get("/sign-in").text
    visitor.post("/sign-in", data={"token": province.tokens[Role.VIEWER], "csrf": csrf_of(form)})
    path = f"/events/{province.saturation.id}"
    page = visitor.get(path).text
    assert "tidak dapat menyatakan mengetahui" in page
    assert visitor.post(f"{path}/acknowledge", data={"csrf": csrf_of(page)}).status_code == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [("/links/none", 404), ("/regions/72.99", 404), ("/nowhere", 404), (f"/links/{SATURATED}?range=9y", 400)],
)
def test_errors_are_pages_for_people(signed_in: TestClient, path: str, status: int) -> None:
    answer = signed_in.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["x-request-id"] in answer.text


def test_names_from_the_configuration_are_escaped(province: SeededProvince, csrf_of: CsrfOf) -> None:
    hostile = Region("72.01", '<script>alert(1)</script>"', "Luwuk", (-0.95, 122.79))
    province.registry = replace(province.registry, regions={**province.registry.regions, "72.01": hostile})
    client = TestClient(province.app(), headers={"Accept": "text/html"})
    form = client.get("/sign-in").text
    client.post("/sign-in", data={"token": province.tokens[Role.VIEWER], "csrf": csrf_of(form)})
    for path in ("/", "/regions/72.01"):
        page = client.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_pages_are_small_on_the_wire(signed_in: TestClient) -> None:
    for path in ("/", f"/links/{SATURATED}?range=24h", "/static/netmon.js"):
        answer = signed_in.get(path, headers={"Accept-Encoding": "gzip"})
        assert answer.headers["content-encoding"] == "gzip"
        assert int(answer.headers["content-length"]) < 40_000


def test_an_empty_service_has_a_page(province: SeededProvince, csrf_of: CsrfOf) -> None:
    province.registry = replace(province.registry, regions={}, links={}, devices={}, sites={}, agencies={})
    client = TestClient(province.app(), headers={"Accept": "text/html"})
    form = client.get("/sign-in").text
    page = client.post("/sign-in", data={"token": province.tokens[Role.VIEWER], "csrf": csrf_of(form)})
    assert "belum menyebut wilayah" in page.text
