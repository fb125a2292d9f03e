"""Draws maps of rain: colours in steps, legend, title, coordinates, scale, what is not known."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.drawing.graticule import graticule_of
from flowlace.drawing.map_place import MapPlace
from flowlace.drawing.rain_colours import (
    DRY,
    HATCH_INFLOW,
    HATCH_UNKNOWN,
    INFLOW,
    UNKNOWN,
    Colour,
    ColourSteps,
)
from flowlace.formats.nowcast import Coverage, coverage_of

Pixels = NDArray[np.uint8]

_LEFT, _TOP, _RIGHT, _BOTTOM = 44, 48, 12, 78
_LEAST_WIDTH = 520
_PAPER: Colour = (255, 255, 255)
_INK: Colour = (30, 30, 30)
_FAINT: Colour = (105, 105, 105)
_LINE: Colour = (128, 128, 128)
_HATCH_PX = 8
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_SWATCH = (16, 11)
_STEP_PX = 34


class RainMap:
    """Draws what lies on one grid; everything that stays the same is drawn once.

    Args:
        place: the grid on the map.
        colours: of the values.
    """

    def __init__(self, place: MapPlace, colours: ColourSteps) -> None:
        self.place = place
        self._colours = colours
        self._table = colours.table()
        self._graticule = graticule_of(place)
        self._hatches = _hatches(place.height, place.width)
        self._blank = self._drawn_blank()

    def draw(
        self,
        values: NDArray[np.float32],
        observed: NDArray[np.float32] | None,
        title: str,
        subtitle: str,
    ) -> Pixels:
        """Returns `[y, x, rgb]`.

        Args:
            values: `[y, x]` of the map (see `MapPlace.on_map`), NaN where nothing is known.
            observed: the observation it starts from, likewise; what is known in it and not in the
                values is inflow. None where there is none.
            title: first line, ASCII.
            subtitle: second line, smaller.
        """
        picture = self._blank.copy()
        chart = picture[_TOP : _TOP + self.place.height, _LEFT : _LEFT + self.place.width]
        chart[...] = self._table[self._colours.classes(values)]
        self._cover(chart, coverage_of(values, observed))
        for line in self._graticule.lines:
            cv2.polylines(chart, [np.round(line).astype(np.int32)], False, _LINE, 1, cv2.LINE_8)
        self._draw_scale(chart)
        cv2.rectangle(chart, (0, 0), (chart.shape[1] - 1, chart.shape[0] - 1), _INK, 1)
        _write(picture, title, (8, 20), 0.5, _INK)
        _write(picture, subtitle, (8, 38), 0.38, _FAINT)
        return picture

    def _cover(self, chart: Pixels, coverage: NDArray[np.uint8]) -> None:
        for kind, pattern in self._hatches.items():
            is_it = coverage == kind
            if is_it.any():
                chart[is_it] = pattern[is_it]

    def _drawn_blank(self) -> Pixels:
        place = self.place
        width = max(_LEAST_WIDTH, _LEFT + place.width + _RIGHT)
        blank = np.full((_TOP + place.height + _BOTTOM, width, 3), _PAPER, np.uint8)
        bottom = _TOP + place.height
        for column, label in self._graticule.bottom_labels:
            _write(blank, label, (round(_LEFT + column), bottom + 14), 0.34, _FAINT, centred=True)
        for row, label in self._graticule.left_labels:
            _write(blank, label, (_LEFT // 2, round(_TOP + row) + 4), 0.34, _FAINT, centred=True)
        self._draw_legend(blank, bottom + 26)
        return blank

    def _draw_legend(self, picture: Pixels, top: int) -> None:
        across, down = _SWATCH
        for index, (step, colour) in enumerate(
            zip(self._colours.steps, self._colours.colours, strict=True)
        ):
            left = _LEFT + index * _STEP_PX
            cv2.rectangle(picture, (left, top), (left + _STEP_PX - 1, top + down), colour, -1)
            _write(picture, f"{step:g}", (left, top + down + 13), 0.34, _INK, centred=True)
        right = _LEFT + len(self._colours.steps) * _STEP_PX
        _write(picture, f"{self._colours.unit} or more", (right + 6, top + down), 0.36, _INK)
        left, top = _LEFT, top + down + 20
        patterns: dict[str, Colour | Coverage] = {
            f"under {self._colours.steps[0]:g}": DRY,
            "air from outside": Coverage.INFLOW,
            "no radar": Coverage.UNKNOWN,
        }
        for label, look in patterns.items():
            swatch = picture[top : top + down, left : left + across]
            swatch[...] = look if isinstance(look, tuple) else _hatches(down, across)[look]
            cv2.rectangle(picture, (left, top), (left + across, top + down), _FAINT, 1)
            _write(picture, label, (left + across + 6, top + down - 1), 0.36, _INK)
            left += across + 130

    def _draw_scale(self, chart: Pixels) -> None:
        """Draws a bar of a round number of kilometres, about a fifth of the chart."""
        if self.place.km_a_pixel is None:
            return
        longest = chart.shape[1] / 4 * self.place.km_a_pixel
        rounds = [base * 10.0**power for power in range(-2, 5) for base in (1, 2, 5)]
        km = max((one for one in rounds if one <= longest), default=rounds[0])
        length = round(km / self.place.km_a_pixel)
        bottom, right = chart.shape[0] - 8, chart.shape[1] - 8
        box = (right - max(length, 50) - 8, bottom - 20)
        cv2.rectangle(chart, box, (right + 3, bottom + 3), _PAPER, -1)
        cv2.rectangle(chart, (right - length, bottom - 4), (right, bottom - 1), _INK, -1)
        _write(chart, f"{km:g} km", (right - length // 2, bottom - 8), 0.36, _INK, centred=True)


def _hatches(height: int, width: int) -> dict[Coverage, Pixels]:
    """Returns the patterns of what is not known, `[y, x, rgb]`."""
    row, column = np.ogrid[:height, :width]
    falling, rising = (column - row) % _HATCH_PX == 0, (column + row) % _HATCH_PX == 0
    looks = {
        Coverage.UNKNOWN: (falling, UNKNOWN, HATCH_UNKNOWN),
        Coverage.INFLOW: (rising, INFLOW, HATCH_INFLOW),
    }
    return {
        kind: np.where(stripes[..., None], np.array(dark, np.uint8), np.array(light, np.uint8))
        for kind, (stripes, light, dark) in looks.items()
    }


def _write(
    picture: Pixels,
    text: str,
    place: tuple[int, int],
    size: float,
    colour: Colour,
    *,
    centred: bool = False,
) -> None:
    """Writes a line, smaller where it would not fit."""
    room = picture.shape[1] - place[0] - 4
    width = cv2.getTextSize(text, _FONT, size, 1)[0][0]
    if not centred and width > room > 0:
        size *= room / width
    left = place[0] - width // 2 if centred else place[0]
    cv2.putText(picture, text, (left, place[1]), _FONT, size, colour, 1, cv2.LINE_AA)
