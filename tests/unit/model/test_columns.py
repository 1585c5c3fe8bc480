"""Rows as columns and back: nothing is lost, and absence stays absence."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netmon.model.columns import RATED, READ, READING, SAMPLE, InterfaceRows, LinkSamples
from netmon.model.poll import InterfaceRow, InterfaceStatus
from netmon.model.sample import Flag, LinkSample

_U64 = st.none() | st.integers(0, 2**64 - 1)
_U32 = st.none() | st.integers(0, 2**32 - 1)
_STATUS = st.none() | st.sampled_from(InterfaceStatus)
_ROWS = st.builds(
    InterfaceRow,
    if_index=st.integers(1, 2**31 - 1),
    if_name=st.text(min_size=1, max_size=8),
    arrived_s=st.floats(0, 1e6),
    if_descr=st.none() | st.text(max_size=8),
    if_type=_U32,
    admin_status=_STATUS,
    oper_status=_STATUS,
    speed_bps=_U64,
    in_octets=_U64,
    out_octets=_U64,
    in_errors=_U32,
    out_errors=_U32,
    in_discards=_U32,
    out_discards=_U32,
    counter_bits=st.sampled_from((None, 32, 64)),
    discontinuity_ticks=_U32,
)
_SAMPLES = st.builds(
    LinkSample,
    link_id=st.text(min_size=1, max_size=8),
    tick=st.integers(0, 2**40),
    at=st.datetimes(datetime(2020, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    interval_s=st.none() | st.floats(0.5, 1e6),
    down_bps=_U64,
    up_octets=_U64,
    down_counter=_U64,
    in_errors=_U32,
    out_discards=_U32,
    admin_status=_STATUS,
    oper_status=_STATUS,
    speed_bps=_U64,
    flags=st.sampled_from(Flag),
)


@given(st.lists(_ROWS, max_size=4))
def test_interface_rows_come_back_as_they_were(rows: list[InterfaceRow]) -> None:
    columns = InterfaceRows.of(rows)
    assert columns == tuple(rows)
    assert len(columns) == len(rows)


@given(st.lists(_SAMPLES, max_size=4))
def test_lesson_14_samples_come_back_as_they_were_counters_beyond_2_to_the_53_too(samples: list[LinkSample]) -> None:
    columns = LinkSamples.of(samples)
    assert columns == tuple(samples)
    assert LinkSamples.joined([columns, columns]) == (*samples, *samples)


def test_a_figure_without_its_bit_is_void() -> None:
    columns = LinkSamples.of([LinkSample("a", 0, datetime(2026, 1, 1, tzinfo=UTC), down_bps=5)])
    columns.figures["up_bps"] = 7
    assert columns[0].up_bps is None
    assert columns[0].down_bps == 5


def test_every_figure_of_a_row_has_its_column() -> None:
    row = InterfaceRow(1, "eth0", 0.0)
    assert set(READ) < set(READING.names or ())
    assert all(hasattr(row, name) for name in READ)
    sample = LinkSample("a", 0, datetime(2026, 1, 1, tzinfo=UTC))
    assert set(RATED) < set(SAMPLE.names or ())
    assert all(hasattr(sample, name) for name in RATED)


def test_slices_are_rows_and_a_changed_row_is_unequal() -> None:
    rows = [InterfaceRow(n, f"eth{n}", 1.0, in_octets=n) for n in range(1, 4)]
    columns = InterfaceRows.of(rows)
    assert columns[1:] == tuple(rows[1:])
    assert columns[-1] == rows[-1]
    assert columns != (*rows[:2], replace(rows[2], in_octets=99))
    assert InterfaceRows.of(columns) is columns
    assert LinkSamples.joined([]).figures.dtype == np.dtype(SAMPLE)
