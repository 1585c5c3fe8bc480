"""Planning and dispatch, over ports in memory and channels that do as they are told."""

import threading
import time
from dataclasses import replace
from datetime import timedelta

from netmon.alerts.channel import DeliveryFailed
from netmon.model.finding import Severity, Transition
from netmon.store.ports import Delivery, DeliveryState, WatchCommit

LATER = DeliveryFailed("451 later", retry=True)
NEVER = DeliveryFailed("550 never", retry=False)


def test_an_event_is_told_raised_and_recovered_to_those_whom_it_concerns(office, saturation, change):
    here = office()
    assert here.step(change(saturation, Transition.OPENED)) == [("opened", "noc")]
    assert here.step(change(saturation, Transition.RAISED)) == [("raised", "noc"), ("raised", "boss")]
    assert here.step(change(saturation, Transition.CLOSED)) == [("closed", "noc"), ("closed", "boss")]
    assert here.told("noc") == ["opened", "raised", "closed"]
    assert here.told("boss") == ["raised", "closed"]
    done = here.delivery(saturation, "opened", "noc")
    assert (done.state, done.receipt, done.attempts) == (DeliveryState.DELIVERED, "receipt-1", 1)
    assert here.metric("netmon_alerts_attempts_total", channel="noc", outcome="delivered") == 3


def test_an_event_that_opens_and_closes_in_one_step_is_told_both(office, saturation, change):
    here = office()
    both = (change(saturation, Transition.OPENED), change(saturation, Transition.CLOSED))
    assert here.step(*both) == [("opened", "noc"), ("closed", "noc")]
    assert here.told("noc") == ["opened", "closed"]


def test_a_message_shows_the_event_as_it_was_at_its_stage(office, saturation, change):
    here = office()
    here.channels["noc"].script = [LATER]
    here.step(change(saturation, Transition.OPENED))
    worse = change(saturation, Transition.RAISED)
    assert worse.event.severity is Severity.CRITICAL
    here.step(worse)
    here.clock.pass_s(5)
    here.run()
    titles = [message.title.split(":")[0] for message in here.channels["noc"].sent]
    assert titles == ["PERINGATAN", "PERINGATAN", "KRITIS, memburuk"]


def test_lesson_25_a_step_repeated_after_a_crash_tells_nobody_twice(office, saturation, change):
    here = office()
    opened = change(saturation, Transition.OPENED)
    here.step(opened)
    here.start()
    here.step(opened)
    assert here.told("noc") == ["opened"]


def test_what_fails_is_tried_again_when_its_time_has_come(office, saturation, change):
    here = office()
    here.channels["noc"].script = [LATER, LATER]
    here.step(change(saturation, Transition.OPENED))
    assert here.delivery(saturation, "opened", "noc").reason == "451 later"
    here.clock.pass_s(4.9)
    here.run()
    assert here.told("noc") == ["opened"]
    here.clock.pass_s(0.1)
    here.run()
    here.clock.pass_s(15)
    here.run()
    assert here.told("noc") == ["opened"] * 3
    assert here.delivery(saturation, "opened", "noc").state is DeliveryState.DELIVERED
    assert here.metric("netmon_alerts_attempts_total", channel="noc", outcome="retried") == 2


def test_a_carrier_that_asks_to_wait_is_given_the_time(office, saturation, change):
    here = office()
    here.channels["noc"].script = [DeliveryFailed("429", retry=True, after_s=120)]
    here.step(change(saturation, Transition.OPENED))
    assert here.delivery(saturation, "opened", "noc").due_at == here.clock.now() + timedelta(seconds=120)


def test_a_recovery_waits_for_the_opening_and_then_both_are_told_in_order(office, saturation, change):
    here = office()
    here.channels["noc"].script = [LATER]
    here.step(change(saturation, Transition.OPENED))
    here.step(change(saturation, Transition.CLOSED))
    assert here.told("noc") == ["opened"]
    here.clock.pass_s(5)
    here.run()
    assert here.told("noc") == ["opened", "opened", "closed"]


def test_a_recovery_follows_an_opening_that_was_given_up(office, saturation, change):
    here = office(names=("noc",), attempts=2, routes=[{"to": ["noc"]}])
    here.channels["noc"].script = [LATER, LATER]
    here.step(change(saturation, Transition.OPENED))
    here.step(change(saturation, Transition.CLOSED))
    here.clock.pass_s(5)
    here.run()
    assert here.delivery(saturation, "opened", "noc").state is DeliveryState.FAILED
    assert here.told("noc") == ["opened", "opened", "closed"]


def test_the_last_attempt_is_the_last(office, saturation, change):
    here = office(names=("noc",), attempts=3, routes=[{"to": ["noc"]}])
    here.channels["noc"].script = [LATER] * 9
    here.step(change(saturation, Transition.OPENED))
    for _ in range(9):
        here.clock.pass_s(3600)
        here.run()
    done = here.delivery(saturation, "opened", "noc")
    assert (done.state, done.attempts, done.reason) == (DeliveryState.FAILED, 3, "451 later")
    assert here.told("noc") == ["opened"] * 3
    assert here.metric("netmon_alerts_attempts_total", channel="noc", outcome="failed") == 1


