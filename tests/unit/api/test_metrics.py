"""One exposition for all processes, over real HTTP on loopback."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server
from prometheus_client.parser import text_string_to_metric_families

from netmon.api.metrics import Exposition, is_loopback_url
from netmon.store.ports import Heartbeat

AT = datetime(2026, 11, 21, tzinfo=UTC)


def _registry(polls: int) -> CollectorRegistry:
    registry = CollectorRegistry()
    Counter("netmon_polls", "Polls done", ["outcome"], registry=registry).labels("complete").inc(polls)
    return registry


@pytest.fixture
def collector() -> Iterator[Heartbeat]:
    server, thread = start_http_server(0, addr="127.0.0.1", registry=_registry(7))
    yield Heartbeat("collect-1", AT, AT, "f", f"http://127.0.0.1:{server.server_port}/metrics")
    server.shutdown()
    thread.join()
    server.server_close()


def _samples(text: bytes) -> dict[tuple[str, str], float]:
    return {
        (sample.name, sample.labels.get("process", "")): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_families_of_all_processes_are_merged_under_one_name(collector: Heartbeat) -> None:
    text = Exposition(_registry(2)).render([collector])
    assert text.count(b"# TYPE netmon_polls_total counter") == 1
    samples = _samples(text)
    assert samples["netmon_polls_total", "serve"] == 2
    assert samples["netmon_polls_total", "collect-1"] == 7
    assert samples["netmon_process_up", "collect-1"] == 1


def test_a_process_that_does_not_answer_is_down_and_the_rest_is_there(collector: Heartbeat) -> None:
    dead = Heartbeat("watch", AT, AT, "f", "http://127.0.0.1:1/metrics")
    samples = _samples(Exposition(_registry(2)).render([dead, collector]))
    assert samples["netmon_process_up", "watch"] == 0
    assert samples["netmon_polls_total", "collect-1"] == 7


def test_a_family_of_another_type_is_left_out(collector: Heartbeat) -> None:
    registry = CollectorRegistry()
    Gauge("netmon_polls", "Not a counter", registry=registry).set(5)
    samples = _samples(Exposition(registry).render([collector]))
    assert samples["netmon_polls", "serve"] == 5
    assert ("netmon_polls_total", "collect-1") not in samples


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("http://127.0.0.1:9101/metrics", True),
        ("http://[::1]:9101/metrics", True),
        ("http://10.0.0.1/metrics", False),
        ("http://169.254.169.254/latest", False),
        ("http://127.0.0.1.example.org/metrics", False),
        ("http://127.0.0.1@10.0.0.1/metrics", False),
        ("file:///etc/passwd", False),
        ("http://[::1", False),
    ],
)
def test_only_loopback_is_ever_fetched(url: str, safe: bool) -> None:
    assert is_loopback_url(url) is safe
