"""A seeded province served by a real server on loopback, and somebody who has signed in."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, Page

from netmon.store.ports import Role
from tests.real.served import served
from tests.seeded_province import SeededProvince, seeded_province


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SeededProvince]:
    folder = tmp_path_factory.mktemp("seeded")
    province = seeded_province(folder)
    province.ledger.close()
    return folder, province


@pytest.fixture
def province(seeded: tuple[Path, SeededProvince], tmp_path: Path) -> Iterator[SeededProvince]:
    folder, template = seeded
    copy = template.copied(folder, tmp_path)
    yield copy
    copy.ledger.close()


@pytest.fixture
def address(province: SeededProvince) -> Iterator[str]:
    with served(province) as url:
        yield url


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console says of any page that was signed in: violated policies, scripts that failed."""
    return []


@pytest.fixture
def sign_in(province: SeededProvince, address: str, complaints: list[str]) -> Callable[..., Page]:
    """Types a token into the form and ends on the page that was wanted."""

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def go(page: Page, path: str = "/", role: Role = Role.OPERATOR) -> Page:
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address + path)
        page.get_by_label("Token").fill(province.tokens[role])
        page.get_by_role("button", name="Masuk").click()
        page.wait_for_url(address + path)
        return page

    return go
