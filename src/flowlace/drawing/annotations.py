"""Draws render data on pixels with OpenCV."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.formats.render_data import (
    Arrow,
    Color,
    FilledRectangle,
    Line,
    LineType,
    Oval,
    Point,
    Rectangle,
    RenderAnnotation,
    RenderData,
    Text,
)

Pixels = NDArray[np.uint8]

_SHIFT = 4
"""Fractional bits of coordinates: a sixteenth of a pixel, so slow motion does not jump."""
_DASHES = 8
_TEXT_LINE_PX = 22.0
"""Height of OpenCV's simplex letters at scale 1."""


def draw_annotations(pixels: Pixels, layers: Iterable[RenderData]) -> None:
    """Draws on `[y, x, rgb(a)]` pixels in place, layer by layer.

    Coordinates that are no finite numbers, and shapes far outside, are left out.
    """
    for layer in layers:
        for annotation in layer.annotations:
            _DRAWERS[type(annotation.data)](pixels, annotation.data, annotation)


def _scale(pixels: Pixels, is_normalized: bool) -> tuple[float, float]:
    return (pixels.shape[1], pixels.shape[0]) if is_normalized else (1.0, 1.0)


def _color(color: Color) -> tuple[int, ...]:
    return (*color.as_tuple(), 255)


def _thickness(annotation: RenderAnnotation) -> int:
    return max(1, round(annotation.thickness))


def _fixed(points: Iterable[tuple[float, float]], pixels: Pixels) -> NDArray[np.int32] | None:
    """Returns points in sixteenths of a pixel; None where they can't be drawn."""
    array = np.array(list(points), np.float64)
    reach = 8 * max(pixels.shape[:2])
    if not np.isfinite(array).all() or np.abs(array).max() > reach:
        return None
    return np.asarray(np.round(array * 2**_SHIFT), np.int32)


def _corners(rectangle: Rectangle, pixels: Pixels) -> list[tuple[float, float]]:
    sx, sy = _scale(pixels, rectangle.normalized)
    left, right = rectangle.left * sx, rectangle.right * sx
    top, bottom = rectangle.top * sy, rectangle.bottom * sy
    x, y = (left + right) / 2, (top + bottom) / 2
    cos, sin = math.cos(rectangle.rotation), math.sin(rectangle.rotation)
    around = ((left, top), (right, top), (right, bottom), (left, bottom))
    return [
        (x + cos * (u - x) - sin * (v - y), y + sin * (u - x) + cos * (v - y)) for u, v in around
    ]


def _draw_rectangle(pixels: Pixels, shape: Rectangle, annotation: RenderAnnotation) -> None:
    corners = _fixed(_corners(shape, pixels), pixels)
    if corners is None:
        return
    color, thickness = _color(annotation.color), _thickness(annotation)
    cv2.polylines(pixels, [corners], True, color, thickness, cv2.LINE_AA, _SHIFT)
    if shape.top_left_thickness > 0:
        radius = round(shape.top_left_thickness * 2**_SHIFT)
        cv2.circle(pixels, corners[0].tolist(), radius, color, -1, cv2.LINE_AA, _SHIFT)


def _draw_filled(pixels: Pixels, shape: FilledRectangle, annotation: RenderAnnotation) -> None:
    corners = _fixed(_corners(shape.rectangle, pixels), pixels)
    if corners is not None:
        fill = shape.fill_color or annotation.color
        cv2.fillPoly(pixels, [corners], _color(fill), cv2.LINE_AA, _SHIFT)
        _draw_rectangle(pixels, shape.rectangle, annotation)


def _draw_oval(pixels: Pixels, shape: Oval, annotation: RenderAnnotation) -> None:
    rectangle = shape.rectangle
    sx, sy = _scale(pixels, rectangle.normalized)
    center = (
        (rectangle.left + rectangle.right) / 2 * sx,
        (rectangle.top + rectangle.bottom) / 2 * sy,
    )
    axes = (
        abs(rectangle.right - rectangle.left) / 2 * sx,
        abs(rectangle.bottom - rectangle.top) / 2 * sy,
    )
    fixed = _fixed((center, axes), pixels)
    if fixed is not None:
        cv2.ellipse(
            pixels, fixed[0].tolist(), fixed[1].tolist(), math.degrees(rectangle.rotation), 0, 360,
            _color(annotation.color), _thickness(annotation), cv2.LINE_AA, _SHIFT,
        )  # fmt: skip


def _draw_point(pixels: Pixels, shape: Point, annotation: RenderAnnotation) -> None:
    sx, sy = _scale(pixels, shape.normalized)
    fixed = _fixed(((shape.x * sx, shape.y * sy),), pixels)
    if fixed is not None:
        radius = round(annotation.thickness * 2**_SHIFT)
        color = _color(annotation.color)
        cv2.circle(pixels, fixed[0].tolist(), radius, color, -1, cv2.LINE_AA, _SHIFT)


def _ends(pixels: Pixels, shape: Line | Arrow) -> list[tuple[float, float]]:
    sx, sy = _scale(pixels, shape.normalized)
    return [(shape.x_start * sx, shape.y_start * sy), (shape.x_end * sx, shape.y_end * sy)]


def _draw_line(pixels: Pixels, shape: Line, annotation: RenderAnnotation) -> None:
    fixed = _fixed(_ends(pixels, shape), pixels)
    if fixed is None:
        return
    pieces = np.linspace(fixed[0], fixed[1], 2 * _DASHES).round().astype(np.int32)
    is_dashed = shape.line_type is LineType.DASHED
    lines = list(pieces.reshape(_DASHES, 2, 2)) if is_dashed else [fixed]
    color, thickness = _color(annotation.color), _thickness(annotation)
    cv2.polylines(pixels, lines, False, color, thickness, cv2.LINE_AA, _SHIFT)


def _draw_arrow(pixels: Pixels, shape: Arrow, annotation: RenderAnnotation) -> None:
    fixed = _fixed(_ends(pixels, shape), pixels)
    if fixed is not None:
        cv2.arrowedLine(
            pixels, fixed[0].tolist(), fixed[1].tolist(), _color(annotation.color),
            _thickness(annotation), cv2.LINE_AA, _SHIFT, 0.25,
        )  # fmt: skip


def _draw_text(pixels: Pixels, shape: Text, annotation: RenderAnnotation) -> None:
    sx, sy = _scale(pixels, shape.normalized)
    if not (math.isfinite(shape.left) and math.isfinite(shape.baseline)):
        return
    size = shape.font_height * (sy if shape.normalized else 1.0) / _TEXT_LINE_PX
    thickness = _thickness(annotation)
    (width, height), _ = cv2.getTextSize(shape.display_text, shape.font_face, size, thickness)
    x = round(shape.left * sx - (width / 2 if shape.center_horizontally else 0))
    y = round(shape.baseline * sy + (height / 2 if shape.center_vertically else 0))
    if abs(x) < 2**15 and abs(y) < 2**15:
        color = _color(annotation.color)
        cv2.putText(
            pixels, shape.display_text, (x, y), shape.font_face, size, color, thickness,
            cv2.LINE_AA,
        )  # fmt: skip


_DRAWERS: dict[type, Callable[[Pixels, Any, RenderAnnotation], None]] = {
    Rectangle: _draw_rectangle,
    FilledRectangle: _draw_filled,
    Oval: _draw_oval,
    Point: _draw_point,
    Line: _draw_line,
    Arrow: _draw_arrow,
    Text: _draw_text,
}
