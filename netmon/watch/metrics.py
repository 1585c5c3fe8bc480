"""What the watch counts of itself."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class WatchMetrics:
    """One set per process, in the registry that the wiring made."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.step_s = Histogram("netmon_watch_step_seconds", "Duration of one step", registry=registry)
        self.findings = Counter("netmon_watch_findings", "Findings handled", registry=registry)
        self.changes = Counter(
            "netmon_watch_event_changes", "Transitions of events", ["kind", "transition"], registry=registry
        )
        self.open_events = Gauge("netmon_watch_open_events", "Events that are open", ["kind"], registry=registry)
        self.leads = Gauge("netmon_watch_leads", "1 while this process holds the lease", registry=registry)
        self.ledger_unavailable = Counter(
            "netmon_watch_ledger_unavailable", "Steps given up because the ledger did not answer", registry=registry
        )
        self.finding_age_s = Histogram(
            "netmon_watch_finding_age_seconds",
            "From a finding's instant to its handling",
            buckets=(0.5, 1, 2, 3, 5, 10, 30, 60, 300, 3600),
            registry=registry,
        )
