"""One /metrics for all processes: our own families, merged with those that the others' heartbeats point to."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

import httpx
import structlog
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from netmon.store.ports import Heartbeat

MAX_BYTES = 4_000_000
"""Of one process's exposition; a longer one is refused."""


def is_loopback_url(url: str) -> bool:
    """Only http to a loopback address by number is ever fetched: a heartbeat is data, and must not aim us elsewhere."""
    try:
        parts = urlsplit(url)
        return parts.scheme == "http" and ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


class Exposition:
    """Gathers and renders the metrics of the whole service."""

    def __init__(self, own: CollectorRegistry, process: str = "serve", timeout_s: float = 1.0) -> None:
        self._own = own
        self._process = process
        self._timeout_s = timeout_s

    def render(self, heartbeats: Sequence[Heartbeat]) -> bytes:
        """Prometheus text format 0.0.4. A process that does not answer has ``netmon_process_up`` 0 and no more."""
        sources: dict[str, Iterable[Metric]] = {self._process: self._own.collect()}
        up = Metric("netmon_process_up", "Whether the process's own metrics could be read", "gauge")
        up.add_sample(up.name, {"process": self._process}, 1)
        with httpx.Client(timeout=self._timeout_s, follow_redirects=False, trust_env=False) as client:
            for beat in heartbeats:
                if beat.metrics_url is None or beat.process in sources:
                    continue
                families = self._fetch(client, beat.process, beat.metrics_url)
                up.add_sample(up.name, {"process": beat.process}, int(families is not None))
                sources[beat.process] = families or ()
        return generate_latest(_registry_of([up, *merged(sources)]))

    def _fetch(self, client: httpx.Client, process: str, url: str) -> list[Metric] | None:
        if not is_loopback_url(url):
            structlog.get_logger().warning("metrics address is not on loopback and is not fetched", process=process)
            return None
        try:
            with client.stream("GET", url) as response:
                response.raise_for_status()
                text = _bounded(response)
            return list(text_string_to_metric_families(text))
        except (httpx.HTTPError, ValueError) as error:
            structlog.get_logger().info("metrics of a process cannot be read", process=process, error=str(error))
            return None


def merged(sources: Mapping[str, Iterable[Metric]]) -> Iterator[Metric]:
    """One family per name with every process's samples, each labelled ``process``. Where two processes disagree
    about a family's type, the first one's stands and the other's samples are left out: mixed they mean nothing."""
    families: dict[str, Metric] = {}
    for process, metrics in sources.items():
        for metric in metrics:
            family = families.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
            if family.type != metric.type:
                continue
            family.samples.extend(_labelled(sample, process) for sample in metric.samples)
    yield from families.values()


def _labelled(sample: Sample, process: str) -> Sample:
    return sample._replace(labels={**sample.labels, "process": process})


def _bounded(response: httpx.Response) -> str:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > MAX_BYTES:
            raise ValueError(f"more than {MAX_BYTES} bytes of metrics")
    return body.decode()


class _Given(Collector):
    """A collector that hands out what it was given."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _registry_of(metrics: Iterable[Metric]) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Given(metrics))
    return registry
