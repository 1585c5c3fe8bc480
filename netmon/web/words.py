"""The page's texts, one TOML file a language, and figures and times as people write them there."""

import re
import tomllib
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

LANGUAGES = ("id", "en")
DEFAULT_LANGUAGE = "id"
_ABOVE = re.compile(r"above_(\d+)_percent_for_(\d+)_(min|s|samples)")


class Words:
    """``words("overview.title")`` is the text; a key that is missing is an error, not a blank."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts

    @classmethod
    def load(cls, language: str) -> "Words":
        text = files("netmon.web").joinpath("texts", f"{language}.toml").read_text(encoding="utf-8")
        return cls(language, flat(tomllib.loads(text)))

    def __call__(self, key: str, **values: object) -> str:
        text = self._texts[key]
        return text.format(**values) if values else text

    def known(self, key: str) -> str | None:
        """The text, or None for names that come from elsewhere and may be new to us."""
        return self._texts.get(key)

    def reason(self, code: str) -> str:
        """A finding's reason code as a sentence; a code that is new to us is shown as it is."""
        if text := self.known(f"reason.{code}"):
            return text
        if match := _ABOVE.fullmatch(code):
            return self(f"reason.above_{match[3]}", percent=match[1], count=match[2])
        return code.replace("_", " ")


def flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """{"a": {"b": "x"}} → {"a.b": "x"}."""
    texts: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            texts |= flat(value, f"{prefix}{key}.")
        else:
            texts[prefix + key] = value
    return texts


class Format:
    """Human units at the edge: decimal comma in Indonesian, times in the province's own zone with its name."""

    def __init__(self, words: Words, timezone: str) -> None:
        self._words = words
        self.zone = ZoneInfo(timezone)
        self._months = words("time.months").split()

    def number(self, value: float, digits: int = 0) -> str:
        text = f"{value:,.{digits}f}"
        return text.translate(str.maketrans(",.", ".,")) if self._words.language == "id" else text

    def rate(self, bps: float | None) -> str:
        """Three significant digits and a unit; a dash where it is not known."""
        if bps is None:
            return "–"
        for unit, size in (("Gbps", 10**9), ("Mbps", 10**6), ("kbps", 10**3)):
            if bps >= size:
                value = bps / size
                digits = 0 if value >= 100 or value == int(value) else 1 if value >= 10 else 2
                return f"{self.number(value, digits)} {unit}"
        return f"{self.number(bps)} bps"

    def percent(self, value: float | None) -> str:
        if value is None:
            return "–"
        return f"{self.number(value, 1 if 0 < value < 9.95 else 0)} %"

    def share(self, value: float) -> str:
        """0 … 1 as a percentage that says 100 only where nothing is missing."""
        percent = value * 100
        return f"{self.number(min(percent, 99.9), 1)} %" if 99 < percent < 100 else self.percent(percent)

    def clock(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%H:%M:%S}"

    def day(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        return f"{local.day} {self._months[local.month - 1]}"

    def when(self, at: datetime) -> str:
        """ "21 Nov 2026 14:05 WITA"."""
        local = at.astimezone(self.zone)
        return f"{self.day(at)} {local.year} {local:%H:%M} {local:%Z}"

    def short(self, at: datetime) -> str:
        """Day and time without year and zone, for lists whose heading says the zone."""
        return f"{self.day(at)} {at.astimezone(self.zone):%H:%M}"

    def zone_name(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%Z}"

    def duration(self, seconds: float | None) -> str:
        """The two largest units: "2 j 5 mnt", "45 dtk"."""
        if seconds is None:
            return "–"
        left = max(0, round(seconds))
        parts: list[str] = []
        for key, size in (("time.day", 86400), ("time.hour", 3600), ("time.minute", 60), ("time.second", 1)):
            count, left = divmod(left, size)
            if count or (size == 1 and not parts):
                parts.append(f"{count} {self._words(key)}")
        return " ".join(parts[:2])
