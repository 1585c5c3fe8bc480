"""One process that does what the watch does with its alerts: run by test_alerts_notifier, and killed by it.

``python tests/service/alerting_process.py LEDGER URL``: works off the outbox through one webhook, and ends when
nothing is left in it."""

import sys
import time
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry
from sqlalchemy.engine import URL

from netmon.alerts.config import AlertsConfig, WebhookConfig
from netmon.alerts.notifier import Notifier
from netmon.model.clock import SystemClock
from netmon.model.registry import Region, Registry
from netmon.store.ledger import SqlLedger

REGISTRY = Registry(Region("72", "Sulawesi Tengah"), "Asia/Makassar", 30)


def main(path: str, url: str) -> None:
    ledger = SqlLedger(URL.create("sqlite", database=path))
    hook = WebhookConfig(id="hook", type="webhook", url=url, timeout_s=30)
    notifier = Notifier(REGISTRY, AlertsConfig(), [hook], ledger, SystemClock(), CollectorRegistry())
    while ledger.outbox.due(datetime.now(UTC), 1):
        notifier.dispatch(datetime.now(UTC))
        time.sleep(0.02)


if __name__ == "__main__":
    main(*sys.argv[1:])
