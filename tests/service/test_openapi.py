"""The API holds to its own description, whoever asks and whatever is asked (schemathesis)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import CHECKS, load_all_checks

from netmon.store.ports import Role
from tests.real.served import served
from tests.seeded_province import SATURATED, SeededProvince, seeded_province, unopened_province

load_all_checks()
CHECKED = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
        "unsupported_method",
    ]
)
"""Not ``ignored_auth``: its wrong tokens would be throttled, rightly; test_access.py shows what it would."""


schema = schemathesis.openapi.from_dict(unopened_province().app().openapi())


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeededProvince]:
    seeded = seeded_province(Path(tmp_path_factory.mktemp("seeded")), hours=1)
    yield seeded
    seeded.ledger.close()


@pytest.fixture(scope="module")
def address(province: SeededProvince) -> Iterator[str]:
    with served(province) as url:
        yield url


@schema.parametrize()
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_api_holds_to_its_description_for_every_role(case: Case, province: SeededProvince, address: str) -> None:
    """Once with what schemathesis makes up for ids, and once with ids that exist."""
    known = {"code": "72.02", "device_id": "core-palu", "link_id": SATURATED, "event_id": province.saturation.id}
    for role in Role:
        case.call_and_validate(address, headers=province.bearer(role), checks=CHECKED)
    if case.path_parameters:
        case.path_parameters = {name: known[name] for name in case.path_parameters}
        case.call_and_validate(address, headers=province.bearer(Role.ADMIN), checks=CHECKED)


def test_every_operation_tells_its_problems_and_the_description_has_examples() -> None:
    description = schema.raw_schema
    for path, operations in description["paths"].items():
        for operation in operations.values():
            assert operation["responses"]["200"]["description"]
            if path.startswith("/api/"):
                assert {"400", "401", "403", "422", "429", "503"} <= operation["responses"].keys(), path
            if "{" in path:
                assert "404" in operation["responses"], path
    link = description["components"]["schemas"]["LinkSchema"]["properties"]
    assert link["id"]["examples"] == ["palu-poso"]
    assert "HTTPValidationError" not in description["components"]["schemas"]
