"""`netmon demo` as a stranger meets it: within a minute a link saturates and a district goes dark, on the page."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.real.browser import screenshot
from tests.real.service import NETMON, free_port, wait_for

FIRST_MINUTE_S = 60


@dataclass
class Demo:
    url: str
    token: str
    process: subprocess.Popen[bytes]
    log: Path
    started_s: float
    """Monotonic, when the routers had begun to answer."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    log = folder / "demo.log"
    command = [*NETMON, "demo", "--path", str(folder / "data"), "--port", str(free_port())]
    with log.open("wb") as written:
        process = subprocess.Popen(command, stdout=written, stderr=written, start_new_session=True)
    try:
        wait_for("the page's address", lambda: "Ctrl-C stops" in log.read_text(), 40)
        said = log.read_text()
        url = re.search(r"the page is at (\S+)/ ", said)
        token = re.search(r"with this token: (\S+)", said)
        assert url
        assert token
        wait_for("the routers", lambda: "agents answer" in log.read_text(), 40)
        yield Demo(url[1], token[1], process, log, time.monotonic())
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def signed_in(demo: Demo, page: Page) -> Page:
    wait_for("the server", lambda: "listening" in demo.log.read_text(), 20)
    page.goto(demo.url)
    page.get_by_label("Token").fill(demo.token)
    page.get_by_role("button", name="Masuk").click()
    page.wait_for_url(f"{demo.url}/")
    return page


def left_ms(demo: Demo, until_s: float) -> float:
    """Milliseconds until so many seconds after the routers began, plus what a busy machine may need."""
    return max(1.0, demo.started_s + until_s + 30 - time.monotonic()) * 1000


def test_the_incident_shows_itself_without_a_reload(demo: Demo, signed_in: Page) -> None:
    expect(signed_in.get_by_text("Provinsi simulasi")).to_be_visible()
    open_events = signed_in.locator("#main")
    expect(open_events.get_by_text(re.compile("^Jenuh: "))).to_be_visible(timeout=left_ms(demo, FIRST_MINUTE_S))
    expect(open_events.get_by_text(re.compile("^Blank spot: "))).to_be_visible(timeout=left_ms(demo, FIRST_MINUTE_S))
    screenshot(signed_in, "demo-overview")
    signed_in.get_by_text(re.compile("^Blank spot: ")).click()
    expect(signed_in.locator("h1")).to_contain_text("Blank spot")
    screenshot(signed_in, "demo-blankspot")


def test_the_saturated_link_has_a_chart_with_its_contract(demo: Demo, signed_in: Page) -> None:
    signed_in.get_by_text(re.compile("^Jenuh: ")).click()
    screenshot(signed_in, "demo-saturation")
    signed_in.locator("a[href^='/links/']").first.click()
    expect(signed_in.locator("svg.chart.wide")).to_be_visible()
    screenshot(signed_in, "demo-link")


def test_it_fits_a_phone(demo: Demo, phone_page: Page) -> None:
    phone_page.goto(demo.url)
    phone_page.get_by_label("Token").fill(demo.token)
    phone_page.get_by_role("button", name="Masuk").click()
    phone_page.wait_for_url(f"{demo.url}/")
    assert phone_page.evaluate("document.documentElement.scrollWidth") <= 390
    screenshot(phone_page, "demo-overview-phone")


def test_the_district_comes_back(demo: Demo, signed_in: Page) -> None:
    expect(signed_in.get_by_text(re.compile("^Blank spot: "))).to_be_hidden(timeout=left_ms(demo, 180))


def test_ctrl_c_stops_it_cleanly(demo: Demo) -> None:
    os.kill(demo.process.pid, signal.SIGINT)
    assert demo.process.wait(20) == 0
    said = demo.log.read_text()
    assert said.rstrip().endswith("stopped")
    assert "Traceback" not in said
