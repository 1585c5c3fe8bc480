"""SIGHUP: a good change is shown, audited and in force; a faulty file is refused whole; and all goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from signal import SIGHUP, SIGTERM
from typing import Any

import httpx
import pytest

from netmon.configuration import load_configuration
from netmon.store.open import open_ledger, open_series
from netmon.store.ports import AuditRow
from tests.real.service import Service, running_command, running_service, wait_for
from tests.real.simulated import Network, running_network

INTERVAL_S = 1
PROCESSES = ("collect-1", "watch", "serve")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running_network(tmp_path_factory.mktemp("agents"), leaves=6) as running:
        yield running


@contextmanager
def service_of_four(network: Network, folder: Path) -> Iterator[Service]:
    """A service that knows four of the six leaves, and has seen rates of all their links."""
    network.order(dark=set(), full=set(), down=set())
    configuration = network.configuration(folder, INTERVAL_S) | network.declared(network.leaves[:4])
    with running_service(folder, configuration) as service:
        wait_for("rates", lambda: all(link["down"]["rate_bps"] for link in service.get("/api/v1/links")), 20)
        yield service


def audited(service: Service, admin: str) -> list[dict[str, Any]]:
    """The audit's rows about swaps, as an administrator sees them."""
    answer = httpx.get(f"{service.url}/api/v1/audit", headers={"Authorization": f"Bearer {admin}"})
    assert answer.status_code == 200, answer.text
    return [row for row in answer.json() if row["action"] == "configuration.swapped"]


def declare(service: Service, network: Network, leaves: int, down_mbps: int) -> None:
    """Write a configuration of so many leaves, with another contract on the first link."""
    service.configuration |= network.declared(network.leaves[:leaves])
    service.configuration["links"][0]["contract_mbps"] = {"down": down_mbps, "up": 100}
    service.write()


def links(service: Service) -> dict[str, dict[str, Any]]:
    """The API's links by id; nothing while the API starts again."""
    try:
        return {link["id"]: link for link in service.get("/api/v1/links")}
    except httpx.HTTPError:
        return {}


def contract_bps(service: Service, link: str) -> int | None:
    found = links(service).get(link)
    return found["down"]["contract_bps"] if found else None


def test_a_good_change_is_shown_audited_and_in_force(network: Network, tmp_path: Path) -> None:
    with service_of_four(network, tmp_path) as service:
        admin = service.token("admin")
        network.order(dark={"leaf-02"})
        (before,) = wait_for("the event of the dark leaf", lambda: service.events(open=True), 20)
        declare(service, network, leaves=5, down_mbps=200)
        service.send(SIGHUP)
        wait_for("the new contract", lambda: contract_bps(service, "core-leaf-01") == 200_000_000, 30)
        wait_for(
            "the new leaf's rate", lambda: links(service).get("leaf-05-lan", {}).get("down", {}).get("rate_bps"), 30
        )
        wait_for("three audit rows", lambda: {row["who"] for row in audited(service, admin)} == set(PROCESSES), 15)
        (fingerprint,) = {row["detail"]["fingerprint"] for row in audited(service, admin)}
        assert all("devices: + leaf-05" in row["detail"]["changes"] for row in audited(service, admin))
        assert fingerprint == load_configuration(service.config).registry.fingerprint
        network.order(dark=set())
        (after,) = wait_for("its recovery", lambda: [e for e in service.events() if e["closed_at"]], 20)
        assert (after["id"], after["close_reason"]) == (before["id"], "recovered")
        assert_series_continue(service, "core-leaf-03")
    log = service.log.read_text()
    assert "the new configuration is accepted:" in log
    assert "links.core-leaf-01.contract_mbps: 100/100 → 200/100" in log
    assert "devices: + leaf-05" in log
    assert "died" not in log
    assert "Traceback" not in log


def assert_series_continue(service: Service, link: str) -> None:
    """No counter is lost over the swap: each sample's octets are those since the one before it."""
    series = open_series(load_configuration(service.config).configuration.store)
    now = datetime.now(UTC)
    samples = series.link_samples(link, now - timedelta(minutes=5), now)
    assert len(samples) > 10
    for earlier, later in pairwise(samples):
        assert later.down_octets == (later.down_counter or 0) - (earlier.down_counter or 0)
    assert max((b.at - a.at).total_seconds() for a, b in pairwise(samples)) < 10


def test_what_is_no_longer_declared_closes_its_event(network: Network, tmp_path: Path) -> None:
    with service_of_four(network, tmp_path) as service:
        network.order(down={"core/leaf-04"})
        wait_for("the cut's event", lambda: service.events(open=True), 20)
        declare(service, network, leaves=3, down_mbps=100)
        service.send(SIGHUP)
        wait_for("the link is gone", lambda: (found := links(service)) and "core-leaf-04" not in found, 20)
        (event,) = wait_for("its event's close", lambda: [e for e in service.events() if e["closed_at"]], 20)
        assert event["subject"]["id"] == "core-leaf-04"


