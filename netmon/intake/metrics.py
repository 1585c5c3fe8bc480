"""What the intake counts."""

from collections.abc import Mapping

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from netmon.model.columns import LinkSamples
from netmon.model.sample import Flag
from netmon.store.ports import SpoolEntry


class IntakeMetrics:
    """Families in the registry that the wiring made."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.reports = Counter("netmon_intake_reports_total", "Poll reports taken in", ["outcome"], registry=registry)
        self.undeclared = Counter(
            "netmon_intake_undeclared_reports_total", "Reports on devices not in the registry", registry=registry
        )
        self.samples = Counter("netmon_intake_samples_total", "Samples committed", ["kind"], registry=registry)
        self.flags = Counter(
            "netmon_intake_flagged_samples_total", "Link samples committed with a flag", ["flag"], registry=registry
        )
        self.findings = Counter(
            "netmon_intake_findings_total", "Findings committed", ["signal", "transition"], registry=registry
        )
        self.dropped = Counter(
            "netmon_intake_dropped_samples_total",
            "Samples lost because the spool failed",
            ["device"],
            registry=registry,
        )
        self.pending = Gauge("netmon_intake_pending_samples", "Samples not yet committed", registry=registry)
        self.commit_s = Histogram("netmon_intake_commit_seconds", "Duration of a commit", registry=registry)
        self.commit_failures = Counter(
            "netmon_intake_commit_failures_total", "Commits that the spool refused", registry=registry
        )
        self.clock_jumps = Counter(
            "netmon_intake_clock_jumps_total", "Jumps of the wall against the monotonic clock", registry=registry
        )
        self.clock_offset_s = Gauge(
            "netmon_intake_clock_offset_seconds", "Size of a recent jump of the wall clock, else 0", registry=registry
        )

    def committed(self, entry: SpoolEntry) -> None:
        self.samples.labels("link").inc(len(entry.batch.links))
        self.samples.labels("device").inc(len(entry.batch.devices))
        flags = LinkSamples.of(entry.batch.links).figures["flags"]
        for flag in Flag:
            count = int(np.count_nonzero(flags & flag))
            if count:
                self.flags.labels(flag.name.lower()).inc(count)  # type: ignore[union-attr]
        for finding in entry.findings:
            self.findings.labels(finding.signal.value, finding.transition.value).inc()

    def lost(self, dropped: Mapping[str, int]) -> None:
        for device, count in dropped.items():
            self.dropped.labels(device).inc(count)
