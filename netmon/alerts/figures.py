"""Numbers, rates, times and spans as a language writes them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from netmon.alerts.texts import Texts
from netmon.alerts.texts.language import Counted

_UNITS = ((1_000_000_000, "Gbps"), (1_000_000, "Mbps"), (1_000, "kbps"))


def number(value: float, texts: Texts, decimals: int = 1) -> str:
    """At most ``decimals`` places, none that are zero: 92,4 and 200."""
    digits = f"{value:.{decimals}f}"
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return digits.replace(".", texts.decimal_mark)


def percent(permille: int, texts: Texts) -> str:
    """Parts of a thousand as a percentage with one place."""
    return texts.percent.format(number=number(permille / 10, texts))


def rate(bps: int, texts: Texts) -> str:
    """Bits per second in the unit that people say: 200 Mbps, 1,5 Gbps."""
    for factor, unit in _UNITS:
        if abs(bps) >= factor:
            return f"{number(bps / factor, texts, 2)} {unit}"
    return f"{bps} bps"


def moment(at: datetime, timezone: str, texts: Texts) -> str:
    """An instant on the province's clock, with the zone's own abbreviation (WITA for Asia/Makassar)."""
    local = at.astimezone(ZoneInfo(timezone))
    zone = local.tzname() or ""
    return texts.moment.format(
        day=local.day,
        month=texts.months[local.month - 1],
        year=local.year,
        hour=local.hour,
        minute=local.minute,
        zone=f"UTC{zone}" if zone.startswith(("+", "-")) else zone,  # zones without a name of their own
    )


def span(length: timedelta, texts: Texts) -> str:
    """The two largest units that matter: "2 jam 5 menit", "42 menit", "35 detik"."""
    seconds = max(0, round(length.total_seconds()))
    if seconds >= 60:
        seconds -= seconds % 60
    parts = []
    for size, word in ((86400, texts.days), (3600, texts.hours), (60, texts.minutes), (1, texts.seconds)):
        amount, seconds = divmod(seconds, size)
        if amount:
            parts.append(counted(amount, word))
    return " ".join(parts[:2]) or counted(0, texts.seconds)


def counted(amount: int, word: Counted) -> str:
    """ "1 site", "3 sites"."""
    return f"{amount} {word[0] if amount == 1 else word[1]}"
