"""What the intake counts of what was committed."""

from prometheus_client import CollectorRegistry

from netmon.intake.metrics import IntakeMetrics
from netmon.model.columns import LinkSamples
from netmon.model.sample import Batch, Flag
from netmon.store.ports import SpoolEntry
from tests.samples import device_sample, link_sample


def test_samples_are_counted_and_each_flag_of_theirs() -> None:
    registry = CollectorRegistry()
    metrics = IntakeMetrics(registry)
    flags = (Flag.NONE, Flag.WRAP, Flag.WRAP | Flag.GAP, Flag.GAP, Flag.GAP)
    rows = tuple(link_sample(flags=flag) for flag in flags)
    metrics.committed(SpoolEntry(Batch(LinkSamples.of(rows), (device_sample(),))))
    metrics.committed(SpoolEntry(Batch(rows[:2])))
    counted = {
        sample.labels.get("kind") or sample.labels.get("flag"): sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name in ("netmon_intake_samples_total", "netmon_intake_flagged_samples_total")
    }
    assert counted == {"link": 7, "device": 1, "wrap": 3, "gap": 3}
