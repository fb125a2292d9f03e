import re

import pytest

from flowlace.drawing.line_chart import Axis, Line, legend, line_chart

UNIT = Axis(label="share", low=0, high=1)
SCALE = Axis(label="scale, km", low=1, high=100, is_log=True)


def points(chart: str) -> list[tuple[float, float]]:
    """Where the first line goes through, in the chart's own pixels."""
    (path,) = re.findall(r'<path class="line"[^>]* d="([^"]*)"', chart)[:1]
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", path)]


def test_a_line_goes_from_corner_to_corner() -> None:
    (first, last) = points(line_chart([Line(name="a", x=[0, 1], y=[0, 1])], UNIT, UNIT, "t"))
    assert first == (56, 196)
    assert last == (330, 10)


def test_a_logarithmic_axis_gives_each_decade_the_same_room() -> None:
    chart = line_chart([Line(name="a", x=[1, 10, 100], y=[0, 0, 0])], SCALE, UNIT, "t")
    (left, _), (middle, _), (right, _) = points(chart)
    assert middle == pytest.approx((left + right) / 2)


def test_nan_leaves_a_gap() -> None:
    line = Line(name="a", x=[0, 0.2, 0.4, 0.6, 0.8], y=[0, 0.1, float("nan"), 0.1, 0])
    chart = line_chart([line], UNIT, UNIT, "t")
    (path,) = re.findall(r'<path class="line"[^>]* d="([^"]*)"', chart)
    assert path.count("M") == 2
    assert "nan" not in chart


def test_values_outside_are_cut_off_at_the_edge() -> None:
    chart = line_chart([Line(name="a", x=[0, 1], y=[-3, 7])], UNIT, UNIT, "t")
    assert [y for _, y in points(chart)] == [196, 10]


def test_a_band_needs_two_points_with_an_interval() -> None:
    nan = float("nan")
    told = Line(name="a", x=[0, 1], y=[0.5, 0.5], low=[0.4, 0.4], high=[0.6, 0.6], look=1)
    untold = Line(name="a", x=[0, 1], y=[0.5, 0.5], low=[nan, 0.4], high=[nan, 0.6], look=1)
    assert "polygon" in line_chart([told], UNIT, UNIT, "t")
    assert "polygon" not in line_chart([untold], UNIT, UNIT, "t")


def test_names_can_not_break_out_of_the_page() -> None:
    line = Line(name="<script>", x=[0.5], y=[0.5], look=0)
    chart = line_chart([line], Axis(label="a & b", low=0, high=1), UNIT, "<t>")
    assert "<script>" not in chart + legend([("<script>", 0)])
    assert "a &amp; b" in chart


def test_lines_differ_by_more_than_colour() -> None:
    chart = line_chart([Line(name="a", x=[0, 1], y=[0, 1], look=1)], UNIT, UNIT, "t")
    other = line_chart([Line(name="a", x=[0, 1], y=[0, 1], look=2)], UNIT, UNIT, "t")
    assert re.findall("stroke-dasharray=[^>]*", chart) != re.findall(
        "stroke-dasharray=[^>]*", other
    )


@pytest.mark.parametrize("count", [0, 1])
def test_a_chart_of_nothing_has_its_axes(count: int) -> None:
    nothing = [Line(name="a", x=[], y=[], look=0)] * count
    assert "share</text>" in line_chart(nothing, UNIT, UNIT, "t")
