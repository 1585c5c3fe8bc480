"""The table of ``netmon poll``, as it is in 80 columns."""

from datetime import UTC, datetime

import pytest

from netmon.cli.poll import _octets, _show
from netmon.model.poll import InterfaceRow, Outcome, PollReport


def test_names_are_shown_in_full_beside_the_counters_of_a_busy_router(capsys: pytest.CaptureFixture[str]) -> None:
    """A configuration is written from this table: two ports that are both cut to "ether..." would be no help."""
    names = [f"TenGigabitEthernet1/0/{n}" for n in range(1, 13)]
    alias = "[red] Dinas Kelautan"
    rows = (InterfaceRow(n, name, 0.0, if_alias=alias, in_octets=2**64 - 1) for n, name in enumerate(names))
    _show(PollReport("d", 0, datetime(2026, 11, 21, tzinfo=UTC), 0.1, Outcome.COMPLETE, interfaces=tuple(rows)))
    shown = capsys.readouterr().out
    assert all(f"{name} " in shown for name in names)
    assert "18.4 EB" in shown
    assert "[red]" in shown


def test_octets_have_three_digits_and_none_is_not_zero() -> None:
    shown = [_octets(count) for count in (None, 0, 999, 1000, 999_499, 132_786, 10**12)]
    assert shown == ["-", "0 B", "999 B", "1.00 kB", "999 kB", "133 kB", "1.00 TB"]