def test_a_faulty_file_is_refused_whole(network: Network, tmp_path: Path) -> None:
    with service_of_four(network, tmp_path) as service:
        admin = service.token("admin")
        pids = {name: service.child(name) for name in ("collect", "watch", "serve")}
        good = service.config.read_text()
        service.config.write_text(
            good.replace("poll_interval_s: 1", "poll_intervall_s: 1").replace("if_name: lan", "if_nam: lan", 1)
        )
        service.send(SIGHUP)
        wait_for("the refusal", lambda: "refused, the old one stays" in service.log.read_text(), 10)
        wait_for("every fault", lambda: "if_nam" in service.log.read_text(), 5)
        refused_at = time.time()
        wait_for("a poll after it", lambda: newest(service) > refused_at + 2 * INTERVAL_S, 10)
        assert {name: service.child(name) for name in pids} == pids
        assert audited(service, admin) == []
        said = service.log.read_text()
        assert 'did you mean "poll_interval_s"' in said
        assert 'did you mean "if_name"' in said
        service.kill("watch")  # whoever dies while the file is faulty waits for a good one; the others go on
        wait_for("its refusal", lambda: "watch died (exit code 2)" in service.log.read_text(), 15)
        assert {name: service.child(name) for name in pids} == pids | {"watch": 0}
        service.config.write_text(good.replace("down: 100.0", "down: 50.0", 1))
        service.send(SIGHUP)
        wait_for("the mended file in force", lambda: contract_bps(service, "core-leaf-01") == 50_000_000, 20)
        wait_for("the watch leads again", lambda: service.log.read_text().count("this watch leads now") >= 2, 20)


def newest(service: Service) -> float:
    stamps = [link["sampled_at"] for link in links(service).values() if link["sampled_at"]]
    return datetime.fromisoformat(max(stamps)).timestamp()


@pytest.mark.parametrize(("command", "name"), [("collect", "collect-1"), ("watch", "watch"), ("serve", "serve")])
def test_each_process_alone_swaps_and_refuses_too(network: Network, tmp_path: Path, command: str, name: str) -> None:
    service = Service(tmp_path, network.configuration(tmp_path, INTERVAL_S) | network.declared(network.leaves[:2]))
    ledger = open_ledger(load_configuration(service.config).configuration.store)
    ledger.migrate()

    def fingerprint() -> str:
        return next((b.registry_fingerprint for b in ledger.heartbeats.all() if b.process == name), "")

    def swaps() -> list[AuditRow]:
        return [row for row in ledger.audit.newest(10) if row.action == "configuration.swapped"]

    with running_command(service.log, command, str(service.config)) as process:
        first = wait_for("a heartbeat", fingerprint, 15)
        good = service.config.read_text()
        service.config.write_text(good.replace("72.01", "73.01"))
        process.send_signal(SIGHUP)
        wait_for("the refusal", lambda: "configuration refused" in service.log.read_text(), 10)
        declare(service, network, leaves=3, down_mbps=100)
        process.send_signal(SIGHUP)
        second = wait_for("another heartbeat", lambda: fingerprint() not in (first, "") and fingerprint(), 15)
        assert second == load_configuration(service.config).registry.fingerprint
        assert [(row.who, row.subject) for row in swaps()] == [(name, str(service.config))]
        assert process.poll() is None
        process.send_signal(SIGTERM)
        assert process.wait(15) == 0
    words = [json.loads(line) for line in service.log.read_text().splitlines() if line.startswith("{")]
    refused = [line["fault"] for line in words if line["event"].startswith("configuration refused")]
    assert len(refused) > 1
    assert all(str(service.config) in fault for fault in refused)
    assert [line["changes"] for line in words if line["event"] == "configuration accepted"]
    assert "Traceback" not in service.log.read_text()


def test_sighups_in_a_row_end_in_the_last_configuration(network: Network, tmp_path: Path) -> None:
    """Also while a process is on its way from the one to the next: no SIGHUP kills, none is lost."""
    service = Service(tmp_path, network.configuration(tmp_path, INTERVAL_S) | network.declared(network.leaves[:2]))
    ledger = open_ledger(load_configuration(service.config).configuration.store)
    ledger.migrate()
    with running_command(service.log, "watch", str(service.config)) as process:
        wait_for("a heartbeat", ledger.heartbeats.all, 15)
        for leaves in (3, 4, 5, 6):
            declare(service, network, leaves, down_mbps=100)
            process.send_signal(SIGHUP)
            time.sleep(0.7)
            assert process.poll() is None
        last = load_configuration(service.config).registry.fingerprint
        wait_for("the last one", lambda: [b.registry_fingerprint for b in ledger.heartbeats.all()] == [last], 15)
