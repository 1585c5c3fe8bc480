"""What the notifier counts."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class AlertMetrics:
    """Deliveries by channel: how attempts ended, and how long the oldest waits."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.attempts = Counter(
            "netmon_alerts_attempts_total",
            "Ended attempts to deliver, by outcome: delivered, retried, failed",
            ["channel", "outcome"],
            registry=registry,
        )
        self.overdue_s = Gauge(
            "netmon_alerts_oldest_pending_seconds",
            "Since the oldest unfinished delivery was first due; 0 where none is",
            ["channel"],
            registry=registry,
        )
