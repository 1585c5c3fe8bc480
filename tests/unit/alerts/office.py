"""A notifier at work: channels that do as they are told, and the steps that the watch takes with it."""

import threading
import time

from prometheus_client import CollectorRegistry

from netmon.alerts.config import AlertsConfig, WebhookConfig
from netmon.alerts.notifier import Notifier
from netmon.store.ports import DeliveryState, WatchCommit


class ScriptedChannel:
    """Ends its attempts as scripted, then well; ``gate`` holds every attempt while it is closed."""

    def __init__(self, name):
        self.id = name
        self.script = []
        self.sent = []
        self.gate = threading.Event()
        self.gate.set()

    def send(self, message):
        assert self.gate.wait(10)
        self.sent.append(message)
        end = self.script.pop(0) if self.script else None
        if isinstance(end, Exception):
            raise end
        return f"receipt-{len(self.sent)}"


class Office:
    """A notifier with its channels, ledger and clock; ``told(name)`` is what a channel was given, key by key."""

    def __init__(self, registry, ledger, clock, names=("noc", "boss", "tail"), routes=None, **alerts):
        self.ledger, self.clock, self.registry = ledger, clock, registry
        self.channels = {name: ScriptedChannel(name) for name in names}
        self.configs = [WebhookConfig(id=name, type="webhook", url="http://127.0.0.1") for name in names]
        routes = routes or [{"to": ["noc"]}, {"match": {"severity": "critical"}, "to": ["boss"]}]
        self.alerts = AlertsConfig(routes=routes, **alerts)
        self.notifier = self.start()

    def start(self):
        """Another notifier over the same ledger, as after a restart."""
        self.metrics = CollectorRegistry()
        self.notifier = Notifier(
            self.registry,
            self.alerts,
            self.configs,
            self.ledger,
            self.clock,
            self.metrics,
            build=lambda config, clock: self.channels[config.id],
            chance=lambda: 0.5,
        )
        return self.notifier

    def step(self, *changes):
        """What the watch does: plan, commit, dispatch."""
        deliveries = self.notifier.plan(changes, self.clock.now())
        self.ledger.commit(WatchCommit(changes=changes, deliveries=deliveries))
        self.run()
        return [(d.stage.value, d.channel) for d in deliveries]

    def run(self):
        """Dispatch until nothing is under way; a minute without an end is a fault."""
        until = time.monotonic() + 60
        self.notifier.dispatch(self.clock.now())
        while any(d.state is DeliveryState.SENDING for d in self.ledger.kept.values()):
            assert time.monotonic() < until
            time.sleep(0.001)
            self.notifier.dispatch(self.clock.now())
        self.notifier.dispatch(self.clock.now())

    def told(self, name):
        return [message.idempotency_key.split("/")[1] for message in self.channels[name].sent]

    def delivery(self, event, stage, channel):
        return self.ledger.kept[f"{event.id}/{stage}/{channel}"]

    def metric(self, name, **labels):
        return self.metrics.get_sample_value(name, labels)
