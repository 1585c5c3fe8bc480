"""Samples as rows of the series files and back: enums by their MIB numbers, instants in microseconds, counters in
two's complement, since SQLite's integers are signed and a counter goes to 2^64 - 1 (lesson 14)."""

from collections.abc import Callable
from typing import Any

from netmon.model.instants import at_us, unix_us
from netmon.model.poll import InterfaceStatus, Outcome
from netmon.model.sample import DeviceSample, Flag, LinkSample
from netmon.store.rows import row_reader

SCHEMA = """
    CREATE TABLE tick (ts INTEGER PRIMARY KEY);
    CREATE TABLE link (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
    CREATE TABLE device (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
    CREATE TABLE link_sample (
        ts INTEGER NOT NULL, n INTEGER NOT NULL, at_us INTEGER NOT NULL, interval_s REAL,
        down_bps INTEGER, up_bps INTEGER, down_octets INTEGER, up_octets INTEGER, down_counter INTEGER,
        up_counter INTEGER, in_errors INTEGER, out_errors INTEGER, in_discards INTEGER, out_discards INTEGER,
        admin_status INTEGER, oper_status INTEGER, speed_bps INTEGER, flags INTEGER NOT NULL,
        PRIMARY KEY (ts, n)) WITHOUT ROWID;
    CREATE TABLE device_sample (
        ts INTEGER NOT NULL, n INTEGER NOT NULL, at_us INTEGER NOT NULL, outcome INTEGER NOT NULL,
        elapsed_s REAL NOT NULL, uptime_s INTEGER,
        PRIMARY KEY (ts, n)) WITHOUT ROWID
"""

# ifAdminStatus and ifOperStatus of RFC 2863, from 1; an outcome's number is ours. Never renumber: files stay.
_STATUSES = (
    None,
    InterfaceStatus.UP,
    InterfaceStatus.DOWN,
    InterfaceStatus.TESTING,
    InterfaceStatus.UNKNOWN,
    InterfaceStatus.DORMANT,
    InterfaceStatus.NOT_PRESENT,
    InterfaceStatus.LOWER_LAYER_DOWN,
)
_OUTCOMES = (
    Outcome.COMPLETE,
    Outcome.PARTIAL,
    Outcome.TIMEOUT,
    Outcome.REFUSED,
    Outcome.UNREACHABLE,
    Outcome.MALFORMED,
)
_STATUS_NUMBER = {status: number for number, status in enumerate(_STATUSES)}
_OUTCOME_NUMBER = {outcome: number for number, outcome in enumerate(_OUTCOMES)}
_FLAGS = tuple(Flag(value) for value in range(sum(Flag) + 1))
_MASK = 2**64 - 1

_read_link: Callable[[tuple[Any, ...]], LinkSample] = row_reader(LinkSample)
_read_device: Callable[[tuple[Any, ...]], DeviceSample] = row_reader(DeviceSample)

Row = tuple[Any, ...]


def link_row(s: LinkSample, n: int) -> Row:
    """A row of ``link_sample``; ``n`` is the link's number within the file."""
    return (
        s.tick, n, unix_us(s.at), s.interval_s, s.down_bps, s.up_bps, s.down_octets, s.up_octets,
        _signed(s.down_counter), _signed(s.up_counter), s.in_errors, s.out_errors, s.in_discards, s.out_discards,
        _STATUS_NUMBER[s.admin_status], _STATUS_NUMBER[s.oper_status], s.speed_bps, int(s.flags),
    )  # fmt: skip


def link_sample(link_id: str, row: Row) -> LinkSample:
    """The sample that a row of ``link_sample`` was made from."""
    tick, _, us, *figures, down_counter, up_counter, in_e, out_e, in_d, out_d, admin, oper, speed_bps, flags = row
    return _read_link((
        link_id, tick, at_us(us), *figures, _unsigned(down_counter), _unsigned(up_counter), in_e, out_e, in_d, out_d,
        _STATUSES[admin], _STATUSES[oper], speed_bps, _FLAGS[flags],
    ))  # fmt: skip


def device_row(s: DeviceSample, n: int) -> Row:
    return (s.tick, n, unix_us(s.at), _OUTCOME_NUMBER[s.outcome], s.elapsed_s, s.uptime_s)


def device_sample(device_id: str, row: Row) -> DeviceSample:
    tick, _, us, outcome, elapsed_s, uptime_s = row
    return _read_device((device_id, tick, at_us(us), _OUTCOMES[outcome], elapsed_s, uptime_s))


def _signed(counter: int | None) -> int | None:
    return counter - 2**64 if counter is not None and counter >= 2**63 else counter


def _unsigned(stored: int | None) -> int | None:
    return stored & _MASK if stored is not None else None
