"""The peers' table, and that writing it leaves the rest of the document alone."""

from pathlib import Path

from bench.measured import Measured
from bench.oids import COLUMNS, pdus
from bench.peers import BEGIN, END, table, written

FOUND = (Measured("netmon, polled", "1", 100, 53_300, 0.05), Measured("other", "2.0", 10, 7_000, 0.05))


def test_ratios_are_against_netmon_polling() -> None:
    lines = table(FOUND).splitlines()
    assert lines[4] == "| netmon, polled | 1 | 1,066,000 | 2,000 | 1.0 | 1.0 |"
    assert lines[5] == "| other | 2.0 | 140,000 | 200 | 7.6 | 10.0 |"


def test_a_second_writing_replaces_the_first_and_nothing_else(tmp_path: Path) -> None:
    document = tmp_path / "benchmarks.md"
    document.write_text("# Figures\n\nbefore\n", encoding="utf-8")
    written(document, "first")
    document.write_text(document.read_text() + "\n## After\n", encoding="utf-8")
    written(document, "second \\1")
    text = document.read_text()
    assert text.startswith("# Figures\n\nbefore\n")
    assert text.endswith(f"{BEGIN}\nsecond \\1\n{END}\n\n## After\n")
    assert "first" not in text


def test_every_peer_is_asked_for_what_netmon_polls() -> None:
    assert len(COLUMNS) == 11
    asked = [oid for pdu in pdus(48) for oid in pdu]
    assert len(asked) == len(set(asked)) == 1 + 48 * 11