def test_lesson_24_where_a_channel_is_given_up_the_next_one_is_told_instead(office, saturation, change):
    here = office()
    here.channels["noc"].script = [NEVER]
    here.step(change(saturation, Transition.OPENED))
    assert here.told("boss") == ["opened"]
    assert here.delivery(saturation, "opened", "boss").state is DeliveryState.DELIVERED
    assert here.step(change(saturation, Transition.CLOSED)) == [("closed", "boss")]


def test_nobody_stands_in_where_somebody_else_knows(office, saturation, change):
    here = office(routes=[{"to": ["noc", "boss"]}])
    here.channels["noc"].script = [NEVER]
    here.step(change(saturation, Transition.OPENED))
    assert here.told("boss") == ["opened"]
    assert here.told("tail") == []


def test_every_channel_is_tried_in_turn_and_then_it_ends(office, saturation, change):
    here = office()
    for channel in here.channels.values():
        channel.script = [NEVER] * 5
    here.step(change(saturation, Transition.OPENED))
    for _ in range(3):
        here.run()
    assert [here.told(name) for name in ("noc", "boss", "tail")] == [["opened"]] * 3
    assert {d.state for d in here.ledger.kept.values()} == {DeliveryState.FAILED}


def test_who_stands_in_after_the_end_hears_of_the_end_too(office, saturation, change):
    here = office()
    here.channels["noc"].script = [LATER, NEVER]
    here.step(change(saturation, Transition.OPENED))
    here.step(change(saturation, Transition.CLOSED))
    here.clock.pass_s(5)
    here.run()
    assert here.told("boss") == ["opened", "closed"]


def test_a_slow_channel_holds_up_neither_the_others_nor_the_caller(office, saturation, change):
    here = office(routes=[{"to": ["noc", "boss"]}])
    here.channels["noc"].gate.clear()
    events = [replace(saturation, opened_at=saturation.opened_at + timedelta(seconds=n)) for n in range(10)]
    changes = [change(event, Transition.OPENED) for event in events]
    here.ledger.commit(WatchCommit(changes=changes, deliveries=here.notifier.plan(changes, here.clock.now())))
    until = time.monotonic() + 30
    while len(here.told("boss")) < 10:
        assert time.monotonic() < until
        here.notifier.dispatch(here.clock.now())
        time.sleep(0.001)
    sending = [d for d in here.ledger.kept.values() if d.state is DeliveryState.SENDING and d.channel == "noc"]
    assert len(sending) == 4, "no more at once to one channel"
    here.clock.pass_s(60)
    here.notifier.dispatch(here.clock.now())
    assert here.metric("netmon_alerts_oldest_pending_seconds", channel="noc") == 60
    assert here.metric("netmon_alerts_oldest_pending_seconds", channel="boss") == 0
    here.channels["noc"].gate.set()
    here.run()
    while len(here.told("noc")) < 10:
        here.run()
    assert here.metric("netmon_alerts_oldest_pending_seconds", channel="noc") == 0


def test_a_channel_that_is_not_configured_any_more_is_given_up_and_another_one_told(office, saturation, change):
    here = office()
    orphan = Delivery(saturation.id, Transition.OPENED, "removed", due_at=here.clock.now())
    here.ledger.commit(WatchCommit(changes=[change(saturation, Transition.OPENED)], deliveries=[orphan]))
    here.run()
    assert here.delivery(saturation, "opened", "removed").state is DeliveryState.FAILED
    assert here.told("noc") == ["opened"]


def test_a_delivery_without_its_event_is_given_up(office, saturation):
    here = office()
    here.ledger.commit(WatchCommit(deliveries=[Delivery("feedfeedfeed", Transition.OPENED, "noc")]))
    here.run()
    (delivery,) = here.ledger.kept.values()
    assert (delivery.state, delivery.reason) == (DeliveryState.FAILED, "its event is not in the ledger")


def test_a_fault_in_a_channel_is_a_failure_like_another_and_its_text_is_not_told(office, saturation, change):
    here = office()
    here.channels["noc"].script = [RuntimeError("s3cret")]
    here.step(change(saturation, Transition.OPENED))
    failed = here.delivery(saturation, "opened", "noc")
    assert (failed.state, failed.reason) == (DeliveryState.PENDING, "fault in netmon: RuntimeError")


def test_closing_waits_for_what_is_under_way(office, saturation, change):
    here = office()
    here.channels["noc"].gate.clear()
    opened = change(saturation, Transition.OPENED)
    here.ledger.commit(WatchCommit(changes=[opened], deliveries=here.notifier.plan([opened], here.clock.now())))
    here.notifier.dispatch(here.clock.now())
    threading.Timer(0.05, here.channels["noc"].gate.set).start()
    here.notifier.close()
    assert here.delivery(saturation, "opened", "noc").state is DeliveryState.DELIVERED


def test_a_service_without_channels_plans_and_sends_nothing(office, saturation, change):
    here = office(names=(), routes=[{"to": ["noc"]}])
    assert here.step(change(saturation, Transition.OPENED)) == []
