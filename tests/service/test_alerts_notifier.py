"""Alerts end to end: the real ledger on disk, real receivers, and processes that are killed while they send."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy.engine import URL

from netmon.alerts.config import AlertsConfig, EmailConfig, TelegramConfig, WebhookConfig
from netmon.alerts.notifier import Notifier
from netmon.alerts.retry import UNKNOWN_END
from netmon.events.event import Affected, Event, EventChange, EventKind
from netmon.model.clock import SystemClock
from netmon.model.finding import Severity, Subject, SubjectKind, Transition
from netmon.model.registry import Region, Registry
from netmon.store.ledger import SqlLedger
from netmon.store.ports import Delivery, DeliveryState, WatchCommit
from tests.real.http import Answer
from tests.service import alerting_process

POSO = Region("72.02", "Poso")
REGISTRY = Registry(Region("72", "Sulawesi Tengah"), "Asia/Makassar", 30, regions={"72.02": POSO})
EVENT = Event(
    EventKind.BLANKSPOT,
    Subject(SubjectKind.REGION, "72.02"),
    Severity.CRITICAL,
    datetime(2026, 11, 20, 18, 10, tzinfo=UTC),
    "all_sites_silent",
    affected=Affected(regions=("72.02",), sites=("a", "b")),
)
OPENED = EventChange(EVENT, Transition.OPENED, EVENT.opened_at)
RECOVERED_AT = EVENT.opened_at + timedelta(minutes=42)
CLOSED = EventChange(EVENT.closed(RECOVERED_AT), Transition.CLOSED, RECOVERED_AT)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path):
    opened = SqlLedger(URL.create("sqlite", database=str(path)))
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def notifier(ledger, mail_server, http_receiver):
    http_receiver.answer_always(Answer(body=json.dumps({"ok": True, "result": {"message_id": 7}}).encode()))
    channels = [
        EmailConfig(id="mail", type="email", to=["noc@example.go.id"], smtp=f"127.0.0.1:{mail_server.port}"),
        TelegramConfig(id="tg", type="telegram", token="1:t0ken", chat_id="-1", api_url=http_receiver.url),
        WebhookConfig(id="hook", type="webhook", url=f"{http_receiver.url}/hook", language="en"),
    ]
    alerts = AlertsConfig(routes=[{"to": ["mail", "tg", "hook"]}], page_url="http://netmon.example/")
    made = Notifier(REGISTRY, alerts, channels, ledger, SystemClock(), CollectorRegistry(), page_url="http://unused")
    yield made
    made.close()


def step(notifier, ledger, *changes, left=0):
    now = datetime.now(UTC)
    ledger.events.commit(WatchCommit(changes=changes, deliveries=notifier.plan(changes, now)))
    settle(notifier, ledger, now, left)


def settle(notifier, ledger, now, left=0):
    """Dispatch until nothing is under way and nothing is due but ``left`` that wait for an earlier stage."""
    until = time.monotonic() + 30
    while len(ledger.outbox.due(now, 10)) > left:
        assert time.monotonic() < until
        notifier.dispatch(now)
        time.sleep(0.005)


def states(ledger):
    return {(d.stage.value, d.channel): d.state.value for d in ledger.events.get(EVENT.id).deliveries}


def test_an_outage_and_its_end_reach_every_channel_once(notifier, ledger, mail_server, http_receiver):
    step(notifier, ledger, OPENED)
    step(notifier, ledger, CLOSED)
    assert [mail.message["Subject"] for mail in mail_server.wait_for(2)] == [
        "KRITIS: Poso kehilangan koneksi, 2 situs, 1 wilayah",
        "PULIH: Poso tersambung lagi setelah 42 menit",
    ]
    assert f"Rincian: http://netmon.example/events/{EVENT.id}" in mail_server.mails[0].text
    hooks = [request.json() for request in http_receiver.requests if request.path == "/hook"]
    assert [hook["title"].split(",")[0] for hook in hooks] == [
        "CRITICAL: Poso lost connectivity",
        "RECOVERED: Poso connected again after 42 minutes",
    ]
    assert [hook["stage"] for hook in hooks] == ["opened", "closed"]
    assert len(http_receiver.requests) == 4
    assert set(states(ledger).values()) == {"delivered"}
    receipts = {d.channel: d.receipt for d in ledger.events.get(EVENT.id).deliveries if d.stage is Transition.OPENED}
    assert receipts == {"mail": f"<{EVENT.id}.opened.mail@localhost>", "tg": "7", "hook": "200 OK"}


def test_a_mail_server_that_is_away_gets_it_later_and_nobody_else_gets_it_twice(
    notifier, ledger, mail_server, http_receiver
):
    mail_server.stop()
    step(notifier, ledger, OPENED)
    step(notifier, ledger, CLOSED, left=1)
    assert states(ledger)["opened", "mail"] == states(ledger)["closed", "mail"] == "pending"
    assert len(http_receiver.requests) == 4
    mail_server.start()
    settle(notifier, ledger, datetime.now(UTC) + timedelta(seconds=7))
    subjects = [mail.message["Subject"].split(":")[0] for mail in mail_server.wait_for(2)]
    assert subjects == ["KRITIS", "PULIH"]
    assert len(http_receiver.requests) == 4


def test_lesson_25_the_same_step_again_tells_nobody_twice(notifier, ledger, mail_server, http_receiver):
    step(notifier, ledger, OPENED)
    step(notifier, ledger, OPENED)
    assert len(mail_server.mails) == 1
    assert len(http_receiver.requests) == 2


def test_lesson_24_what_a_refused_channel_loses_the_next_one_tells(ledger, mail_server, http_receiver):
    http_receiver.answer_always(Answer(403, body=b'{"ok": false, "description": "Forbidden: bot was blocked"}'))
    channels = [
        TelegramConfig(id="tg", type="telegram", token="1:t0ken", chat_id="-1", api_url=http_receiver.url),
        EmailConfig(id="mail", type="email", to=["noc@example.go.id"], smtp=f"127.0.0.1:{mail_server.port}"),
    ]
    alerts = AlertsConfig(routes=[{"to": ["tg"]}])
    notifier = Notifier(REGISTRY, alerts, channels, ledger, SystemClock(), CollectorRegistry())
    step(notifier, ledger, OPENED)
    settle(notifier, ledger, datetime.now(UTC))
    notifier.close()
    assert len(mail_server.wait_for(1)) == 1
    assert states(ledger) == {("opened", "tg"): "failed", ("opened", "mail"): "delivered"}


class Sender:
    """``alerting_process`` in a process of its own."""

    def __init__(self, path, receiver):
        self._command = [sys.executable, str(Path(alerting_process.__file__)), str(path), f"{receiver.url}/hook"]

    def start(self):
        return subprocess.Popen(self._command)

    def kill_while_sending(self, receiver, requests):
        """kill -9 between the arrival of a request and its answer."""
        process = self.start()
        try:
            receiver.wait_for(requests, timeout_s=30)
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def planned(ledger):
    """An outage is on record, and nobody was told yet."""
    delivery = Delivery(EVENT.id, Transition.OPENED, "hook", due_at=datetime.now(UTC))
    ledger.events.commit(WatchCommit(changes=[OPENED], deliveries=[delivery]))
    return delivery


def only(ledger):
    (delivery,) = ledger.events.get(EVENT.id).deliveries
    return delivery


def test_kill_9_while_sending_sends_it_once_more_with_the_same_key(planned, path, ledger, http_receiver):
    http_receiver.answer_next(Answer(delay_s=1.0))
    sender = Sender(path, http_receiver)
    sender.kill_while_sending(http_receiver, 1)
    assert only(ledger).state is DeliveryState.SENDING
    assert sender.start().wait(30) == 0
    keys = [request.headers["idempotency-key"] for request in http_receiver.requests]
    assert keys == [planned.idempotency_key] * 2
    assert replace(only(ledger), delivered_at=None, due_at=None) == replace(
        planned, state=DeliveryState.DELIVERED, attempts=2, uncertain=1, receipt="200 OK", due_at=None
    )


def test_kill_9_twice_while_sending_sends_it_no_third_time(planned, path, ledger, http_receiver):
    http_receiver.answer_next(Answer(delay_s=1.0), Answer(delay_s=1.0))
    sender = Sender(path, http_receiver)
    sender.kill_while_sending(http_receiver, 1)
    sender.kill_while_sending(http_receiver, 2)
    for _ in range(2):
        assert sender.start().wait(30) == 0
    assert len(http_receiver.requests) == 2
    assert (only(ledger).state, only(ledger).reason) == (DeliveryState.FAILED, UNKNOWN_END)


def test_where_nothing_crashes_it_is_sent_once_over_any_number_of_starts(planned, path, ledger, http_receiver):
    sender = Sender(path, http_receiver)
    for _ in range(3):
        assert sender.start().wait(30) == 0
    assert len(http_receiver.requests) == 1
    assert only(ledger).attempts == 1
