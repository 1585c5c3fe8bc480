"""The chart's geometry: what is known is drawn, what is not stays open."""

import re
from datetime import UTC, datetime, timedelta

from netmon.model.registry import Contract, Direction, Link
from netmon.signals.config import SaturationConfig
from netmon.store.ports import LinkSeries, SeriesPoint
from netmon.web.chart import NARROW, WIDE, ChartMaker
from netmon.web.words import Format, Words

START = datetime(2026, 11, 21, tzinfo=UTC)
MBPS = 1_000_000
CHANGED_AT = START + timedelta(minutes=30)
LINK = Link(
    "l", "d", "e", "72.01", contracts=(Contract(100 * MBPS, 50 * MBPS), Contract(200 * MBPS, 50 * MBPS, CHANGED_AT))
)


def _maker(rates: list[int | None], link: Link = LINK) -> ChartMaker:
    points = tuple(
        SeriesPoint(START + timedelta(minutes=i), 0.0 if rate is None else 1.0, rate, rate, rate, rate)
        for i, rate in enumerate(rates)
    )
    end = START + timedelta(minutes=len(rates))
    form = Format(Words.load("id"), "Asia/Makassar")
    series = LinkSeries("l", START, end, 60, points)
    return ChartMaker(link, series, (), SaturationConfig(), form, {}, "tanpa data", timedelta(minutes=2), end)


def test_lesson_18_a_gap_breaks_the_line_and_is_marked() -> None:
    chart = _maker([10 * MBPS] * 20 + [None] * 20 + [10 * MBPS] * 20).draw(WIDE)
    down = chart.panels[0]
    assert down.line.count("M") == 2
    assert len(chart.gaps) == 1
    third = WIDE.plot_width / 3
    assert abs(chart.gaps[0].x - (WIDE.left + third)) < 0.2
    assert abs(chart.gaps[0].width - third) < 0.2
    in_gap = [float(x) for x in re.findall(r"[ML](\S+) ", down.line) if third < float(x) - WIDE.left < 2 * third]
    assert in_gap == []


def test_a_single_sample_between_gaps_is_still_seen() -> None:
    chart = _maker([None] * 10 + [10 * MBPS] + [None] * 10).draw(NARROW)
    assert re.fullmatch(r"M\S+ \S+L\S+ \S+", chart.panels[0].line)


def test_data_still_on_its_way_is_no_gap() -> None:
    assert _maker([MBPS] * 58 + [None] * 2).draw(WIDE).gaps == ()
    assert len(_maker([MBPS] * 50 + [None] * 10).draw(WIDE).gaps) == 1


def test_history_is_drawn_against_the_contract_then_in_force() -> None:
    down, up = _maker([10 * MBPS] * 60).draw(WIDE).panels
    assert (down.direction, up.direction) == (Direction.DOWN, Direction.UP)
    steps = re.findall(r"M([\d.]+) ([\d.]+)H([\d.]+)", down.contract)
    assert len(steps) == 2
    assert float(steps[0][1]) > float(steps[1][1])
    assert float(steps[0][2]) == float(steps[1][0]) == WIDE.left + WIDE.plot_width / 2
    assert down.contract_label is not None
    assert down.contract_label.label == "200 Mbps"
    assert len({y for _, y, _ in re.findall(r"M([\d.]+) ([\d.]+)H([\d.]+)", up.contract)}) == 1


def test_the_contract_is_on_the_chart_even_when_traffic_is_small() -> None:
    down = _maker([1000] * 60).draw(WIDE).panels[0]
    assert down.contract_label is not None
    assert down.top <= down.contract_label.at < down.bottom


def test_without_a_contract_there_is_no_line_to_measure_by() -> None:
    down = _maker([10 * MBPS] * 60, Link("l", "d", "e", "72.01")).draw(WIDE).panels[0]
    assert (down.contract, down.contract_label, down.warning) == ("", None, "")
