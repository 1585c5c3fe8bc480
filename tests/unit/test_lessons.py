"""The lessons from the field that polling must have learned each have a test that is named after them."""

import re
from pathlib import Path

POLLING = {*range(1, 10), *range(11, 15)}
TESTS = Path(__file__).parents[1]


def test_every_lesson_about_polling_and_counters_has_its_test() -> None:
    named = re.compile(r"def test_lesson_(\d\d)_")
    told = {int(number) for file in TESTS.rglob("test_*.py") for number in named.findall(file.read_text("utf-8"))}
    assert told >= POLLING
