"""Chromium draws a page at both sizes, with text, and reaches nothing but loopback."""

import struct
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page

from tests.real.browser import DESKTOP, PHONE, screenshot
from tests.real.http import Answer, HttpReceiver

_PAGE = """data:text/html,<meta name=viewport content='width=device-width'><meta charset=utf-8>
<body style='font-family:sans-serif'><h1>Kendari 82 %25</h1><p id=here></p>
<script>here.textContent = new Date(0).toLocaleString() + ' ' + innerWidth</script>"""


def _pixels(png: Path) -> tuple[int, int]:
    """Width and height out of the PNG header (the IHDR chunk)."""
    width, height = struct.unpack(">II", png.read_bytes()[16:24])
    return width, height


def test_a_page_is_drawn_at_the_size_of_a_desk(page: Page) -> None:
    page.goto(_PAGE)
    assert page.inner_text("#here") == f"1/1/1970, 08.00.00 {DESKTOP['width']}"
    assert _pixels(screenshot(page, "check-desktop")) == (DESKTOP["width"], DESKTOP["height"])


def test_a_page_is_drawn_at_the_size_of_a_phone(phone_page: Page) -> None:
    phone_page.goto(_PAGE)
    assert phone_page.inner_text("#here").endswith(f" {PHONE['width']}")
    assert _pixels(screenshot(phone_page, "check-phone")) == (2 * PHONE["width"], 2 * PHONE["height"])


def test_only_loopback_is_reached(page: Page, http_receiver: HttpReceiver) -> None:
    http_receiver.answer_always(Answer(body=b"<p>local</p>", headers={"Content-Type": "text/html"}))
    page.goto(http_receiver.url)
    assert page.inner_text("p") == "local"
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://example.test/")
