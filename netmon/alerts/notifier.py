"""Plans who is told of an event's transitions, and carries it out.

``plan`` decides and writes nothing: the watch commits its deliveries together with the events. ``dispatch`` then works
on what is due. It never waits for a channel: attempts run in threads, at most four a channel, so that a slow one holds
up itself alone; all ledger access stays in the caller's thread.

An attempt stands as SENDING in the ledger before a byte leaves, and its end is kept before it is forgotten here. So a
message is sent once where nothing crashed; after a crash in between it is sent once more, and then never again.

One channel hears an event's transitions in order. When an event has closed before its opening got through, both are
still told, the opening first: a recovery from nothing would puzzle, and an outage that nobody heard of did happen.
Where a channel is given up and nobody else knows of the event, the next configured channel is told instead.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog
from prometheus_client import CollectorRegistry

from netmon.alerts import channels as ways
from netmon.alerts.channel import Channel, DeliveryFailed
from netmon.alerts.config import AlertsConfig, ChannelConfig
from netmon.alerts.message import Reader, compose
from netmon.alerts.metrics import AlertMetrics
from netmon.alerts.retry import Attempt, begin, settle
from netmon.alerts.routing import audience, decide, regions_of
from netmon.events.event import EventChange
from netmon.model.clock import Clock
from netmon.model.finding import Transition
from netmon.model.registry import Registry
from netmon.store.ports import Delivery, DeliveryState, EventBook, EventRecord, Outbox, StoreUnavailable

_AT_ONCE_PER_CHANNEL = 4
_LOOK_AT = 1000
"""How many due deliveries one step considers: many, lest the backlog of a dead channel hide the others' work."""

_STAGES = (Transition.OPENED, Transition.RAISED, Transition.CLOSED)
_FINISHED = frozenset({DeliveryState.DELIVERED, DeliveryState.FAILED})


class AlertLedger(Protocol):
    """The part of the ledger that alerts need."""

    @property
    def events(self) -> EventBook: ...
    @property
    def outbox(self) -> Outbox: ...


@dataclass(frozen=True, slots=True)
class _Sending:
    delivery: Delivery
    attempt: Future[Attempt]


