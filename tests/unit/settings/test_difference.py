"""What changed, in sentences for the log and the audit."""

import pytest

from netmon.settings.difference import difference
from tests.unit.settings.conftest import SOUND, LoadText

X = '  - {id: rtr-x, address: 10.20.9.9, region: "72.02"}\n'


@pytest.mark.parametrize(
    ("old", "new", "sentences"),
    [
        ("x", "x", []),
        ("devices:\n", f"devices:\n{X}", ["devices: + rtr-x"]),
        (
            "{down: 200, up: 200}",
            "{down: 300, up: 300}",
            ["links.palu-poso.contract_mbps: 200/200 \N{RIGHTWARDS ARROW} 300/300"],
        ),
        (
            "{from: 2026-07-01, down: 100, up: 100}",
            "{from: 2026-08-01, down: 100, up: 100}",
            ["links.palu-sigi.contract_mbps: - 100/100 from 2026-07-01, + 100/100 from 2026-08-01"],
        ),
        ("[10.30.1.0/24]", "[10.30.1.0/24, 10.30.2.0/24]", ["agencies.bappeda.prefixes: + 10.30.2.0/24"]),
        ("poll_interval_s: 30", "poll_interval_s: 60", ["poll_interval_s: 30 \N{RIGHTWARDS ARROW} 60"]),
        (
            "severity: critical",
            "severity: warning",
            ["alerts.routes[0].match.severity: critical \N{RIGHTWARDS ARROW} warning"],
        ),
        ("name: Poso}", "name: Kabupaten Poso}", ["regions.72.02.name: Poso \N{RIGHTWARDS ARROW} Kabupaten Poso"]),
        ("routes:\n", "routes:\n    - {to: [noc-mail]}\n", None),
        ("geheim-community", "another-one", ["snmp.community: changed"]),
    ],
)
def test_a_change_is_a_sentence(load_text: LoadText, old: str, new: str, sentences: list[str] | None) -> None:
    before = load_text()
    said = difference(before, load_text(SOUND.replace(old, new, 1)))
    if sentences is None:
        assert "alerts.routes: + [1]" in said
    else:
        assert said == sentences


def test_an_order_of_entries_with_ids_is_no_difference(load_text: LoadText) -> None:
    lines = SOUND.splitlines(keepends=True)
    first, second = lines.index(next(n for n in lines if "core-palu," in n)), 10
    lines[first], lines[second] = lines[second], lines[first]
    assert difference(load_text(), load_text("".join(lines))) == []


def test_what_goes_is_named(load_text: LoadText) -> None:
    gone = SOUND.replace('  - {id: bappeda, name: Bappeda, region: "72.71", prefixes: [10.30.1.0/24]}\n', "")
    assert difference(load_text(), load_text(gone)) == ["agencies: - bappeda"]
