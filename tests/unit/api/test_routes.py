"""What the API says of a seeded province."""

from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from netmon.api.config import ApiConfig
from netmon.store.ports import Role, StoreUnavailable
from tests.seeded_province import COMMUNITY, DARK, GAPPED, NOW, SATURATED, WITHOUT_CONTRACT, SeededProvince


def test_a_saturated_link_says_so_in_integers(client: TestClient, province: SeededProvince) -> None:
    link = client.get(f"/api/v1/links/{SATURATED}", headers=province.bearer()).json()
    assert link["state"] == "saturated"
    assert link["down"]["contract_bps"] == 200_000_000
    assert isinstance(link["down"]["rate_bps"], int)
    assert link["down"]["percent"] == round(link["down"]["rate_bps"] / 2_000_000, 1)
    assert link["events"] == [province.saturation.id]


def test_lesson_17_an_unknown_contract_gives_no_percentage(client: TestClient, province: SeededProvince) -> None:
    link = client.get(f"/api/v1/links/{WITHOUT_CONTRACT}", headers=province.bearer()).json()
    assert link["down"]["rate_bps"] > 0
    assert link["down"]["contract_bps"] is None
    assert link["down"]["percent"] is None


def test_a_dark_district_and_its_events(client: TestClient, province: SeededProvince) -> None:
    regions = {r["code"]: r for r in client.get("/api/v1/regions", headers=province.bearer()).json()}
    assert regions[DARK]["state"] == "dark"
    assert regions["72.02"]["state"] == "saturated"
    assert regions["72.01"]["state"] == "ok"
    assert client.get(f"/api/v1/regions/{DARK}", headers=province.bearer()).json() == regions[DARK]


def test_stale_samples_make_everything_unknown(client: TestClient, province: SeededProvince) -> None:
    province.clock.pass_s(600)
    link = client.get("/api/v1/links/palu-72-01", headers=province.bearer()).json()
    assert link["state"] == "unknown"
    assert link["down"]["rate_bps"] is None


@pytest.mark.parametrize("path", ["regions/72.99", "devices/none", "links/none", "links/none/series", "events/none"])
def test_what_is_not_there_is_a_404_that_names_it(client: TestClient, province: SeededProvince, path: str) -> None:
    answer = client.get(f"/api/v1/{path}", headers=province.bearer())
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert path.split("/")[1] in answer.json()["detail"]


def test_lesson_18_a_gap_is_null_and_never_zero(client: TestClient, province: SeededProvince) -> None:
    asked = {"from": (NOW - timedelta(hours=4)).isoformat(), "to": NOW.isoformat(), "step": 60}
    series = client.get(f"/api/v1/links/{GAPPED}/series", params=asked, headers=province.bearer()).json()
    empty = [point for point in series["points"] if point["coverage"] == 0]
    assert len(series["points"]) == 240
    assert empty
    assert {point["down_bps"] for point in empty} == {None}
    assert all(point["down_bps"] > 0 for point in series["points"] if point["coverage"] > 0)
    assert series["coverage"] == pytest.approx(1 - len(empty) / 240, abs=0.02)


