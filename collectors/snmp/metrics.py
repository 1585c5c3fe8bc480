"""What the batch engine counts, for its process's /metrics."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from collectors.snmp.batch import BatchEngine

_DROPPED = ("garbled", "unasked", "elsewhere", "estranged")
"""Why a datagram is not believed (``Mailbox.dropped``); each is shown from the start, for a rate needs a zero."""


class BatchMetrics(Collector):
    """``netmon_snmp_...``, read when somebody asks, from whatever thread: the hot path does no more than add one."""

    def __init__(self, engine: BatchEngine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        mailboxes = self._engine.mailboxes
        dropped = CounterMetricFamily(
            "netmon_snmp_dropped_datagrams", "Datagrams that were not believed", labels=["reason"]
        )
        for reason in _DROPPED:
            dropped.add_metric([reason], sum(mailbox.dropped[reason] for mailbox in mailboxes))
        yield dropped
        yield GaugeMetricFamily("netmon_snmp_pdus_in_flight", "PDUs under way", self._engine.window.in_flight)
        for what, told, count in (
            ("sent", "PDUs sent, repetitions among them", sum(mailbox.sent for mailbox in mailboxes)),
            ("timed_out", "PDUs without an answer in time", sum(mailbox.timed_out for mailbox in mailboxes)),
            ("refused", "PDUs that the network did not deliver", sum(mailbox.refused for mailbox in mailboxes)),
        ):
            yield CounterMetricFamily(f"netmon_snmp_pdus_{what}", told, count)