class Notifier:
    """One process's way out to people. Called by one thread."""

    def __init__(
        self,
        registry: Registry,
        alerts: AlertsConfig,
        channels: Sequence[ChannelConfig],
        ledger: AlertLedger,
        clock: Clock,
        metrics: CollectorRegistry,
        *,
        page_url: str = "",
        build: Callable[[ChannelConfig, Clock], Channel] = ways.build,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """``page_url`` is the page's address where ``alerts.page_url`` is not configured."""
        self._registry = registry
        self._alerts = alerts
        self._ledger = ledger
        self._clock = clock
        self._chance = chance
        self._metrics = AlertMetrics(metrics)
        self._channels: Mapping[str, Channel] = {config.id: build(config, clock) for config in channels}
        url = (alerts.page_url or page_url).rstrip("/")
        self._readers = {config.id: Reader(config.language or alerts.language, url) for config in channels}
        self._in_flight: dict[str, _Sending] = {}
        self._first_due: dict[str, tuple[str, datetime]] = {}
        # As many threads as there can be attempts: nothing queues, so what stands as SENDING is being sent.
        self._pool = ThreadPoolExecutor(_AT_ONCE_PER_CHANNEL * len(channels) or 1, thread_name_prefix="alert")
        self._log = structlog.get_logger()

    def plan(self, changes: Sequence[EventChange], now: datetime) -> Sequence[Delivery]:
        """Who is to be told of these transitions. The same transitions give the same keys, so that repeating a step
        after a crash adds nothing."""
        planned: dict[str, Delivery] = {}
        for change in changes:
            for channel in self._audience(change, planned.values()):
                delivery = Delivery(change.event.id, change.transition, channel, due_at=now)
                planned.setdefault(delivery.idempotency_key, delivery)
        return tuple(planned.values())

    def dispatch(self, now: datetime) -> None:
        """Record what has ended, and begin what is due and may be sent now. StoreUnavailable passes through: nothing
        is sent that is not on record."""
        self._record_ended()
        for delivery in self._ledger.outbox.due(now, _LOOK_AT):
            if delivery.idempotency_key not in self._in_flight:
                self._first_due.setdefault(delivery.idempotency_key, (delivery.channel, delivery.due_at or now))
                self._consider(delivery, now)
        self._measure(now)

    def close(self, wait_s: float = 10.0) -> None:
        """Give what is under way its time to end, and record it; what does not end, or cannot be recorded, is left
        over for the next start."""
        self._pool.shutdown(wait=False)
        wait([sending.attempt for sending in self._in_flight.values()], timeout=wait_s)
        try:
            self._record_ended()
        except StoreUnavailable as error:
            self._log.warning("alerts not recorded", left_over=len(self._in_flight), error=str(error))

    def _audience(self, change: EventChange, planned: Iterable[Delivery]) -> tuple[str, ...]:
        event = change.event
        decisions = decide(self._alerts.routes, event, regions_of(event, self._registry))
        known = [delivery for delivery in planned if delivery.event_id == event.id]
        if change.transition is Transition.CLOSED and (record := self._ledger.events.get(event.id)):
            known += record.deliveries
        chosen = tuple(channel for channel in audience(change, decisions, known) if channel in self._channels)
        self._log.info(
            "alert planned",
            event_id=event.id,
            stage=change.transition.value,
            to=chosen,
            routes=[f"{decision.route}:{decision.why}" for decision in decisions],
        )
        return chosen

    def _consider(self, delivery: Delivery, now: datetime) -> None:
        """Begin this delivery, unless its channel is busy or an earlier stage is still on its way there."""
        if self._busy(delivery.channel):
            return
        record = self._ledger.events.get(delivery.event_id)
        if record is None:
            return self._give_up(delivery, "its event is not in the ledger")
        if delivery.channel not in self._channels:
            return self._give_up(delivery, "its channel is not configured any more")
        if _awaits_earlier(delivery, record):
            return None
        started = begin(delivery)
        if started.state is DeliveryState.FAILED:
            return self._finish(started)
        self._ledger.outbox.save(started)
        attempt = self._pool.submit(self._attempt, started, self._change(record, started.stage, now))
        self._in_flight[started.idempotency_key] = _Sending(started, attempt)
        return None

    def _busy(self, channel: str) -> bool:
        at_once = sum(sending.delivery.channel == channel for sending in self._in_flight.values())
        return at_once >= _AT_ONCE_PER_CHANNEL

    def _change(self, record: EventRecord, stage: Transition, now: datetime) -> EventChange:
        """The event as it was when the stage was reached."""
        changes = self._ledger.events.history(record.event.id)
        return next((c for c in changes if c.transition is stage), EventChange(record.event, stage, now))

    def _attempt(self, delivery: Delivery, change: EventChange) -> Attempt:
        """In a worker thread: nothing but the message and the channel is touched, and nothing escapes."""
        try:
            reader = self._readers[delivery.channel]
            message = compose(change, self._registry, reader, delivery.idempotency_key)
            return Attempt(receipt=self._channels[delivery.channel].send(message), at=self._clock.now())
        except DeliveryFailed as failure:
            return Attempt(failure=failure, at=self._clock.now())
        except Exception as error:  # a fault of ours: the next attempt or channel may fare better
            name = type(error).__name__  # its text might hold a secret
            self._log.error("channel broke", channel=delivery.channel, error=name)
            return Attempt(failure=DeliveryFailed(f"fault in netmon: {name}", retry=True), at=self._clock.now())

    def _record_ended(self) -> None:
        """Keep what attempts came to. One that cannot be kept now stays in flight, and is kept next time."""
        for key, sending in list(self._in_flight.items()):
            if sending.attempt.done():
                attempt = sending.attempt.result()
                self._finish(settle(sending.delivery, attempt, self._alerts.attempts, self._chance()))
                del self._in_flight[key]

    def _give_up(self, delivery: Delivery, reason: str) -> None:
        self._finish(replace(delivery, state=DeliveryState.FAILED, reason=reason, due_at=None))

    def _finish(self, delivery: Delivery) -> None:
        """Keep how an attempt ended. The one who stands in is on record before the failure is: a crash in between
        costs nobody the message."""
        if delivery.state is DeliveryState.FAILED:
            self._stand_in(delivery)
        self._ledger.outbox.save(delivery)
        if delivery.state in _FINISHED:
            self._first_due.pop(delivery.idempotency_key, None)
        outcome = "retried" if delivery.state is DeliveryState.PENDING else delivery.state.value
        self._metrics.attempts.labels(delivery.channel, outcome).inc()
        tell = self._log.info if delivery.state is DeliveryState.DELIVERED else self._log.warning
        tell("alert " + outcome, delivery=delivery.idempotency_key, attempts=delivery.attempts, reason=delivery.reason)

    def _stand_in(self, failed: Delivery) -> None:
        """Tell the next channel where, without it, nobody would hear of the event; of its end too, if that is known."""
        record = self._ledger.events.get(failed.event_id)
        if record is None or failed.stage is Transition.CLOSED:
            return
        same_stage = {d.channel: d.state for d in record.deliveries if d.stage is failed.stage} | {
            failed.channel: failed.state
        }
        if any(state is not DeliveryState.FAILED for state in same_stage.values()):
            return
        channel = next((name for name in self._channels if name not in same_stage), None)
        if channel is None:
            self._log.error("nobody could be told", event_id=failed.event_id, stage=failed.stage.value)
            return
        known = {(d.stage, d.channel) for d in record.deliveries}
        closed = any(stage is Transition.CLOSED for stage, _ in known)
        for stage in (failed.stage, Transition.CLOSED) if closed else (failed.stage,):
            if (stage, channel) not in known:
                self._ledger.outbox.save(
                    Delivery(failed.event_id, stage, channel, due_at=self._clock.now(), reason=f"for {failed.channel}")
                )

    def _measure(self, now: datetime) -> None:
        for channel in self._channels:
            since = [due for name, due in self._first_due.values() if name == channel]
            overdue_s = (now - min(since)).total_seconds() if since else 0.0
            self._metrics.overdue_s.labels(channel).set(max(0.0, overdue_s))


def _awaits_earlier(delivery: Delivery, record: EventRecord) -> bool:
    """Whether the channel has not yet heard, or been given up on, an earlier transition of the event."""
    earlier = _STAGES[: _STAGES.index(delivery.stage)]
    return any(
        other.channel == delivery.channel and other.stage in earlier and other.state not in _FINISHED
        for other in record.deliveries
    )