def test_lesson_33_range_and_points_are_bounded(province: SeededProvince) -> None:
    client = TestClient(province.app(ApiConfig(max_points=100, max_range_days=10)), headers=province.bearer())
    path = f"/api/v1/links/{SATURATED}/series"
    long = client.get(path, params={"from": (NOW - timedelta(days=11)).isoformat(), "to": NOW.isoformat()})
    assert (long.status_code, long.json()["max_range_days"]) == (400, 10)
    fine = {"from": (NOW - timedelta(hours=10)).isoformat(), "to": NOW.isoformat(), "step": 60}
    many = client.get(path, params=fine)
    assert (many.status_code, many.json()["max_points"], many.json()["least_step_s"]) == (400, 100, 360)
    fits = client.get(path, params={**fine, "step": many.json()["least_step_s"]})
    assert (fits.status_code, len(fits.json()["points"])) == (200, 100)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"from": "2026-11-21T05:00:00"}, 422),
        ({"from": "yesterday"}, 422),
        ({"step": "0"}, 422),
        ({"from": "2026-11-21T06:00:00Z", "to": "2026-11-21T05:00:00Z"}, 400),
        ({"from": "0001-01-01T00:00:00+14:00"}, 400),
        ({"to": "9999-12-31T23:59:59-12:00"}, 400),
        ({"to": "1970-01-01T00:00:00Z"}, 400),
    ],
)
def test_windows_that_make_no_sense_are_problems(
    client: TestClient, province: SeededProvince, asked: dict[str, str], status: int
) -> None:
    answer = client.get(f"/api/v1/links/{SATURATED}/series", params=asked, headers=province.bearer())
    assert answer.status_code == status
    assert answer.json()["status"] == status


def test_lesson_39_times_are_utc(client: TestClient, province: SeededProvince) -> None:
    event = client.get(f"/api/v1/events/{province.saturation.id}", headers=province.bearer()).json()
    assert event["opened_at"].endswith("Z")
    assert datetime.fromisoformat(event["opened_at"]) == province.saturation.opened_at


def test_events_are_paged_and_filtered(client: TestClient, province: SeededProvince) -> None:
    def ids(**asked: str | int) -> list[str]:
        page = client.get("/api/v1/events", params=asked, headers=province.bearer()).json()
        return [item["id"] for item in page["items"]]

    page = client.get("/api/v1/events", params={"limit": 2}, headers=province.bearer()).json()
    assert (page["total"], len(page["items"])) == (3, 2)
    assert ids(limit=2) + ids(limit=2, offset=2) == ids()
    assert set(ids(open=True)) == {province.saturation.id, province.blankspot.id}
    assert ids(link=SATURATED) == [province.saturation.id]
    assert ids(kind="blankspot") == [province.blankspot.id]


def test_an_event_tells_its_history_deliveries_and_acknowledgements(
    client: TestClient, province: SeededProvince
) -> None:
    event = client.get(f"/api/v1/events/{province.saturation.id}", headers=province.bearer()).json()
    assert [c["transition"] for c in event["history"]] == ["opened", "raised"]
    assert [c["severity"] for c in event["history"]] == ["warning", "critical"]
    assert event["deliveries"][0]["state"] == "delivered"
    dark = client.get(f"/api/v1/events/{province.blankspot.id}", headers=province.bearer()).json()
    assert dark["acknowledgements"][0]["who"] == "budi"


def test_an_acknowledgement_is_recorded_and_audited_once(client: TestClient, province: SeededProvince) -> None:
    path = f"/api/v1/events/{province.saturation.id}/acknowledge"
    for note in ("sudah dihubungi", "sekali lagi"):
        answer = client.post(path, json={"note": note}, headers=province.bearer(Role.OPERATOR))
        assert answer.status_code == 200
        assert [(a["who"], a["note"]) for a in answer.json()["acknowledgements"]] == [
            ("operator-rina", "sudah dihubungi")
        ]
    audit = client.get("/api/v1/audit", headers=province.bearer(Role.ADMIN)).json()
    assert [(r["who"], r["action"]) for r in audit].count(("operator-rina", "event.acknowledged")) == 1


def test_no_answer_holds_a_community(client: TestClient, province: SeededProvince) -> None:
    for path in ("regions", "devices", "links", "events", "devices/core-palu"):
        assert COMMUNITY not in client.get(f"/api/v1/{path}", headers=province.bearer(Role.ADMIN)).text


def test_alive_and_ready_are_open_and_terse(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_not_ready_names_what_is_missing(
    client: TestClient, province: SeededProvince, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> None:
        raise StoreUnavailable("the ledger at /secret/path is locked")

    monkeypatch.setattr(province.ledger, "ping", gone)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["detail"]) == (503, "cannot reach the ledger")
    assert client.get("/healthz").status_code == 200
