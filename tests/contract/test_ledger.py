"""What every Ledger promises."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netmon.events.event import Affected, Event, EventChange, EventKind
from netmon.model.finding import Finding, Severity, Subject, SubjectKind, Transition
from netmon.store.ports import (
    Acknowledgement,
    AuditRow,
    Delivery,
    DeliveryState,
    EventQuery,
    Heartbeat,
    Ledger,
    Role,
    WatchCommit,
)
from tests.samples import NOON, any_finding, finding

MINUTE = timedelta(minutes=1)
WITA = timezone(timedelta(hours=8))

SATURATED = Event(
    EventKind.SATURATION,
    Subject(SubjectKind.LINK, "palu-poso"),
    Severity.WARNING,
    NOON,
    "above_80_percent_for_15_min",
    "down",
    detail={"rate_bps": 2**60 + 1, "share": 0.81, "known": True, "note": None},
    affected=Affected(("72.02",), ("rtr-poso",), ("poso-setda", "poso-dua"), ("bappeda",), ("palu-poso",)),
)
DARK = Event(
    EventKind.BLANKSPOT,
    Subject(SubjectKind.REGION, "72.03"),
    Severity.CRITICAL,
    NOON + MINUTE,
    "no_answer",
    affected=Affected(regions=("72.03", "72.03.01"), links=("palu-donggala",)),
)


def opened(event: Event) -> EventChange:
    return EventChange(event, Transition.OPENED, event.opened_at)


def test_a_finding_told_twice_is_one(ledger: Ledger) -> None:
    ledger.findings.record([finding(), finding()])
    ledger.findings.record([finding()])
    assert [stored.finding for stored in ledger.findings.unhandled(10)] == [finding()]


def test_findings_come_oldest_first_and_late_ones_are_not_missed(ledger: Ledger) -> None:
    ledger.findings.record([finding(NOON + MINUTE), finding(NOON + 3 * MINUTE)])
    handled = [stored.seq for stored in ledger.findings.unhandled(10)]
    ledger.events.commit(WatchCommit(handled=handled))
    assert ledger.findings.unhandled(10) == []
    ledger.findings.record([finding(NOON + 2 * MINUTE), finding(NOON), finding(NOON + MINUTE)])
    assert [stored.finding.at for stored in ledger.findings.unhandled(10)] == [NOON, NOON + 2 * MINUTE]
    assert [stored.finding.at for stored in ledger.findings.unhandled(1)] == [NOON]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(found=st.lists(any_finding, max_size=4))
def test_any_finding_comes_back_equal(ledger: Ledger, found: list[Finding]) -> None:
    def storable(one: Finding) -> bool:  # PostgreSQL's text holds no NUL
        return "\x00" not in repr((one.subject.id, one.reason, one.detail)).replace("\\x00", "\x00")

    kept = {one.key: one for one in reversed(found) if storable(one)}
    ledger.findings.record(list(kept.values()))
    stored = ledger.findings.unhandled(100)
    assert {one.finding.key: one.finding for one in stored} == kept
    ledger.events.commit(WatchCommit(handled=[one.seq for one in stored]))
    ledger.retire(NOON + timedelta(days=36500))


def test_a_watch_step_is_kept_whole(ledger: Ledger) -> None:
    ledger.findings.record([finding()])
    (stored,) = ledger.findings.unhandled(10)
    delivery = Delivery(SATURATED.id, Transition.OPENED, "noc-mail", due_at=NOON)
    ledger.events.commit(WatchCommit([stored.seq], [opened(SATURATED)], (), [delivery], b"state \x00"))
    assert ledger.findings.unhandled(10) == []
    assert ledger.events.recall() == b"state \x00"
    record = ledger.events.get(SATURATED.id)
    assert record is not None
    assert (record.event, record.deliveries, record.acknowledgements) == (SATURATED, (delivery,), ())
    assert ledger.events.history(SATURATED.id) == [opened(SATURATED)]
    ledger.events.commit(WatchCommit())
    assert ledger.events.recall() == b"state \x00"


def test_a_watch_step_that_fails_leaves_nothing(ledger: Ledger) -> None:
    ledger.findings.record([finding()])
    (stored,) = ledger.findings.unhandled(10)
    naive = replace(DARK, closed_at=NOON.replace(tzinfo=None))
    with pytest.raises(Exception, match="time zone"):
        ledger.events.commit(WatchCommit([stored.seq], [opened(SATURATED), opened(naive)], memory=b"new"))
    assert ledger.findings.unhandled(10) == [stored]
    assert ledger.events.recall() is None
    assert ledger.events.find(EventQuery()) == ([], 0)


def test_a_replayed_step_changes_nothing_and_keeps_what_was_delivered(ledger: Ledger) -> None:
    delivery = Delivery(SATURATED.id, Transition.OPENED, "noc-mail", due_at=NOON)
    step = WatchCommit(changes=[opened(SATURATED)], deliveries=[delivery], memory=b"1")
    ledger.events.commit(step)
    sent = replace(delivery, state=DeliveryState.DELIVERED, attempts=1, delivered_at=NOON + MINUTE, receipt="250")
    ledger.outbox.save(sent)
    ledger.events.commit(step)
    record = ledger.events.get(SATURATED.id)
    assert record is not None
    assert record.deliveries == (sent,)
    assert ledger.events.history(SATURATED.id) == [opened(SATURATED)]


def test_an_event_lives_from_opening_to_close_with_its_history(ledger: Ledger) -> None:
    worse = SATURATED.raised(Severity.CRITICAL, NOON + MINUTE, "above_90_percent")
    wider = replace(worse, affected=replace(worse.affected, links=("palu-poso", "poso-tentena")))
    over = wider.closed(NOON + 5 * MINUTE)
    changes = [
        opened(SATURATED),
        EventChange(worse, Transition.RAISED, NOON + MINUTE),
        EventChange(over, Transition.CLOSED, NOON + 5 * MINUTE),
    ]
    ledger.events.commit(WatchCommit(changes=changes[:2]))
    ledger.events.commit(WatchCommit(updated=[wider]))
    assert ledger.events.find(EventQuery(open_only=True, link="poso-tentena"))[1] == 1
    ledger.events.commit(WatchCommit(changes=changes[2:]))
    record = ledger.events.get(SATURATED.id)
    assert record is not None
    assert record.event == over
    assert ledger.events.history(SATURATED.id) == changes
    assert ledger.events.find(EventQuery(open_only=True)) == ([], 0)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (EventQuery(), [DARK, SATURATED]),
        (EventQuery(kind=EventKind.SATURATION), [SATURATED]),
        (EventQuery(severity=Severity.CRITICAL), [DARK]),
        (EventQuery(region="72.02"), [SATURATED]),
        (EventQuery(region="72"), [DARK, SATURATED]),
        (EventQuery(region="72.03.01"), [DARK]),
        (EventQuery(region="7_.02"), []),
        (EventQuery(region="72.0"), []),
        (EventQuery(link="palu-donggala"), [DARK]),
        (EventQuery(link="palu-poso", region="72.03"), []),
        (EventQuery(opened_from=NOON + MINUTE), [DARK]),
        (EventQuery(opened_until=(NOON + MINUTE).astimezone(WITA)), [SATURATED]),
        (EventQuery(open_only=True), [DARK, SATURATED]),
    ],
)
def test_events_are_found_by_every_filter_newest_first(ledger: Ledger, query: EventQuery, found: list[Event]) -> None:
    ledger.events.commit(WatchCommit(changes=[opened(SATURATED), opened(DARK)]))
    records, total = ledger.events.find(query)
    assert [record.event for record in records] == found
    assert total == len(found)


def test_pages_of_events_say_how_many_there_are(ledger: Ledger) -> None:
    many = [replace(DARK, opened_at=NOON + n * MINUTE) for n in range(7)]
    ledger.events.commit(WatchCommit(changes=[opened(event) for event in many]))
    records, total = ledger.events.find(EventQuery(limit=3, offset=2))
    assert [record.event.opened_at for record in records] == [NOON + n * MINUTE for n in (4, 3, 2)]
    assert total == 7


def test_acknowledging_is_once_a_person_and_only_what_exists(ledger: Ledger) -> None:
    ledger.events.commit(WatchCommit(changes=[opened(DARK)]))
    said = Acknowledgement(DARK.id, "siti", NOON + MINUTE, "listrik padam")
    assert ledger.events.acknowledge(said)
    assert ledger.events.acknowledge(replace(said, note="again", at=NOON + 2 * MINUTE))
    assert ledger.events.acknowledge(Acknowledgement(DARK.id, "budi", NOON + 3 * MINUTE))
    assert not ledger.events.acknowledge(Acknowledgement("no-such-event", "siti", NOON))
    record = ledger.events.get(DARK.id)
    assert record is not None
    assert [(a.who, a.note) for a in record.acknowledgements] == [("siti", "listrik padam"), ("budi", "")]
    assert ledger.events.get("no-such-event") is None


def test_the_outbox_gives_what_is_due_and_what_a_crash_left(ledger: Ledger) -> None:
    ledger.events.commit(WatchCommit(changes=[opened(DARK)]))
    waiting = Delivery(DARK.id, Transition.OPENED, "noc-mail", due_at=NOON)
    later = replace(waiting, channel="later", due_at=NOON + MINUTE)
    sending = replace(waiting, channel="crashed", state=DeliveryState.SENDING, attempts=1, uncertain=1, reason="EOF")
    done = replace(waiting, channel="done", state=DeliveryState.DELIVERED)
    given_up = replace(waiting, channel="failed", state=DeliveryState.FAILED)
    ledger.events.commit(WatchCommit(deliveries=[waiting, later, sending, done, given_up]))
    assert ledger.outbox.due(NOON, 10) == [waiting, sending]
    assert ledger.outbox.due(NOON, 1) == [waiting]
    ledger.outbox.save(replace(waiting, state=DeliveryState.DELIVERED))
    ledger.outbox.save(replace(waiting, channel="fallback"))
    assert [d.channel for d in ledger.outbox.due(NOON + MINUTE, 10)] == ["later", "crashed", "fallback"]


def test_heartbeats_are_the_last_of_each_process(ledger: Ledger) -> None:
    first = Heartbeat(
        "collect-1", NOON, NOON - MINUTE, "f00", "http://127.0.0.1:9", {"spool_depth": 3, "store_error": None}
    )
    ledger.heartbeats.beat(first)
    ledger.heartbeats.beat(replace(first, at=NOON + MINUTE))
    ledger.heartbeats.beat(replace(first, process="watch"))
    assert ledger.heartbeats.all() == [replace(first, at=NOON + MINUTE), replace(first, process="watch")]
    ledger.heartbeats.forget("collect-1")
    assert [beat.process for beat in ledger.heartbeats.all()] == ["watch"]


def test_a_lease_is_held_renewed_released_and_taken_over(ledger: Ledger) -> None:
    ttl = timedelta(seconds=10)
    assert ledger.leases.acquire("watch", "a", ttl, NOON)
    assert not ledger.leases.acquire("watch", "b", ttl, NOON + timedelta(seconds=9))
    assert ledger.leases.acquire("other", "b", ttl, NOON)
    assert ledger.leases.acquire("watch", "a", ttl, NOON + timedelta(seconds=9))
    assert not ledger.leases.acquire("watch", "b", ttl, NOON + timedelta(seconds=18))
    assert ledger.leases.acquire("watch", "b", ttl, NOON + timedelta(seconds=19))
    ledger.leases.release("watch", "a")
    assert not ledger.leases.acquire("watch", "c", ttl, NOON + timedelta(seconds=20))
    ledger.leases.release("watch", "b")
    assert ledger.leases.acquire("watch", "c", ttl, NOON + timedelta(seconds=20))


def test_tokens_are_known_by_their_text_until_revoked(ledger: Ledger) -> None:
    token, text = ledger.tokens.create("siti", Role.OPERATOR, NOON)
    assert text.startswith("netmon_")
    assert ledger.tokens.verify(text, NOON) == token
    assert ledger.tokens.verify(text + "x", NOON) is None
    assert ledger.tokens.verify("", NOON) is None
    assert ledger.tokens.all() == [replace(token, last_used_at=NOON)]
    assert ledger.tokens.revoke(token.id, NOON + MINUTE)
    assert not ledger.tokens.revoke(token.id, NOON + MINUTE)
    assert not ledger.tokens.revoke("no-such-token", NOON)
    assert ledger.tokens.verify(text, NOON + MINUTE) is None
    assert ledger.tokens.all() == [replace(token, last_used_at=NOON, revoked_at=NOON + MINUTE)]


def test_sessions_end_by_time_by_leaving_and_with_their_token(ledger: Ledger) -> None:
    token, _ = ledger.tokens.create("siti", Role.VIEWER, NOON)
    hour = timedelta(hours=1)
    first, second, third = (ledger.tokens.open_session(token, NOON, hour) for _ in range(3))
    assert ledger.tokens.session(first, NOON + timedelta(minutes=59)) == token
    assert ledger.tokens.session(first, NOON + hour) is None
    assert ledger.tokens.session("made up", NOON) is None
    ledger.tokens.close_session(second)
    assert ledger.tokens.session(second, NOON) is None
    assert ledger.tokens.session(third, NOON) == token
    ledger.tokens.revoke(token.id, NOON)
    assert ledger.tokens.session(third, NOON) is None


def test_the_audit_trail_is_newest_first(ledger: Ledger) -> None:
    rows = [AuditRow(NOON + n * MINUTE, "siti", "token.created", f"token:{n}", {"role": "admin"}) for n in range(3)]
    for row in rows:
        ledger.audit.append(row)
    assert ledger.audit.newest(2) == [rows[2], rows[1]]


def test_retiring_takes_old_closed_events_with_all_that_hangs_on_them(ledger: Ledger) -> None:
    old = SATURATED.closed(NOON + MINUTE)
    young = DARK.closed(NOON + timedelta(days=2))
    still_open = replace(DARK, opened_at=NOON - timedelta(days=100))
    changes = [opened(event) for event in (old, young, still_open)]
    ledger.findings.record([finding(), finding(NOON - MINUTE)])
    first = ledger.findings.unhandled(1)[0].seq
    deliveries = [Delivery(old.id, Transition.OPENED, "noc-mail")]
    ledger.events.commit(WatchCommit([first], changes, deliveries=deliveries))
    ledger.events.acknowledge(Acknowledgement(old.id, "siti", NOON))
    assert ledger.retire(NOON + timedelta(days=1)) == 2
    assert {record.event.id for record in ledger.events.find(EventQuery())[0]} == {young.id, still_open.id}
    assert ledger.events.history(old.id) == []
    assert ledger.outbox.due(NOON, 10) == []
    assert len(ledger.findings.unhandled(10)) == 1


def test_lesson_39_instants_are_utc_inside_and_naive_ones_are_refused(ledger: Ledger) -> None:
    there = NOON.astimezone(WITA)
    ledger.audit.append(AuditRow(there, "siti", "seen", "clock"))
    (row,) = ledger.audit.newest(1)
    assert row.at == NOON
    assert row.at.utcoffset() == timedelta(0)
    with pytest.raises(Exception, match="has no time zone"):
        ledger.audit.append(AuditRow(NOON.replace(tzinfo=None), "siti", "seen", "clock"))


def test_it_answers_a_ping_and_migrates_again_without_harm(ledger: Ledger) -> None:
    ledger.audit.append(AuditRow(NOON, "siti", "seen", "clock"))
    ledger.migrate()
    ledger.ping()
    assert len(ledger.audit.newest(10)) == 1
