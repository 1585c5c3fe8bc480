"""The page in real Chromium, by Playwright's synchronous API, at the size of a desk and of a phone.

The browser lives as long as a test module and not the session: while it does, Playwright keeps an event loop running
in this thread, and every asyncio test after it would fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.real import components
from tests.real.components import PROJECT, require

DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
"""CSS pixels of a common phone; the page is drawn at two device pixels each."""

_DEADLINE_MS = 10_000


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Headless Chromium that can reach loopback alone. Raises `Missing` if there is none."""
    program = components.chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program.path,
            env={name: value for name, value in program.environment().items()},
            args=["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"],
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def open_page(browser: Browser, size: ViewportSize = DESKTOP) -> Iterator[Page]:
    """A page with no cookies of others, in Indonesian and in the time of Makassar."""
    phone = size["width"] < 600
    context = browser.new_context(
        viewport=size,
        is_mobile=phone,
        has_touch=phone,
        device_scale_factor=2 if phone else 1,
        locale="id-ID",
        timezone_id="Asia/Makassar",
    )
    context.set_default_timeout(_DEADLINE_MS)
    try:
        yield context.new_page()
    finally:
        context.close()


def screenshot(page: Page, name: str) -> Path:
    """Save the whole page as `.build/artefacts/NAME.png`, for people to look at."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
        raise ValueError(f"screenshot name {name!r}: use lower case letters, digits, - and _")
    path = PROJECT / ".build" / "artefacts" / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, full_page=True)
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium for the tests of one module, which must all be synchronous."""
    require(components.chromium)
    with running_browser() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page at the size of a desk."""
    with open_page(browser) as opened:
        yield opened


@pytest.fixture
def phone_page(browser: Browser) -> Iterator[Page]:
    """A page at the size of a phone, with touch."""
    with open_page(browser, PHONE) as opened:
        yield opened
