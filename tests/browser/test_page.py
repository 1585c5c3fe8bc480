"""The page as a person meets it, in real Chromium."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from netmon.store.ports import Role
from tests.real.browser import screenshot
from tests.real.served import served
from tests.seeded_province import GAPPED, SATURATED, SeededProvince

SignIn = Callable[..., Page]
PAGES = {
    "overview": "/",
    "district": "/regions/72.71",
    "link": f"/links/{SATURATED}",
    "link-gap": f"/links/{GAPPED}?range=24h",
    "link-contract": "/links/palu-72-06?range=24h",
    "device": "/devices/core-palu",
    "events": "/events",
}


@pytest.mark.parametrize("name", PAGES)
def test_every_page_on_a_desk(page: Page, sign_in: SignIn, complaints: list[str], name: str) -> None:
    sign_in(page, PAGES[name])
    expect(page.locator("h1")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    assert complaints == []
    screenshot(page, f"page-{name}")
    page.emulate_media(color_scheme="dark")
    screenshot(page, f"page-{name}-dark")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_on_a_phone(phone_page: Page, sign_in: SignIn, complaints: list[str], name: str) -> None:
    sign_in(phone_page, PAGES[name])
    screenshot(phone_page, f"page-{name}-phone")
    for width in (390, 360):
        phone_page.set_viewport_size({"width": width, "height": 800})
        assert phone_page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []


def test_an_event_on_a_phone(phone_page: Page, sign_in: SignIn, province: SeededProvince) -> None:
    sign_in(phone_page, f"/events/{province.blankspot.id}")
    phone_page.set_viewport_size({"width": 360, "height": 800})
    assert phone_page.evaluate("document.documentElement.scrollWidth") <= 360
    screenshot(phone_page, "page-event-phone")


def test_from_the_map_to_the_district_to_the_link_to_its_event(page: Page, sign_in: SignIn) -> None:
    sign_in(page)
    page.locator("svg.map.wide").get_by_role("link", name=re.compile("^Poso: jenuh")).click()
    expect(page.locator("h1")).to_contain_text("Poso")
    page.get_by_role("row").get_by_role("link", name="Palu – Poso").click()
    expect(page.locator("svg.chart.wide")).to_be_visible()
    expect(page.locator("svg.chart.wide .contract-label").first).to_have_text("Kontrak 200 Mbps")
    page.locator(".events").get_by_role("link").click()
    expect(page.locator("h1")).to_have_text("Jenuh: Palu – Poso (turun)")
    expect(page.locator(".timeline li")).to_have_count(2)


def test_an_event_is_acknowledged_with_a_note(page: Page, sign_in: SignIn, province: SeededProvince) -> None:
    sign_in(page, f"/events/{province.saturation.id}")
    page.get_by_label("Catatan").fill("operator sudah dihubungi")
    page.get_by_role("button", name="Nyatakan mengetahui").click()
    expect(page.locator(".timeline .acknowledged")).to_contain_text("operator-rina: operator sudah dihubungi")
    screenshot(page, "page-event")
    record = province.ledger.events.get(province.saturation.id)
    assert record is not None
    assert [a.note for a in record.acknowledgements] == ["operator sudah dihubungi"]


def test_the_language_is_switched_and_kept(page: Page, sign_in: SignIn, address: str) -> None:
    sign_in(page, "/events?open=1")
    page.get_by_role("button", name="English").click()
    expect(page).to_have_url(f"{address}/events?open=1")
    expect(page.locator("h1")).to_have_text("Events")
    page.goto(f"{address}/")
    expect(page.locator("h1")).to_have_text("Overview")


def test_dragging_on_a_chart_zooms_and_the_pointer_reads_values(page: Page, sign_in: SignIn) -> None:
    sign_in(page, f"/links/{SATURATED}?range=24h")
    chart = page.locator("svg.chart.wide")
    box = chart.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.97, box["y"] + 80)
    expect(page.locator("#readout")).to_contain_text(re.compile(r"turun 19\d Mbps · naik"))
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.97, box["y"] + 80, steps=5)
    expect(chart.locator(".zoom")).to_have_attribute("visibility", "visible")
    page.mouse.up()
    page.wait_for_url(re.compile(r"from=\d+&to=\d+"))
    expect(page.get_by_text("diperbesar", exact=True)).to_be_visible()
    zoomed = page.locator("svg.chart.wide")
    range_s = int(zoomed.get_attribute("data-to") or 0) - int(zoomed.get_attribute("data-from") or 0)
    assert 3 * 3600 < range_s < 6 * 3600


def test_it_works_by_keyboard_alone(page: Page, sign_in: SignIn) -> None:
    sign_in(page)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.getAttribute('href')")
    assert focused.startswith("/regions/")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_be_visible()
    assert page.url.endswith(focused)


def test_signing_out_leads_back_to_the_form(page: Page, sign_in: SignIn, address: str) -> None:
    sign_in(page, role=Role.VIEWER)
    cookie = next(c for c in page.context.cookies() if c["name"] == "netmon_session")
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    page.get_by_role("button", name="Keluar").click()
    expect(page.locator("h1")).to_have_text("Masuk")
    screenshot(page, "page-sign-in")
    page.goto(f"{address}/events")
    expect(page.locator("h1")).to_have_text("Masuk")


def test_it_is_live_without_reload_and_says_when_the_connection_is_lost(
    page: Page, province: SeededProvince, tmp_path: Path
) -> None:
    province.registry = replace(province.registry, poll_interval_s=2)
    province.clock.at -= timedelta(seconds=15)
    with served(province) as address:
        page.goto(address)
        page.get_by_label("Token").fill(province.tokens[Role.VIEWER])
        page.get_by_role("button", name="Masuk").click()
        expect(page.locator(".fresh")).to_contain_text("3 dtk lalu")
        page.evaluate("window.stillTheSame = true")
        province.clock.pass_s(4)
        expect(page.locator(".fresh")).to_contain_text("7 dtk lalu")
        province.clock.pass_s(60)
        expect(page.locator(".fresh")).to_have_class("fresh stale")
        assert page.evaluate("window.stillTheSame") is True
        expect(page.locator("#lost")).to_be_hidden()
    expect(page.locator("#lost")).to_contain_text("terputus sejak")
    screenshot(page, "page-connection-lost")
