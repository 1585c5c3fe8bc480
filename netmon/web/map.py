"""The schematic map: where the capitals lie, drawn apart where they are too close, with labels that do not collide."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from netmon.api.judgement import State, worst_first
from netmon.api.situation import LinkStatus, ProvinceStatus, RegionStatus


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the map is drawn on, in SVG units; phones get a smaller sheet, so that text stays readable."""

    width: int
    height: int
    font: int
    apart: int
    """Least distance between two symbols' centres."""
    margin_x: int
    margin_y: int
    wrap: int = 99
    """Names longer than this are broken at their spaces."""


WIDE = Sheet(width=720, height=560, font=13, apart=46, margin_x=84, margin_y=46)
NARROW = Sheet(width=340, height=400, font=11, apart=39, margin_x=60, margin_y=34, wrap=10)
BOW = 0.11
LETTER = 0.66
"""Width of a letter, generously, in font sizes: the fonts are the reader's own."""
LINE = 1.1
"""Height of a line in font sizes."""
SYMBOL = 11
"""Half a symbol's side."""


@dataclass(frozen=True, slots=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: "Box") -> float:
        """The common area."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, width) * max(0.0, height)


@dataclass(frozen=True, slots=True)
class Node:
    """A district's symbol with its label."""

    status: RegionStatus
    x: float
    y: float
    lines: tuple[str, ...] = ()
    """The name."""
    label_x: float = 0.0
    label_y: float = 0.0
    """Baseline of the first line."""
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class Edge:
    """All links between two districts, drawn as the worst of them: an arc, so that those behind one another show."""

    link: LinkStatus
    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def bend(self) -> tuple[float, float]:
        """The control point of the quadratic curve: to one side of the middle, by a share of the length."""
        return (
            round((self.x1 + self.x2) / 2 + BOW * (self.y2 - self.y1), 1),
            round((self.y1 + self.y2) / 2 - BOW * (self.x2 - self.x1), 1),
        )

    @property
    def state(self) -> State:
        return self.link.state


@dataclass(frozen=True, slots=True)
class Map:
    sheet: Sheet
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def draw(province: ProvinceStatus, sheet: Sheet) -> Map | None:
    """None where no district has a position."""
    placed = {code: r for code, r in province.regions.items() if r.region.position is not None and code.count(".") == 1}
    if not placed:
        return None
    places = _apart(_projected(placed, sheet), sheet)
    edges = _edges(province, places)
    nodes = [Node(placed[code], x, y, _lines(placed[code].region.name, sheet)) for code, (x, y) in places.items()]
    return Map(sheet, tuple(_labelled(nodes, edges, sheet)), tuple(edges))


def _projected(regions: Mapping[str, RegionStatus], sheet: Sheet) -> dict[str, tuple[float, float]]:
    """Latitude and longitude onto the sheet, filling it; at these latitudes a degree is a degree."""
    lats = {code: (r.region.position or (0, 0))[0] for code, r in regions.items()}
    lons = {code: (r.region.position or (0, 0))[1] for code, r in regions.items()}

    def spread(values: Mapping[str, float], low: float, high: float) -> dict[str, float]:
        least, most = min(values.values()), max(values.values())
        if most - least < 1e-6:
            return dict.fromkeys(values, (low + high) / 2)
        return {code: low + (value - least) / (most - least) * (high - low) for code, value in values.items()}

    xs = spread(lons, sheet.margin_x, sheet.width - sheet.margin_x)
    ys = spread(lats, sheet.height - sheet.margin_y, sheet.margin_y)
    return {code: (xs[code], ys[code]) for code in regions}


def _apart(places: dict[str, tuple[float, float]], sheet: Sheet) -> dict[str, tuple[float, float]]:
    """Push symbols that are too close away from each other, in equal parts, until they are not."""
    codes = sorted(places)
    for _ in range(80):
        moved = False
        for i, one in enumerate(codes):
            for other in codes[i + 1 :]:
                (x1, y1), (x2, y2) = places[one], places[other]
                distance = math.hypot(x2 - x1, y2 - y1)
                if distance >= sheet.apart - 0.5:
                    continue
                moved = True
                ux, uy = ((x2 - x1) / distance, (y2 - y1) / distance) if distance > 1e-6 else (1.0, 0.0)
                push = (sheet.apart - distance) / 2
                places[one] = _inside(x1 - ux * push, y1 - uy * push, sheet)
                places[other] = _inside(x2 + ux * push, y2 + uy * push, sheet)
        if not moved:
            break
    return {code: (round(x, 1), round(y, 1)) for code, (x, y) in places.items()}


def _inside(x: float, y: float, sheet: Sheet) -> tuple[float, float]:
    return (min(max(x, SYMBOL + 4), sheet.width - SYMBOL - 4), min(max(y, SYMBOL + 4), sheet.height - SYMBOL - 4))


