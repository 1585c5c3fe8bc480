"""Texts in two languages, and figures as people write them."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import netmon.web
from netmon.api.judgement import State
from netmon.events.event import EventKind
from netmon.model.finding import Severity, Transition
from netmon.model.poll import Outcome
from netmon.store.ports import DeliveryState
from netmon.web.words import LANGUAGES, Format, Words

FOLDER = Path(netmon.web.__file__).parent


def test_both_languages_have_the_same_keys_and_places() -> None:
    id_texts, en_texts = (Words.load(language)._texts for language in LANGUAGES)
    assert id_texts.keys() == en_texts.keys()
    for key, text in id_texts.items():
        assert set(re.findall(r"{(\w+)}", text)) == set(re.findall(r"{(\w+)}", en_texts[key])), key


def test_every_key_that_a_template_or_route_names_exists() -> None:
    texts = Words.load("id")._texts
    for path in [*FOLDER.glob("templates/*.html"), *FOLDER.rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        for key, composed in re.findall(r"""(?:\bt|words)\(f?["']([a-z0-9_.]+)(["'] ~|{)?""", text):
            assert any(known.startswith(key) for known in texts) if composed else key in texts, (path, key)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_of_an_enumeration_has_a_word(language: str) -> None:
    words = Words.load(language)
    named = {
        "state": State,
        "kind": EventKind,
        "severity": Severity,
        "transition": Transition,
        "outcome": Outcome,
        "delivery": DeliveryState,
    }
    for heading, values in named.items():
        for value in values:
            assert words(f"{heading}.{value}")


def test_reasons_become_sentences_and_new_ones_stay_readable() -> None:
    words = Words.load("id")
    assert words.reason("above_80_percent_for_15_min") == "di atas 80 % selama 15 menit"
    assert words.reason("above_90_percent_for_3_samples") == "di atas 90 % pada 3 sampel berturut-turut"
    assert words.reason("no_answer") == "tidak menjawab"
    assert words.reason("something_new") == "something new"


@pytest.mark.parametrize(
    ("bps", "indonesian", "english"),
    [
        (None, "–", "–"),
        (0, "0 bps", "0 bps"),
        (999, "999 bps", "999 bps"),
        (9_534_000, "9,53 Mbps", "9.53 Mbps"),
        (183_400_000, "183 Mbps", "183 Mbps"),
        (1_000_000_000, "1 Gbps", "1 Gbps"),
        (12_340_000_000, "12,3 Gbps", "12.3 Gbps"),
    ],
)
def test_rates_have_three_digits_and_a_unit(bps: int | None, indonesian: str, english: str) -> None:
    assert Format(Words.load("id"), "Asia/Makassar").rate(bps) == indonesian
    assert Format(Words.load("en"), "Asia/Makassar").rate(bps) == english


def test_lesson_39_times_are_shown_in_the_provinces_zone_by_name() -> None:
    form = Format(Words.load("id"), "Asia/Makassar")
    at = datetime(2026, 8, 20, 17, 5, tzinfo=UTC)
    assert form.when(at) == "21 Agu 2026 01:05 WITA"
    assert form.duration(7500) == "2 j 5 mnt"
    assert form.duration(0) == "0 dtk"


def test_coverage_is_100_only_where_nothing_is_missing() -> None:
    form = Format(Words.load("id"), "Asia/Makassar")
    assert form.share(1.0) == "100 %"
    assert form.share(0.9999) == "99,9 %"
    assert form.share(0.5) == "50 %"
