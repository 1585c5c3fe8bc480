"""What a person reads, in both languages, and that nothing an event holds can break it."""

import json
import re
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.alerts.figures import moment, number, rate, span
from netmon.alerts.message import Reader, compose
from netmon.alerts.plain import jsonable, one_line
from netmon.alerts.texts import TEXTS
from netmon.events.event import Affected, Event, EventChange, EventKind
from netmon.model.finding import Severity, Subject, SubjectKind, Transition

ID = Reader("id", "http://netmon.example")
EN = Reader("en", "http://netmon.example")


def test_indonesian_says_what_where_since_when_and_how_bad(registry, saturation, change):
    message = compose(change(saturation, Transition.OPENED), registry, ID, "key")
    assert message.title == "PERINGATAN: Palu–Poso, Poso jenuh, 92,4 % dari kontrak 200 Mbps (turun)"
    assert message.body.splitlines() == [
        "Apa: link jenuh (PERINGATAN)",
        "Di mana: Palu–Poso, Poso",
        "OPD: Bappeda",
        "Sejak: 21 Nov 2026 pukul 02.10 WITA",
        "Seberapa: 92,4 % dari kontrak 200 Mbps (turun), 184,8 Mbps",
        "Terdampak: 1 OPD",
        "Alasan: di atas 80 % selama 15 menit",
        f"Rincian: http://netmon.example/events/{saturation.id}",
    ]


def test_english_says_the_same(registry, saturation, change):
    message = compose(change(saturation, Transition.RAISED), registry, EN, "key")
    assert message.title == "CRITICAL, worse: Palu–Poso, Poso saturated, 92.4% of the 200 Mbps contract (down)"
    assert "Since: 21 Nov 2026 02:10 WITA" in message.body
    assert "Reason: above 90% in 3 samples running" in message.body


def test_a_dark_district_names_its_sites_and_counts_what_it_takes_down(registry, blankspot, change):
    message = compose(change(blankspot, Transition.OPENED), registry, ID, "key")
    assert message.title == "KRITIS: Poso kehilangan koneksi, 1 situs, 1 OPD, 1 wilayah"
    assert "Situs: Kantor Bupati Poso" in message.body
    assert "Terdampak: 1 situs, 1 OPD, 1 wilayah" in message.body


def test_a_recovery_says_how_long_it_took(registry, blankspot, change):
    message = compose(change(blankspot, Transition.CLOSED), registry, ID, "key")
    assert message.title == "PULIH: Poso tersambung lagi setelah 42 menit"
    assert "Sampai: 21 Nov 2026 pukul 02.52 WITA (42 menit)" in message.body
    assert "Alasan" not in message.body


def test_an_end_that_is_no_recovery_does_not_claim_one(registry, saturation, at):
    ended = EventChange(saturation.closed(at + timedelta(hours=1), "no_contract"), Transition.CLOSED, at)
    message = compose(ended, registry, ID, "key")
    assert message.title == "SELESAI: Palu–Poso, Poso, link jenuh; tidak ada kontrak yang berlaku"


def test_the_contract_in_force_is_taken_from_the_registry_where_the_finding_has_none(registry, saturation, change):
    bare = replace(saturation, aspect="up", detail={"rate_bps": 95_000_000})
    assert "95% of the 100 Mbps contract (up)" in compose(change(bare, Transition.OPENED), registry, EN, "k").title


def test_without_a_contract_no_percentage_is_made_up(registry, saturation, change):
    unknown = replace(saturation, subject=Subject(SubjectKind.LINK, "gone"), detail={})
    message = compose(change(unknown, Transition.OPENED), registry, ID, "key")
    assert message.title == "PERINGATAN: gone jenuh, pemakaian tinggi (turun)"
    assert "%" not in message.title


def test_long_lists_are_counted_not_listed(registry, blankspot, change):
    many = replace(blankspot, affected=Affected(sites=tuple(f"site-{n}" for n in range(300))))
    message = compose(change(many, Transition.OPENED), registry, ID, "key")
    assert "Situs: site-0, site-1, site-2, site-3, dan 296 lainnya" in message.body
    assert "300 situs" in message.title


def test_without_a_page_there_is_no_link(registry, saturation, change):
    message = compose(change(saturation, Transition.OPENED), registry, Reader("id", ""), "key")
    assert message.link == ""
    assert "Rincian" not in message.body


@pytest.mark.parametrize("language", TEXTS)
def test_a_language_has_a_title_for_every_kind_and_stage_and_uses_known_fields_alone(language):
    texts = TEXTS[language]
    assert set(texts.titles) == {(kind, stage) for kind in EventKind for stage in Transition}
    assert set(texts.kinds) == set(EventKind)
    assert set(texts.severities) == set(Severity)
    known = {"severity", "where", "direction", "usage", "duration", "affected"}
    for title in texts.titles.values():
        assert {name for _, name, _, _ in string.Formatter().parse(title) if name} <= known