def _edges(province: ProvinceStatus, places: Mapping[str, tuple[float, float]]) -> list[Edge]:
    worst: dict[tuple[str, str], LinkStatus] = {}
    for status in province.links.values():
        device = province.devices.get(status.link.device)
        here, there = district_of(device.device.region) if device else "", district_of(status.link.region)
        if here == there or here not in places or there not in places:
            continue
        pair = (min(here, there), max(here, there))
        known = worst.get(pair)
        if known is None or worst_first(status.state) < worst_first(known.state):
            worst[pair] = status
    drawn = sorted(worst.items(), key=lambda item: -worst_first(item[1].state))
    edges = []
    for (one, other), status in drawn:
        west, east = sorted((places[one], places[other]))
        edges.append(Edge(status, *west, *east))
    return edges


def district_of(code: str) -> str:
    """72.02.03 → 72.02"""
    return ".".join(code.split(".")[:2])


def _lines(name: str, sheet: Sheet) -> tuple[str, ...]:
    """A name broken at its middle space where it is too long for the sheet."""
    words = name.split()
    if len(name) <= sheet.wrap or len(words) < 2:
        return (name,)
    half = (len(words) + 1) // 2
    return " ".join(words[:half]), " ".join(words[half:])


def _labelled(nodes: Sequence[Node], edges: Sequence[Edge], sheet: Sheet) -> Iterable[Node]:
    """Give each label the place around its symbol where it covers least, and let all choose again until none moves."""
    symbols = [Box(n.x - SYMBOL, n.y - SYMBOL, n.x + SYMBOL, n.y + SYMBOL) for n in nodes]
    points = [point for edge in edges for point in _along(edge) for _ in range(1 if edge.state is State.OK else 4)]
    offers = [
        [(label, box, _standing_cost(box, symbols, points, sheet) + rank) for rank, (label, box) in enumerate(places)]
        for places in (_candidates(node, sheet) for node in nodes)
    ]
    chosen = [min(offer, key=lambda o: o[2]) for offer in offers]
    for _ in range(12):
        before = list(chosen)
        for i, offer in enumerate(offers):
            others = [box for j, (_, box, _) in enumerate(chosen) if j != i]
            chosen[i] = min(offer, key=lambda o: o[2] + 20 * sum(o[1].overlap(box) for box in others))
        if chosen == before:
            break
    return (label for label, _, _ in chosen)


def _candidates(node: Node, sheet: Sheet) -> Iterable[tuple[Node, Box]]:
    """Right, left, below, above, then the corners, then askew: each a label of the name's lines and a figure."""
    width = max(*(len(line) * sheet.font * LETTER for line in node.lines), sheet.font * 3)
    height = sheet.font * (0.2 + LINE * (len(node.lines) + 1))
    gap = SYMBOL + 5
    middle = node.y - height / 2
    places = (
        (node.x + gap, middle, "start"),
        (node.x - gap, middle, "end"),
        (node.x, node.y + gap - 2, "middle"),
        (node.x, node.y - gap - height + 2, "middle"),
        (node.x + gap - 5, node.y + 6, "start"),
        (node.x + gap - 5, node.y - height - 6, "start"),
        (node.x - gap + 5, node.y + 6, "end"),
        (node.x - gap + 5, node.y - height - 6, "end"),
        (node.x + 4, node.y + gap - 2, "start"),
        (node.x - 4, node.y + gap - 2, "end"),
        (node.x + 4, node.y - gap - height + 2, "start"),
        (node.x - 4, node.y - gap - height + 2, "end"),
    )
    for x, top, anchor in places:
        left = x - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        label = replace(node, label_x=round(x, 1), label_y=round(top + sheet.font, 1), anchor=anchor)
        yield label, Box(left, top, left + width, top + height)


def _standing_cost(box: Box, symbols: Iterable[Box], points: Iterable[tuple[float, float]], sheet: Sheet) -> float:
    """What a place costs whatever the other labels do: off the sheet, on a symbol, across a link."""
    outside = max(0.0, -box.left, box.right - sheet.width, -box.top, box.bottom - sheet.height)
    covered = sum(box.overlap(symbol) for symbol in symbols)
    crossed = sum(box.left < x < box.right and box.top < y < box.bottom for x, y in points)
    return 1000 * outside + 20 * covered + 8 * crossed


def _along(edge: Edge) -> Iterable[tuple[float, float]]:
    """Points on an edge, some 8 units apart."""
    steps = max(2, int(math.hypot(edge.x2 - edge.x1, edge.y2 - edge.y1) / 8))
    bend_x, bend_y = edge.bend
    for t in (i / steps for i in range(steps + 1)):
        ours, theirs, bend = (1 - t) ** 2, t**2, 2 * t * (1 - t)
        yield ours * edge.x1 + bend * bend_x + theirs * edge.x2, ours * edge.y1 + bend * bend_y + theirs * edge.y2
