"""Line charts as SVG text, for pages that must work alone: no script, no font, no library.

Colours are CSS variables of the page (`--ink`, `--faint`, `--line`, `--c0` … `--c7`), so a chart
follows the page's light or dark. Lines differ by dashes and marks too, not by colour alone.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = Sequence[float] | NDArray[np.float64]

COLOURS = 8
"""How many lines look different."""

_WIDTH, _HEIGHT = 340, 236
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 10, 10, 40
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 2", "1 2", "12 3", "6 2 1 2")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """One line of a chart; NaN leaves a gap."""

    name: str
    x: Numbers
    y: Numbers
    look: int | None = None
    """Which colour and dashes; None is the ink of the text, for what was observed."""
    low: Numbers | None = None
    """Lower edge of a band about the line."""
    high: Numbers | None = None
    has_marks: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One axis."""

    label: str
    low: float
    high: float
    is_log: bool = False
    ticks: tuple[float, ...] = ()
    """Where numbers stand; none lets the chart choose."""

    def share(self, value: float) -> float:
        """Returns how far along a value lies, 0..1; NaN where it has no place."""
        if not self.is_log:
            return (value - self.low) / (self.high - self.low)
        if value <= 0:
            return float("nan")
        return math.log(value / self.low) / math.log(self.high / self.low)

    def chosen_ticks(self) -> tuple[float, ...]:
        """Returns the ticks that are given, or round numbers within the axis."""
        if self.ticks:
            return self.ticks
        return _log_ticks(self.low, self.high) if self.is_log else _ticks(self.low, self.high)


def line_chart(
    lines: Sequence[Line], x: Axis, y: Axis, title: str, *, has_diagonal: bool = False
) -> str:
    """Returns a chart as `<svg>`, as wide as where it stands; `title` is for those who can't see.

    `has_diagonal` draws where x equals y. Values outside of the axes are cut off there.
    """
    parts = [
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">'
        f"<title>{html.escape(title)}</title>",
        *_grid(x, y),
    ]
    if has_diagonal:
        low, high = max(x.low, y.low), min(x.high, y.high)
        parts.append(
            f'<line class="diagonal" x1="{_px(x, low)}" y1="{_py(y, low)}" '
            f'x2="{_px(x, high)}" y2="{_py(y, high)}"/>'
        )
    parts += [_band(one, x, y) for one in lines if one.low is not None]
    parts += [_line(one, x, y) for one in lines]
    return "".join([*parts, "</svg>"])


def legend(names: Sequence[tuple[str, int | None]]) -> str:
    """Returns names with a sample of their lines, as HTML."""
    shown = [
        f'<span><svg viewBox="0 0 34 10" aria-hidden="true"><path {_look(look)} d="M1 5H33"/>'
        f"{_mark(look, 17, 5)}</svg>{html.escape(name)}</span>"
        for name, look in names
    ]
    return f'<p class="legend">{"".join(shown)}</p>'


def _grid(x: Axis, y: Axis) -> list[str]:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = []
    for value in x.chosen_ticks():
        place = _px(x, value)
        parts.append(f'<line class="grid" x1="{place}" y1="{_TOP}" x2="{place}" y2="{bottom}"/>')
        parts.append(
            f'<text x="{place}" y="{bottom + 15}" text-anchor="middle">{_number(value)}</text>'
        )
    for value in y.chosen_ticks():
        place = _py(y, value)
        parts.append(f'<line class="grid" x1="{_LEFT}" y1="{place}" x2="{right}" y2="{place}"/>')
        parts.append(
            f'<text x="{_LEFT - 5}" y="{place + 4}" text-anchor="end">{_number(value)}</text>'
        )
    middle_x, middle_y = (_LEFT + right) / 2, (_TOP + bottom) / 2
    parts.append(
        f'<text class="axis" x="{middle_x:g}" y="{_HEIGHT - 6}" text-anchor="middle">'
        f"{html.escape(x.label)}</text>"
    )
    parts.append(
        f'<text class="axis" transform="translate(11 {middle_y:g}) rotate(-90)" '
        f'text-anchor="middle">{html.escape(y.label)}</text>'
    )
    return parts


