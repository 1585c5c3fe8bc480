"""A table read at once says what its rows say one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from collectors.tables import interfaces as if_mib
from collectors.tables.figures import kind_of, read_into
from collectors.tables.interfaces import Named, row
from netmon.model.columns import READING, InterfaceRows

OTHERS = [
    column.name
    for column in (
        *(if_mib.IN_ERRORS, if_mib.OUT_ERRORS, if_mib.IN_DISCARDS, if_mib.OUT_DISCARDS, if_mib.DISCONTINUITY),
        *(if_mib.ADMIN_STATUS, if_mib.OPER_STATUS, if_mib.HIGH_SPEED, if_mib.SPEED),
    )
]
OCTETS = [[column.name for column in pair] for pair in ((), if_mib.WIDE, if_mib.NARROW, if_mib.WIDE[:1])]
columns = st.tuples(st.sampled_from(OCTETS), st.lists(st.sampled_from(OTHERS), unique=True)).map(
    lambda two: two[0] + two[1]
)
plain = st.integers(0, 8) | st.integers(0, 2**32 - 1) | st.integers(0, 2**64 - 1)
odd = st.none() | st.binary(max_size=3) | st.integers(-3, 2**70) | st.text("05", max_size=2)


@given(columns, st.data())
def test_a_table_says_what_its_rows_say(names: list[str], data: st.DataObject) -> None:
    values = plain if data.draw(st.booleans()) else plain | odd
    raw = [[data.draw(values) for _ in names] for _ in range(data.draw(st.integers(1, 4)))]
    who = [Named(n, f"e{n}", "ifName", b"e%d" % n) for n, _ in enumerate(raw)]
    expected = [row(w, dict(zip(names, each, strict=True)), 0.0) for w, each in zip(who, raw, strict=True)]
    kind, table = kind_of(tuple(names)), np.zeros(len(raw), READING)
    if kind is None:
        assert len({*names} & {if_mib.HIGH_SPEED.name, if_mib.SPEED.name}) == 2 or names[:1] == OCTETS[3]
    elif read_into(table, kind, range(len(raw)), raw):
        assert InterfaceRows(InterfaceRows.of(expected).interfaces, table) == tuple(expected)
    else:
        assert any(
            if_mib.COLUMNS[name].syntax.read(v) is None for each in raw for name, v in zip(names, each, strict=True)
        )


def test_rows_of_two_kinds_stand_in_one_table() -> None:
    table = np.zeros(3, READING)
    wide, few = kind_of((*OCTETS[1], "ifHighSpeed")), kind_of(tuple(OCTETS[2]))
    assert wide is not None
    assert few is not None
    assert read_into(table, wide, [0, 2], [[1, 2**64 - 1, 1000], [3, 4, 0]])
    assert read_into(table, few, [1], [[5, 6]])
    rows = InterfaceRows.of([row(Named(n, f"e{n}", "ifName", b""), {}, 0.0) for n in range(3)]).interfaces
    found = [(r.in_octets, r.out_octets, r.counter_bits, r.speed_bps) for r in InterfaceRows(rows, table)]
    assert found == [(1, 2**64 - 1, 64, 1_000_000_000), (5, 6, 32, None), (3, 4, 64, None)]
