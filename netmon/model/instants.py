"""Instants as integers, exact to the microsecond: what is written to a file and what steps are cut by."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def unix_us(at: datetime) -> int:
    """Microseconds since the Unix epoch. A naive datetime is a TypeError: nobody knows what it means (lesson 39)."""
    return (at - _EPOCH) // _MICROSECOND


def at_us(us: int) -> datetime:
    """The instant, aware UTC."""
    return _EPOCH + timedelta(microseconds=us)
