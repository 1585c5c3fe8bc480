"""What the unit tests of the API and of the page share: a seeded province with real stores beneath."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.seeded_province import SeededProvince, seeded_province


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SeededProvince]:
    """Written once; every test works on a copy."""
    folder = tmp_path_factory.mktemp("seeded")
    province = seeded_province(folder, hours=2)
    province.ledger.close()
    return folder, province


@pytest.fixture
def province(seeded: tuple[Path, SeededProvince], tmp_path: Path) -> Iterator[SeededProvince]:
    folder, template = seeded
    copy = template.copied(folder, tmp_path)
    yield copy
    copy.ledger.close()
