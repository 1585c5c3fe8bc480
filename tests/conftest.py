"""Fixtures over real components for every test, and a last word on those that are missing."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.real.components import SKIP_PREFIX

pytest_plugins = ["tests.real.fixtures", "tests.real.browser"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List what was skipped for want of a real component, so that no green run hides it."""
    reasons = Counter(
        report.longrepr[2].split(SKIP_PREFIX, 1)[1]
        for report in terminalreporter.getreports("skipped")
        if isinstance(report.longrepr, tuple) and SKIP_PREFIX in report.longrepr[2]
    )
    if not reasons:
        return
    terminalreporter.section("real components missing")
    for reason, count in reasons.most_common():
        terminalreporter.line(f"{count} skipped: {reason}")