@pytest.mark.parametrize("code", ["store_unreachable", "heartbeat_missing", "clock_jumped", "retired", "admin_down"])
@pytest.mark.parametrize("language", TEXTS)
def test_every_reason_that_the_watch_gives_has_a_sentence(language, code):
    """Codes as netmon/watch/blindness.py and netmon/signals write them."""
    assert any(re.fullmatch(pattern, code) for pattern in TEXTS[language].reasons)


def test_the_languages_know_the_same_reasons():
    assert set(TEXTS["id"].reasons) == set(TEXTS["en"].reasons)


@pytest.mark.parametrize(
    ("bps", "indonesian", "english"),
    [
        (0, "0 bps", "0 bps"),
        (999, "999 bps", "999 bps"),
        (512_000, "512 kbps", "512 kbps"),
        (184_800_000, "184,8 Mbps", "184.8 Mbps"),
        (1_250_000_000, "1,25 Gbps", "1.25 Gbps"),
    ],
)
def test_rates_are_written_as_people_say_them(bps, indonesian, english):
    assert rate(bps, TEXTS["id"]) == indonesian
    assert rate(bps, TEXTS["en"]) == english


@pytest.mark.parametrize(
    ("seconds", "indonesian", "english"),
    [
        (0, "0 detik", "0 seconds"),
        (1, "1 detik", "1 second"),
        (59.6, "1 menit", "1 minute"),
        (2520, "42 menit", "42 minutes"),
        (7530, "2 jam 5 menit", "2 hours 5 minutes"),
        (93_600, "1 hari 2 jam", "1 day 2 hours"),
    ],
)
def test_spans_have_two_units_at_most(seconds, indonesian, english):
    assert span(timedelta(seconds=seconds), TEXTS["id"]) == indonesian
    assert span(timedelta(seconds=seconds), TEXTS["en"]) == english


@pytest.mark.parametrize(
    ("zone", "written"),
    [
        ("Asia/Makassar", "1 Mei 2026 pukul 00.30 WITA"),
        ("Asia/Jakarta", "30 Apr 2026 pukul 23.30 WIB"),
        ("Asia/Jayapura", "1 Mei 2026 pukul 01.30 WIT"),
        ("Asia/Dili", "1 Mei 2026 pukul 01.30 UTC+09"),
        ("UTC", "30 Apr 2026 pukul 16.30 UTC"),
    ],
)
def test_lesson_39_times_are_kept_in_utc_and_shown_in_the_provinces_zone(zone, written):
    assert moment(datetime(2026, 4, 30, 16, 30, tzinfo=UTC), zone, TEXTS["id"]) == written


def test_whole_numbers_have_no_decimals():
    assert number(100.0, TEXTS["id"]) == "100"
    assert number(92.44, TEXTS["id"]) == "92,4"


def test_one_line_is_one_line_and_no_longer_than_asked():
    assert one_line("a\r\nBcc: b\u2028c\x00", 50) == "a Bcc: b c\ufffd"
    assert one_line("x" * 100, 10) == "x" * 9 + "…"


def test_what_is_not_a_number_in_json_becomes_null():
    assert jsonable({"a": float("nan"), "b": [float("inf"), 1.5]}) == {"a": None, "b": [None, 1.5]}


anything = st.text(st.characters(), max_size=300)
declared = st.text(st.characters(codec="utf-8"), max_size=300)  # YAML holds no lone surrogates
int64 = st.integers(-(2**63), 2**63 - 1)
events = st.builds(
    Event,
    kind=st.sampled_from(EventKind),
    subject=st.builds(Subject, st.sampled_from(SubjectKind), declared),
    severity=st.sampled_from(Severity),
    opened_at=st.just(datetime(2026, 11, 20, tzinfo=UTC)),
    reason=anything,
    aspect=st.sampled_from(["", "down", "up"]) | declared,
    closed_at=st.none() | st.integers(0, 2**32).map(lambda s: datetime.fromtimestamp(s, UTC)),
    close_reason=st.none() | st.just("recovered") | anything,
    detail=st.dictionaries(
        st.sampled_from(["rate_bps", "contract_bps", "utilisation_permille"]) | anything,
        st.none() | st.booleans() | int64 | st.floats() | anything,
        max_size=5,
    ),
    affected=st.builds(Affected, *(st.lists(anything, max_size=7).map(tuple) for _ in range(5))),
)


@settings(deadline=None)
@given(event=events, stage=st.sampled_from(Transition), reader=st.sampled_from([ID, EN]))
def test_whatever_an_event_holds_there_is_a_message_that_can_be_encoded(event, stage, reader, registry):
    message = compose(EventChange(event, stage, event.opened_at), registry, reader, "key")
    assert 0 < len(message.title) <= 200
    assert len(message.title.splitlines()) == 1
    assert len(message.body) < 3000
    assert len(message.body.split("\n")) <= 10
    message.title.encode()
    message.body.encode()
    json.dumps(jsonable(message.payload), allow_nan=False).encode()
