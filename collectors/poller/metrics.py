"""What the collector counts, for its process's /metrics."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from netmon.model.poll import PollReport


class CollectorMetrics:
    """``netmon_collector_…``; the registry is the process's own, handed in by the wiring."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.duration = Gauge(
            "netmon_collector_poll_duration_seconds",
            "Of the last poll of each device, and which SNMP engine asked it",
            ["device", "engine"],
            registry=registry,
        )
        self.polls = Counter("netmon_collector_polls", "Polls by outcome", ["outcome", "engine"], registry=registry)
        self.overruns = Counter(
            "netmon_collector_overruns", "Turns that fell due while the poll before was under way", registry=registry
        )
        self.faults = Counter("netmon_collector_faults", "Polls that ended in a fault of netmon", registry=registry)
        self.in_flight = Gauge("netmon_collector_polls_in_flight", "Polls under way", registry=registry)
        self.lag = Gauge(
            "netmon_collector_schedule_lag_seconds",
            "How late the last poll of a living device began",
            registry=registry,
        )
        self.silent = Gauge("netmon_collector_silent_devices", "Devices that miss poll after poll", registry=registry)
        self.devices = Gauge("netmon_collector_devices", "Devices on the schedule", registry=registry)

    def polled(self, report: PollReport) -> None:
        """Count one report."""
        self.duration.labels(report.device_id, report.engine).set(report.elapsed_s)
        self.polls.labels(report.outcome.value, report.engine).inc()
