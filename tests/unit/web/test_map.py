"""Labels that can be read: on each sheet none covers another or a symbol."""

import itertools

import pytest

from netmon.api.status import StatusReader
from netmon.web import map as schematic
from netmon.web.map import LETTER, LINE, SYMBOL, Box, Node, Sheet
from tests.seeded_province import SeededProvince


def _box(node: Node, sheet: Sheet) -> Box:
    width = max(len(line) for line in node.lines) * sheet.font * LETTER
    left = node.label_x - {"start": 0.0, "middle": width / 2, "end": width}[node.anchor]
    top = node.label_y - sheet.font
    return Box(left, top, left + width, top + sheet.font * LINE * (len(node.lines) + 1))


@pytest.mark.parametrize("sheet", [schematic.WIDE, schematic.NARROW], ids=["wide", "narrow"])
def test_no_label_covers_another_or_a_symbol_or_leaves_the_sheet(province: SeededProvince, sheet: Sheet) -> None:
    status = StatusReader(province.registry, province.series, province.ledger, province.clock).province()
    drawn = schematic.draw(status, sheet)
    assert drawn is not None
    assert len(drawn.nodes) == 13
    boxes = {n.status.region.name: _box(n, sheet) for n in drawn.nodes}
    for (one, a), (other, b) in itertools.combinations(boxes.items(), 2):
        assert a.overlap(b) < 5, (one, other)
    for node in drawn.nodes:
        symbol = Box(node.x - SYMBOL, node.y - SYMBOL, node.x + SYMBOL, node.y + SYMBOL)
        covering = [name for name, box in boxes.items() if box.overlap(symbol) > 5]
        assert covering == [], node.status.region.name
        assert symbol.left >= 0
        assert symbol.right <= sheet.width
    for name, box in boxes.items():
        assert box.left > -3, name
        assert box.right < sheet.width + 3, name