def _line(one: Line, x: Axis, y: Axis) -> str:
    places = [(_px(x, a), _py(y, b)) for a, b in zip(one.x, one.y, strict=True)]
    path, is_down = [], False
    for a, b in places:
        if math.isnan(a) or math.isnan(b):
            is_down = False
            continue
        path.append(f"{'L' if is_down else 'M'}{a:g} {b:g}")
        is_down = True
    marks = ""
    if one.has_marks:
        marks = "".join(
            f"<g><title>{html.escape(one.name)}: {_number(u)} → {v:.3g}</title>"
            f"{_mark(one.look, a, b)}</g>"
            for (a, b), u, v in zip(places, one.x, one.y, strict=True)
            if not (math.isnan(a) or math.isnan(b))
        )
    return f'<path {_look(one.look)} d="{"".join(path)}"/>{marks}' if path else ""


def _band(one: Line, x: Axis, y: Axis) -> str:
    assert one.low is not None
    assert one.high is not None
    edges = [
        (_px(x, a), _py(y, low), _py(y, high))
        for a, low, high in zip(one.x, one.low, one.high, strict=True)
        if math.isfinite(low) and math.isfinite(high)
    ]
    if len(edges) < 2:
        return ""
    points = [(a, high) for a, _, high in edges] + [(a, low) for a, low, _ in reversed(edges)]
    colour = "var(--ink)" if one.look is None else f"var(--c{one.look % COLOURS})"
    shown = " ".join(f"{a:g},{b:g}" for a, b in points)
    return f'<polygon class="band" fill="{colour}" points="{shown}"/>'


def _look(look: int | None) -> str:
    if look is None:
        return 'class="line" stroke="var(--ink)"'
    dash = _DASHES[look % COLOURS]
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'class="line" stroke="var(--c{look % COLOURS})"{dashes}'


def _mark(look: int | None, x: float, y: float) -> str:
    if look is None:
        return ""
    fill = f'fill="var(--c{look % COLOURS})"'
    kind = look % 4
    if kind == 0:
        return f'<circle {fill} cx="{x:g}" cy="{y:g}" r="3"/>'
    if kind == 1:
        return f'<rect {fill} x="{x - 2.8:g}" y="{y - 2.8:g}" width="5.6" height="5.6"/>'
    if kind == 2:
        return f'<path {fill} d="M{x:g} {y - 3.8:g}l3.6 6.4h-7.2z"/>'
    return f'<path {fill} d="M{x:g} {y - 4:g}l4 4-4 4-4-4z"/>'


def _px(axis: Axis, value: float) -> float:
    return round(_LEFT + _clipped(axis.share(value)) * (_WIDTH - _LEFT - _RIGHT), 1)


def _py(axis: Axis, value: float) -> float:
    return round(_HEIGHT - _BOTTOM - _clipped(axis.share(value)) * (_HEIGHT - _TOP - _BOTTOM), 1)


def _clipped(share: float) -> float:
    return share if math.isnan(share) else min(1.0, max(0.0, share))


def _ticks(low: float, high: float) -> tuple[float, ...]:
    """Returns about five round numbers.

    >>> _ticks(0, 1)
    (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    """
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(one * power for one in (1, 2, 5, 10) if one * power >= rough * 0.99)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(round(one * step, 12) for one in range(first, last + 1))


def _log_ticks(low: float, high: float) -> tuple[float, ...]:
    """Returns powers of ten, with 2 and 5 between them where there are few.

    >>> _log_ticks(1, 100)
    (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
    """
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    span = math.log10(high / low)
    steps = (1, 2, 5) if span <= 2.5 else (1,)
    apart = 1 if span <= 6 else 2
    ticks = [round(one * 10.0**decade, 12) for decade in decades[::apart] for one in steps]
    return tuple(one for one in ticks if low * 0.999 <= one <= high * 1.001)


def _number(value: float) -> str:
    if value and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")
    return f"{value:.4g}"
