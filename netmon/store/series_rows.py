"""Samples as rows of the series files and back: enums by their MIB numbers, instants in microseconds, counters in
two's complement, since SQLite's integers are signed and a counter goes to 2^64 - 1 (lesson 14)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netmon.model.columns import FLAGS, RATED, STATUSES, LinkSamples
from netmon.model.instants import at_us, unix_us
from netmon.model.poll import Outcome
from netmon.model.sample import DeviceSample, LinkSample
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

# Statuses by their numbers of RFC 2863; an outcome's number is ours. Never renumber: files stay.
_OUTCOMES = (
    Outcome.COMPLETE,
    Outcome.PARTIAL,
    Outcome.TIMEOUT,
    Outcome.REFUSED,
    Outcome.UNREACHABLE,
    Outcome.MALFORMED,
)
_OUTCOME_NUMBER = {outcome: number for number, outcome in enumerate(_OUTCOMES)}
_MASK = 2**64 - 1
_ROWS_AT_ONCE = 4_000
_TWOS_COMPLEMENT = ("down_counter", "up_counter")
_LINK_COLUMNS = (
    "at_us", "interval_s", "down_bps", "up_bps", "down_octets", "up_octets", "down_counter", "up_counter",
    "in_errors", "out_errors", "in_discards", "out_discards", "admin_status", "oper_status", "speed_bps", "flags",
)  # fmt: skip
"""Those of ``link_sample`` behind its key."""

_read_link: Callable[[tuple[Any, ...]], LinkSample] = row_reader(LinkSample)
_read_device: Callable[[tuple[Any, ...]], DeviceSample] = row_reader(DeviceSample)

Row = tuple[Any, ...]


def link_rows(links: LinkSamples, numbers: Mapping[str, int]) -> Iterator[Row]:
    """Rows of ``link_sample``, straight from the columns; ``numbers`` are the links' numbers within the file, by id."""
    for part in links.parts(_ROWS_AT_ONCE):
        n, figures = [numbers[link_id] for link_id in part.link_ids], part.figures
        columns = {name: figures[name].tolist() for name in ("tick", "at_us", "admin_status", "oper_status", "flags")}
        for bit, name in enumerate(RATED):
            figure = figures[name].astype("<i8") if name in _TWOS_COMPLEMENT else figures[name]
            columns[name] = _or_none(figure, (figures["said"] >> bit & 1).astype(bool))
        yield from zip(columns["tick"], n, *(columns[name] for name in _LINK_COLUMNS), strict=True)


def _or_none(figure: NDArray[Any], said: NDArray[np.bool_]) -> list[Any]:
    """A column as Python's numbers, None where nothing was said."""
    if not said.all():
        figure = figure.astype(object)
        figure[~said] = None
    column: list[Any] = figure.tolist()
    return column


def link_sample(link_id: str, row: Row) -> LinkSample:
    """The sample that a row of ``link_sample`` was made from."""
    tick, _, us, *figures, down_counter, up_counter, in_e, out_e, in_d, out_d, admin, oper, speed_bps, flags = row
    return _read_link((
        link_id, tick, at_us(us), *figures, _unsigned(down_counter), _unsigned(up_counter), in_e, out_e, in_d, out_d,
        STATUSES[admin], STATUSES[oper], speed_bps, FLAGS[flags],
    ))  # fmt: skip


def device_row(s: DeviceSample, n: int) -> Row:
    return (s.tick, n, unix_us(s.at), _OUTCOME_NUMBER[s.outcome], s.elapsed_s, s.uptime_s)


def device_sample(device_id: str, row: Row) -> DeviceSample:
    tick, _, us, outcome, elapsed_s, uptime_s = row
    return _read_device((device_id, tick, at_us(us), _OUTCOMES[outcome], elapsed_s, uptime_s))


def _unsigned(stored: int | None) -> int | None:
    return stored & _MASK if stored is not None else None
