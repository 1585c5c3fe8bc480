"""A client over a seeded province with real stores beneath."""

import pytest
from fastapi.testclient import TestClient

from tests.seeded_province import SeededProvince


@pytest.fixture
def client(province: SeededProvince) -> TestClient:
    return TestClient(province.app(), raise_server_exceptions=False)
