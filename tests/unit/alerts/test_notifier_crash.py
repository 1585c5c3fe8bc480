"""Sent once where nothing crashed, at most twice where it did, and never without a record."""

import pytest

from netmon.alerts.retry import UNKNOWN_END
from netmon.model.finding import Transition
from netmon.store.ports import DeliveryState, StoreUnavailable, WatchCommit


def test_an_attempt_stands_in_the_ledger_before_anything_is_sent(office, saturation, change):
    here = office()
    here.channels["noc"].gate.clear()
    opened = change(saturation, Transition.OPENED)
    here.ledger.commit(WatchCommit(changes=[opened], deliveries=here.notifier.plan([opened], here.clock.now())))
    here.notifier.dispatch(here.clock.now())
    assert [(d.state, d.attempts) for d in here.ledger.written] == [(DeliveryState.SENDING, 1)]
    assert here.told("noc") == []


def test_a_ledger_that_cannot_be_written_means_that_nothing_is_sent(office, saturation, change):
    here = office()
    opened = change(saturation, Transition.OPENED)
    here.ledger.commit(WatchCommit(changes=[opened], deliveries=here.notifier.plan([opened], here.clock.now())))
    here.ledger.broken = True
    with pytest.raises(StoreUnavailable):
        here.notifier.dispatch(here.clock.now())
    assert here.told("noc") == []
    here.ledger.broken = False
    here.run()
    assert here.told("noc") == ["opened"]


def test_a_result_that_could_not_be_written_is_written_later_and_nothing_is_sent_again(office, saturation, change):
    here = office()
    here.channels["noc"].gate.clear()
    opened = change(saturation, Transition.OPENED)
    here.ledger.commit(WatchCommit(changes=[opened], deliveries=here.notifier.plan([opened], here.clock.now())))
    here.notifier.dispatch(here.clock.now())
    here.ledger.broken = True
    here.channels["noc"].gate.set()
    with pytest.raises(StoreUnavailable):
        here.run()
    here.ledger.broken = False
    here.run()
    assert here.delivery(saturation, "opened", "noc").state is DeliveryState.DELIVERED
    assert here.told("noc") == ["opened"]


def crash(here, event, times):
    """The service dies ``times`` times after SENDING was kept and before its end was."""
    for _ in range(times):
        here.channels["noc"].gate.clear()
        here.notifier.dispatch(here.clock.now())
        dead = here.notifier
        here.start()
        here.channels["noc"].gate.set()
        dead._pool.shutdown(wait=True)  # the message had left; only its end was never kept
        here.channels["noc"].gate.clear()
    here.channels["noc"].gate.set()


def test_after_a_crash_while_sending_the_message_goes_once_more(office, saturation, change):
    here = office()
    opened = change(saturation, Transition.OPENED)
    here.ledger.commit(WatchCommit(changes=[opened], deliveries=here.notifier.plan([opened], here.clock.now())))
    crash(here, saturation, 1)
    here.run()
    assert here.told("noc") == ["opened"] * 2
    done = here.delivery(saturation, "opened", "noc")
    assert (done.state, done.uncertain) == (DeliveryState.DELIVERED, 1)


def test_after_a_second_crash_it_does_not_go_a_third_time(office, saturation, change):
    here = office(names=("noc",), routes=[{"to": ["noc"]}])
    opened = change(saturation, Transition.OPENED)
    here.ledger.commit(WatchCommit(changes=[opened], deliveries=here.notifier.plan([opened], here.clock.now())))
    crash(here, saturation, 2)
    for _ in range(5):
        here.start()
        here.run()
    assert here.told("noc") == ["opened"] * 2
    done = here.delivery(saturation, "opened", "noc")
    assert (done.state, done.reason) == (DeliveryState.FAILED, UNKNOWN_END)


def test_closing_while_the_ledger_is_away_ends_all_the_same_and_leaves_the_attempt_over(office, saturation, change):
    here = office()
    here.channels["noc"].gate.clear()
    opened = change(saturation, Transition.OPENED)
    here.ledger.commit(WatchCommit(changes=[opened], deliveries=here.notifier.plan([opened], here.clock.now())))
    here.notifier.dispatch(here.clock.now())
    here.ledger.broken = True
    here.channels["noc"].gate.set()
    here.notifier.close()
    assert here.delivery(saturation, "opened", "noc").state is DeliveryState.SENDING
